package vswitch

import (
	"strconv"

	"pollux/counter"
	"pollux/internal/metrics"
)

// Collect implements metrics.Source: every counter of the datapath, by port,
// thread and reason.
func (s *Switch) Collect(emit func(metrics.Sample)) {
	snap, err := s.Snapshot()
	if err != nil {
		return
	}
	for _, p := range s.portList() {
		emitPort(emit, p.Name, &snap.Ports[p.Datapath])
	}
	for i := range snap.Threads {
		emitThread(emit, strconv.Itoa(i), &snap.Threads[i])
	}
	for d, n := range snap.Drops {
		if d != int(counter.Forwarded) {
			emit(metrics.Sample{
				Name: "pollux_drops_total", Help: "Packets dropped, by reason.", Value: float64(n),
				Labels: []metrics.Label{{Name: "reason", Value: counter.Drop(d).String()}},
			})
		}
	}
}

func emitPort(emit func(metrics.Sample), name string, c *PortCounts) {
	labels := []metrics.Label{{Name: "port", Value: name}}
	for _, v := range []struct {
		name, help string
		value      uint64
	}{
		{"pollux_port_rx_packets_total", "Packets received.", c.RxPackets},
		{"pollux_port_rx_bytes_total", "Bytes received.", c.RxBytes},
		{"pollux_port_rx_dropped_total", "Packets received and dropped at once.", c.RxDropped},
		{"pollux_port_tx_packets_total", "Packets sent.", c.TxPackets},
		{"pollux_port_tx_bytes_total", "Bytes sent.", c.TxBytes},
		{"pollux_port_tx_dropped_total", "Packets that the port did not take.", c.TxDropped},
	} {
		emit(metrics.Sample{Name: v.name, Help: v.help, Value: float64(v.value), Labels: labels})
	}
}

func emitThread(emit func(metrics.Sample), id string, c *ThreadCounts) {
	labels := []metrics.Label{{Name: "thread", Value: id}}
	for _, v := range []struct {
		name, help string
		kind       metrics.Kind
		value      uint64
	}{
		{"pollux_thread_loops_total", "Turns of the polling loop.", metrics.Counter, c.Loops},
		{"pollux_thread_busy_cycles_total", "Cycles of turns that found packets.", metrics.Counter, c.BusyCycles},
		{"pollux_thread_idle_cycles_total", "Cycles of turns that found none.", metrics.Counter, c.IdleCycles},
		{"pollux_thread_first_cache_hits_total", "Packets found in the first cache.", metrics.Counter, c.FirstHits},
		{"pollux_thread_second_cache_hits_total", "Packets found in the second cache.", metrics.Counter, c.SecondHits},
		{"pollux_thread_classifier_hits_total", "Packets found in the classifier.", metrics.Counter, c.ClassifierHits},
		{"pollux_thread_misses_total", "Packets without a flow.", metrics.Counter, c.Misses},
		{"pollux_thread_upcalls_total", "Packets sent to the control process.", metrics.Counter, c.Upcalls},
		{"pollux_thread_lost_upcalls_total", "Packets that the control process should have had.", metrics.Counter, c.LostUpcalls},
		{"pollux_thread_flows", "Flows in the classifier.", metrics.Gauge, c.Flows},
		{"pollux_thread_masks", "Masks in the classifier.", metrics.Gauge, c.Masks},
		{"pollux_thread_free_frames", "Frames in the pool.", metrics.Gauge, c.FreeFrames},
		{"pollux_thread_worst_gap_nanoseconds", "Longest time between two polls.", metrics.Gauge, c.WorstGap},
	} {
		emit(metrics.Sample{Name: v.name, Help: v.help, Kind: v.kind, Value: float64(v.value), Labels: labels})
	}
}
