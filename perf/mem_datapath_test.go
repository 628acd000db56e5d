package perf

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"pollux/action"
	"pollux/dpif"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/packet"
	"pollux/pmd"
	"pollux/rxtx"
)

// datapath is a MemSwitch of a datapath alone, with the flow "port 1 to port 2" put by hand. Nobody
// answers upcalls.
type datapath struct {
	*pmd.Datapath
	region *dpif.Region
}

func (d *datapath) Counts() MemCounts { return ReadMemCounts(d.region) }
func (d *datapath) Start() error      { d.Datapath.Start(); return nil }

const datapathFrames = 512

func newDatapath(t *testing.T, o MemOptions, source, sink rxtx.Port) *datapath {
	t.Helper()
	memory, err := packet.NewMemory(make([]byte, datapathFrames*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	region, err := dpif.NewRegion(dpif.Layout{Threads: 1, Ports: 8, Flows: 64, Mail: 16, Execs: 16, Upcalls: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { region.Close() })
	ports := map[string]rxtx.Port{"source": source, "sink": sink}
	d := &datapath{region: region}
	d.Datapath, err = pmd.New(pmd.Config{
		Cores: []int{o.Core}, Memory: memory, Region: region, Clock: clock.System, Seed: 1, Wake: func() {},
		Open:         func(s dpif.PortSpec) (rxtx.Port, error) { return ports[s.Name], nil },
		FirstEntries: 256, SecondEntries: 1024, InverseProbability: 1, MaxMasks: 16, PortQuota: 8,
		Settings: dpif.Settings{Placement: string(pmd.RoundRobin)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var m flow.Match
	m.Key[flow.WordPort], m.Mask[flow.WordPort] = 1<<32, 0xffffffff<<32
	end := region.Thread(0).ControlEnd()
	if err := end.Records.Write([]uint32{1}, &dpif.FlowSpec{Key: m.Key, Mask: m.Mask, Actions: action.List{}.Output(2)}); err != nil {
		t.Fatal(err)
	}
	end.Mail.Put(dpif.Mail{Op: dpif.MailPut, ID: 1})
	d.Turn()
	for i, name := range []string{"source", "sink"} {
		if _, err := d.AddPort(dpif.PortSpec{Port: uint32(1 + i), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// watchDatapath runs `perf mem` on a datapath whose source is wrapped. Time is how far the
// polling thread got: a pause lasts until so many more packets have come in.
func watchDatapath(t *testing.T, wrap func(rxtx.Port) rxtx.Port) MemResult {
	t.Helper()
	var d *datapath
	var now clock.Manual
	pause := func(_ context.Context, length time.Duration) {
		for want := d.Counts().PacketsIn + 1000; d.Counts().PacketsIn < want; {
			runtime.Gosched()
		}
		now.Advance(length)
	}
	build := func(o MemOptions, source, sink rxtx.Port) (MemSwitch, error) {
		d = newDatapath(t, o, wrap(source), sink)
		return d, nil
	}
	r, err := shortMem().measure(context.Background(), build, now.Now, pause)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMemOnADatapath(t *testing.T) {
	r := watchDatapath(t, func(p rxtx.Port) rxtx.Port { return p })
	if r.PacketsIn < 1000 || r.FirstHits+r.SecondHits+r.ClassifierHits != 1 || r.Upcalls != 0 || !r.Settled {
		t.Errorf("%+v", r)
	}
	if r.CyclesPerPacket <= 0 || r.Busy < 0.5 || r.DatapathFlows != 1 || r.Masks != 1 {
		t.Errorf("%+v", r)
	}
	if r.Unaccounted != 0 || r.Drops != 0 {
		t.Errorf("%d packets unaccounted for, %d dropped: %v", r.Unaccounted, r.Drops, r.DropReasons)
	}
	if r.Allocs != 0 {
		t.Errorf("%d allocations on the polling thread", r.Allocs)
	}
}

// A thread that allocates is found out.
func TestMemFindsAllocations(t *testing.T) {
	r := watchDatapath(t, func(p rxtx.Port) rxtx.Port { return greedy{p} })
	if r.Allocs < 1000/packet.BatchSize {
		t.Errorf("%d allocations found on the polling thread, one was made for each of more than 1000/32 bursts", r.Allocs)
	}
}

// greedy is a port that allocates with each burst.
type greedy struct{ rxtx.Port }

func (g greedy) Queue(i int) rxtx.Queue { return greedyQueue{g.Port.Queue(i)} }

type greedyQueue struct{ rxtx.Queue }

var garbage atomic.Pointer[[64]byte]

func (q greedyQueue) Receive(b *packet.Batch) {
	q.Queue.Receive(b)
	garbage.Store(new([64]byte))
}
