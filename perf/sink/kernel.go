package sink

import (
	"context"
	"fmt"
	"math/bits"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pollux/internal/clock"
	"pollux/perf/netdev"
	"pollux/perf/report"
)

// The histogram of the kernel sink: a value below 32 ns has a slot of its own,
// above that every power of two has 32 slots, so a slot is at most 1/32 wide.
const (
	slotBits = 5
	slots    = (64 - slotBits + 1) << slotBits
)

// slotOf is the slot of a latency; the XDP program computes the same.
func slotOf(ns uint64) int {
	e := bits.Len64(ns|1) - 1
	if e < slotBits {
		return int(ns)
	}
	return (e-slotBits+1)<<slotBits | int(ns>>(e-slotBits)&(1<<slotBits-1))
}

// slotValue is the middle of a slot, in ns.
func slotValue(slot int) int64 {
	if slot < 1<<slotBits {
		return int64(slot)
	}
	shift := slot>>slotBits - 1
	low := int64(1<<slotBits|slot&(1<<slotBits-1)) << shift
	return low + int64(1)<<shift/2
}

// counters is what the program keeps for each CPU, as it lies in its map.
type counters struct {
	Packets   uint64
	Bytes     uint64
	Stamped   uint64
	Reordered uint64 // below a number that this CPU saw before
	Next      uint64 // above every sequence number seen
}

// kernel is a loaded and attached kernel sink.
type kernel struct {
	prog     *ebpf.Program
	counters *ebpf.Map
	latency  *ebpf.Map // per CPU and slot: packets
	link     link.Link
}

func (k *kernel) close() {
	if k.link != nil {
		k.link.Close()
	}
	for _, m := range []*ebpf.Map{k.counters, k.latency} {
		m.Close()
	}
	k.prog.Close()
}

func runKernel(ctx context.Context, c Config, d netdev.Device, ready func(), tick func(report.Tick)) (rx report.Rx, err error) {
	k, err := attach(d.Index, c.Latency)
	defer k.close()
	if err != nil {
		return rx, fmt.Errorf("open sink on %s: %w", d.Name, err)
	}
	ready()
	every := time.NewTicker(time.Duration(tickInterval))
	defer every.Stop()
	for running := true; running && err == nil; {
		err = k.look(&rx, tick)
		select {
		case <-every.C:
		case <-ctx.Done():
			running = false
		}
	}
	if err == nil {
		err = k.look(&rx, tick)
	}
	if err == nil {
		rx.Latency, err = k.latencies()
	}
	if err != nil {
		return rx, fmt.Errorf("read counters of the sink on %s: %w", d.Name, err)
	}
	return rx, nil
}

// attach loads the program and hangs it on the device by a BPF link, which
// goes when the process does. The result is to be closed even after an error.
func attach(ifindex int, latency bool) (k *kernel, err error) {
	k = &kernel{}
	if k.counters, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 40, MaxEntries: 1}); err != nil {
		return k, err
	}
	if k.latency, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: slots}); err != nil {
		return k, err
	}
	k.prog, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "pollux_sink", Type: ebpf.XDP, License: "GPL", Instructions: k.instructions(latency),
	})
	if err != nil {
		return k, err
	}
	k.link, err = link.AttachXDP(link.XDPOptions{Program: k.prog, Interface: ifindex})
	return k, err
}

// look adds up the counters of all CPUs.
func (k *kernel) look(rx *report.Rx, tick func(report.Tick)) error {
	var perCPU []counters
	if err := k.counters.Lookup(uint32(0), &perCPU); err != nil {
		return err
	}
	var sum counters
	for _, c := range perCPU {
		sum.Packets += c.Packets
		sum.Bytes += c.Bytes
		sum.Stamped += c.Stamped
		sum.Reordered += c.Reordered
		sum.Next = max(sum.Next, c.Next)
	}
	rx.Packets, rx.Bytes, rx.Stamped, rx.Reordered = sum.Packets, sum.Bytes, sum.Stamped, sum.Reordered
	rx.Gaps = sum.Next - min(sum.Next, sum.Stamped)
	t := report.Tick{At: int64(clock.System.Now()), Packets: sum.Packets, Bytes: sum.Bytes}
	rx.Ticks = append(rx.Ticks, t)
	tick(t)
	return nil
}

// latencies pours the slots of all CPUs into one histogram.
func (k *kernel) latencies() (report.Latency, error) {
	h := hdrhistogram.New(1, maxLatency, 3)
	for slot := range slots {
		var perCPU []uint64
		if err := k.latency.Lookup(uint32(slot), &perCPU); err != nil {
			return report.Latency{}, err
		}
		for _, n := range perCPU {
			_ = h.RecordValues(min(max(1, slotValue(slot)), maxLatency), int64(n)) // in bounds
		}
	}
	return summary(h), nil
}
