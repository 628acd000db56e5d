//go:build lab

package perf

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"pollux/internal/lab"
	"pollux/perf/netdev"
	"pollux/perf/report"
	"pollux/perf/traffic"
)

// Nothing is between the two ends here, so nothing may be missing:
//
//	generator --- a0 ==== b0 --- sink
//	 (:a)                         (:b)

// cable lays it and returns the jobs of both ends.
func cable(t *testing.T, args ...string) (generate, count job) {
	t.Helper()
	lab.Need(t)
	a, b := lab.NewNS(t, "a"), lab.NewNS(t, "b")
	for _, ns := range []*lab.NS{a, b} { // the kernel itself shall say nothing
		ns.Run(t, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
	}
	lab.Cable(t, a, "a0", b, "b0", args...)
	generate = job{Dev: netdev.Name{Netns: a.Name, Dev: "a0"}, CPU: -1, Mark: true}
	count = job{Dev: netdev.Name{Netns: b.Name, Dev: "b0"}, CPU: -1, Sink: true, Latency: true}
	return generate, count
}

func pairUp(t *testing.T, g, s job) (*report.Tx, *report.Rx) {
	t.Helper()
	tx, rx, err := runPair(t.Context(), startProcess, g, s, func(report.Tick) {})
	if err != nil {
		t.Fatal(err)
	}
	return tx, rx
}

// TestEverythingArrives sends fewer packets than the sink's rings hold, so that
// it does not matter how busy the machine is, with each generator to each sink:
// what one writes the other has to understand.
func TestEverythingArrives(t *testing.T) {
	const packets = 3000
	g, s := cable(t)
	for _, from := range []bool{false, true} {
		for _, to := range []bool{false, true} {
			for name, spec := range map[string]traffic.Spec{
				"one flow": {}, "flows": {Flows: 700, Dist: traffic.Zipf}, "imix": {Flows: 9, IMIX: true},
				"tagged six": {Flows: 5, VLAN: 9, IPv6: true}, "tcp": {Flows: 5, Proto: traffic.TCP, Size: 501},
			} {
				t.Run(fmt.Sprintf("kernel=%v to kernel=%v %s", from, to, name), func(t *testing.T) {
					g.Kernel, s.Kernel, g.Traffic, g.Count = from, to, spec, packets
					tx, rx := pairUp(t, g, s)
					if tx.Packets != packets || rx.Packets != packets || rx.Stamped != packets || tx.Bytes != rx.Bytes || tx.Dropped != 0 {
						t.Errorf("sent %d packets, %d bytes, %d refused; received %d, %d bytes, %d marked",
							tx.Packets, tx.Bytes, tx.Dropped, rx.Packets, rx.Bytes, rx.Stamped)
					}
					if rx.Gaps+rx.Reordered+rx.Duplicate+rx.Dropped != 0 || rx.Latency.Samples != packets || rx.Latency.Min <= 0 {
						t.Errorf("%+v", rx)
					}
				})
			}
		}
	}
}

// TestEveryPacketIsAccountedFor goes flat out: what the sink has no room for
// is counted.
func TestEveryPacketIsAccountedFor(t *testing.T) {
	g, s := cable(t)
	g.Duration = 500 * time.Millisecond
	tx, rx := pairUp(t, g, s)
	if tx.Packets == 0 || tx.Packets != rx.Packets+rx.Dropped+tx.Dropped {
		t.Errorf("sent %d, received %d, no room for %d, refused %d", tx.Packets, rx.Packets, rx.Dropped, tx.Dropped)
	}
	if rx.Stamped != rx.Packets || rx.Duplicate != 0 {
		t.Errorf("%+v", rx)
	}
	t.Log(report.Rate(report.Merge(tx, rx).RxPps))
}

func TestKernelPairFlatOut(t *testing.T) {
	g, s := cable(t)
	g.Kernel, s.Kernel, g.Duration = true, true, 500*time.Millisecond
	tx, rx := pairUp(t, g, s)
	if tx.Packets < 10000 || tx.Packets != rx.Packets+tx.Dropped || rx.Gaps != 0 {
		t.Errorf("sent %d, refused %d, received %d, gaps %d", tx.Packets, tx.Dropped, rx.Packets, rx.Gaps)
	}
	t.Log(report.Rate(report.Merge(tx, rx).RxPps))
}

// TestRefusalsShow: without a sink the other end takes no XDP frames.
func TestRefusalsShow(t *testing.T) {
	g, _ := cable(t)
	g.Kernel, g.Count = true, 1000
	c, err := startProcess(g)
	if err != nil {
		t.Fatal(err)
	}
	defer drain(c)
	for e := range c.events {
		if e.Tx != nil && (e.Tx.Packets != 1000 || e.Tx.Dropped != 1000) || e.Error != "" {
			t.Errorf("%+v %s", e.Tx, e.Error)
		}
		if e.Tx != nil {
			c.stop()
		}
	}
}

// TestTwoQueues: the sink binds all queues of a device.
func TestTwoQueues(t *testing.T) {
	g, s := cable(t, "numrxqueues", "2", "numtxqueues", "2")
	lab.Need(t, "ethtool")
	for _, d := range []netdev.Name{g.Dev, s.Dev} {
		if out, err := exec.Command("ip", "netns", "exec", d.Netns, "ethtool", "-L", d.Dev, "rx", "2", "tx", "2").CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	for queue := range 2 {
		g.Queue, g.Count = queue, 1000
		if tx, rx := pairUp(t, g, s); tx.Packets != 1000 || rx.Packets != 1000 {
			t.Errorf("queue %d: sent %d, received %d", queue, tx.Packets, rx.Packets)
		}
	}
}

// TestReplay sends a file as often as it takes; replayed packets get no marks.
func TestReplay(t *testing.T) {
	g, s := cable(t)
	path := filepath.Join(t.TempDir(), "udp6.pcap")
	p, err := traffic.KindPlan("udp6", 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	for _, kernel := range []bool{false, true} {
		g.Traffic, g.Count, g.Kernel = traffic.Spec{Pcap: path}, 1050, kernel
		if tx, rx := pairUp(t, g, s); tx.Packets != 1050 || rx.Packets != 1050 || rx.Bytes != 1050*78 || rx.Stamped != 0 {
			t.Errorf("kernel=%v: sent %d, received %d, %d bytes, %d marked", kernel, tx.Packets, rx.Packets, rx.Bytes, rx.Stamped)
		}
	}
}

// TestInterrupted: a run that would last an hour is ended, and its result is
// whole.
func TestInterrupted(t *testing.T) {
	for _, kernel := range []bool{false, true} {
		g, s := cable(t)
		g.Kernel, s.Kernel, g.Duration, g.Rate = kernel, kernel, time.Hour, 1000
		ctx, cancel := context.WithCancel(t.Context())
		tx, rx, err := runPair(ctx, startProcess, g, s, func(tick report.Tick) {
			if tick.Packets > 50 {
				cancel()
			}
		})
		if err != nil || tx.Packets <= 50 || tx.Packets != rx.Packets {
			t.Errorf("kernel=%v: %+v %+v %v", kernel, tx, rx, err)
		}
		cancel()
	}
}

// TestOrphansEnd: a worker whose parent is gone ends and leaves the device.
func TestOrphansEnd(t *testing.T) {
	g, s := cable(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "perf", "worker")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(text); err != nil {
		t.Fatal(err)
	}
	var first event
	if err := json.NewDecoder(out).Decode(&first); err != nil || !first.Ready {
		t.Errorf("%+v %v", first, err)
	}
	in.Close()
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	g.Count = 1
	if tx, rx := pairUp(t, g, s); tx.Packets != 1 || rx.Packets != 1 {
		t.Errorf("afterwards: sent %d, received %d", tx.Packets, rx.Packets)
	}
}
