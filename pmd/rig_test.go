package pmd

import (
	"fmt"
	"testing"

	"pollux/action"
	"pollux/counter"
	"pollux/dpif"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/packet"
	"pollux/rxtx"
	"pollux/rxtx/memport"
)

// rig is a datapath on bench ports that the test turns by hand, and the
// control process's end of it, played by the test.
type rig struct {
	t       testing.TB
	dp      *Datapath
	memory  *packet.Memory
	region  *dpif.Region
	clock   *clock.Manual
	benches map[string]*memport.Bench
	ports   map[string]rxtx.Port // opened instead of a bench of that name
	ends    []dpif.ControlEnd
	nextID  uint32
}

const rigFrames = 2048

func newRig(t testing.TB, threads int) *rig {
	memory, err := packet.NewMemory(make([]byte, rigFrames*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	region, err := dpif.NewRegion(dpif.Layout{Threads: threads, Ports: 64, Flows: 1024, Mail: 256, Execs: 16, Upcalls: 64})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { region.Close() })
	region.SetAttached(true)
	r := &rig{t: t, memory: memory, region: region, clock: new(clock.Manual), benches: map[string]*memport.Bench{}, ports: map[string]rxtx.Port{}}
	cores := make([]int, threads)
	r.dp, err = New(Config{
		Cores: cores, Memory: memory, Region: region, Clock: r.clock, Seed: 1, Open: r.open, Wake: func() {},
		FirstEntries: 256, SecondEntries: 1024, InverseProbability: 1, MaxMasks: 16, PortQuota: 8,
		Settings: dpif.Settings{Placement: string(RoundRobin)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range threads {
		r.ends = append(r.ends, region.Thread(i).ControlEnd())
	}
	return r
}

func (r *rig) open(s dpif.PortSpec) (rxtx.Port, error) {
	if p := r.ports[s.Name]; p != nil {
		return p, nil
	}
	if s.Kind != "bench" {
		return nil, fmt.Errorf("kind %q", s.Kind)
	}
	b := memport.NewBench(s.Name)
	r.benches[s.Name] = b
	return b, nil
}

// bench adds a bench port called p1, p2, ... by its number.
func (r *rig) bench(n uint32) *memport.Bench {
	r.t.Helper()
	name := fmt.Sprint("p", n)
	if _, err := r.dp.AddPort(dpif.PortSpec{Port: n, Name: name, Kind: "bench"}); err != nil {
		r.t.Fatal(err)
	}
	return r.benches[name]
}

// put writes a flow to a thread and returns its id after the thread has read the mail.
func (r *rig) put(thread int, match flow.Match, list action.List) uint32 {
	r.t.Helper()
	end := r.ends[thread]
	spec := dpif.FlowSpec{Key: match.Key, Mask: match.Mask, Actions: list}
	ids := make([]uint32, dpif.Need(&spec))
	for i := range ids {
		r.nextID++
		ids[i] = r.nextID
	}
	end.NoteUsed(ids[len(ids)-1])
	if err := end.Records.Write(ids, &spec); err != nil {
		r.t.Fatal(err)
	}
	end.Mail.Put(dpif.Mail{Op: dpif.MailPut, ID: ids[0]})
	r.dp.Turn()
	return ids[0]
}

// from is the match on an ingress port.
func from(port uint32) (m flow.Match) {
	m.Key[flow.WordPort], m.Mask[flow.WordPort] = uint64(port)<<32, 0xffffffff<<32
	return m
}

// turn turns until nothing comes in any more.
func (r *rig) turn() {
	for r.dp.Turn() > 0 {
	}
	r.dp.Turn()
}

// balance checks rx + made = tx + drops + to control + held, and that no frame is lost.
func (r *rig) balance() {
	r.t.Helper()
	var in, out, held uint64
	free := 0
	for i, th := range r.dp.threads {
		s := th.stats
		in += s.Copies.Load() + s.Executed.Load()
		out += s.Drops.Total() + s.ToControl.Load()
		for n := range th.link.Ports {
			p := &th.link.Ports[n]
			in += p.RxPackets.Load()
			out += p.TxPackets.Load() + p.Drops.Total()
		}
		held += uint64(th.parking.n)
		free += th.pool.Len()
		for _, q := range th.receive {
			free += q.queue.Held()
		}
		for j := range r.dp.threads {
			if i != j {
				free += r.inRing(i, j)
			}
		}
	}
	if in != out+held {
		r.t.Errorf("%d packets came in or were made, %d went out or were dropped, %d are held", in, out, held)
	}
	if free+int(held) != rigFrames {
		r.t.Errorf("%d frames are free and %d parked, of %d", free, held, rigFrames)
	}
}

// inRing is how many frames are on their way from thread i to thread j.
func (r *rig) inRing(i, j int) int {
	to := r.dp.threads[i].hand.to[j]
	return int(to.Published() - to.Released())
}

func (r *rig) drops(reason counter.Drop) (n uint64) {
	for _, th := range r.dp.threads {
		n += th.stats.Drops[reason].Load()
		for i := range th.link.Ports {
			n += th.link.Ports[i].Drops[reason].Load()
		}
	}
	return n
}

// udp is a minimal UDP packet whose flow is told by n.
func udp(n int) []byte {
	b := make([]byte, 60)
	copy(b, []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17})
	b[26], b[29], b[30], b[33] = 10, 1, 10, 2
	b[34], b[35], b[37] = byte(n>>8), byte(n), 80
	b[39] = 26
	return b
}
