//go:build lab

package gen

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/cilium/ebpf"

	"pollux/perf/stamp"
	"pollux/perf/traffic"
)

const xdpRedirect = 4

// TestProgramWritesThePlan runs the XDP program by hand, one packet at a time,
// and compares what it makes of a frame with what the plan and package stamp
// say. Whoever runs it needs root.
func TestProgramWritesThePlan(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("loads XDP programs and needs root")
	}
	file := t.TempDir() + "/tcp4.pcap"
	if p, err := traffic.KindPlan("tcp4", 50); err != nil || p.WriteFile(file) != nil {
		t.Fatal(err)
	}
	for i, s := range []traffic.Spec{
		{}, {Flows: 300}, {Flows: 40, Dist: traffic.Zipf, IPv6: true, VLAN: 4}, {Flows: 7, IMIX: true}, {Flows: 3, Proto: traffic.TCP, Size: 1401}, {Pcap: file},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			plan, err := traffic.Build(s)
			if err != nil {
				t.Fatal(err)
			}
			p, err := loadProgram(plan, 1, false)
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			if err := p.control.Put(uint32(0), &control{Limit: math.MaxUint64}); err != nil {
				t.Fatal(err)
			}
			follow(t, plan, p)
		})
	}
}

// follow compares two rounds of the plan, or the beginning of them.
func follow(t *testing.T, plan *traffic.Plan, p *program) {
	template := make([]byte, plan.MaxLen())
	copy(template, plan.Frames[0])
	sent, total := uint64(0), uint64(0)
	for range min(2*len(plan.Order), 2000) {
		want := plan.Frames[plan.Order[int(sent)%len(plan.Order)]]
		run := ebpf.RunOptions{Data: template, DataOut: make([]byte, len(template)+64)}
		verdict, err := p.prog.Run(&run)
		if err != nil || verdict != xdpRedirect {
			t.Fatalf("packet %d: verdict %d, %v", sent, verdict, err)
		}
		got := run.DataOut
		if plan.Stamped {
			seq, ns, ok := stamp.Get(got)
			if !ok || seq != sent || ns <= 0 {
				t.Fatalf("packet %d: number %d, time %d, %v", sent, seq, ns, ok)
			}
			want = bytes.Clone(want)
			stamp.Put(want, seq, ns)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("packet %d:\n got %x\nwant %x", sent, got, want)
		}
		sent++
		total += uint64(len(want))
	}
	var st state
	if err := p.state.Lookup(uint32(0), &st); err != nil || st.Sent != sent || st.Bytes != total {
		t.Errorf("state %+v, %v, want %d packets and %d bytes", st, err, sent, total)
	}
}

// TestProgramStops: at its limit, when told to, and while nothing is due.
func TestProgramStops(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("loads XDP programs and needs root")
	}
	plan, err := traffic.Build(traffic.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := loadProgram(plan, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for name, c := range map[string]struct {
		ctl  control
		st   state
		sent bool
	}{
		"free":      {control{Limit: 5}, state{Sent: 4}, true},
		"at limit":  {control{Limit: 5}, state{Sent: 5}, false},
		"stopped":   {control{Limit: 5, Stop: 1}, state{}, false},
		"not due":   {control{Limit: 5, Interval: 1}, state{Next: math.MaxInt64}, false},
		"long due":  {control{Limit: 5, Interval: 1}, state{Next: 1}, true},
		"other one": {control{Limit: 5, Interval: 1 << 40}, state{Next: 1}, true},
	} {
		if err := p.control.Put(uint32(0), &c.ctl); err != nil {
			t.Fatal(err)
		}
		if err := p.state.Put(uint32(0), &c.st); err != nil {
			t.Fatal(err)
		}
		verdict, err := p.prog.Run(&ebpf.RunOptions{Data: plan.Frames[0]})
		if err != nil || (verdict == xdpRedirect) != c.sent {
			t.Errorf("%s: verdict %d, %v", name, verdict, err)
		}
	}
}
