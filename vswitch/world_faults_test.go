package vswitch

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/openflow"
	"pollux/rxtx"
	"pollux/rxtx/memport"
	"pollux/rxtx/wrap"
)

// The world under faults: packets are lost, cut, flipped and swapped, frames run out, quotas are
// small, the control side stalls or is away, rules and ports change while all of this
// is under way. Nobody says here what should come out; but nothing may panic, and at rest every packet, every frame and
// every flow record must be accounted for.

// storm is a switch in bad weather.
type storm struct {
	t      *testing.T
	seed   uint64
	d      dice
	clock  clock.Manual
	mem    *Mem
	bench  []*memport.Bench
	there  []bool
	frames int
}

func TestWorldUnderFaults(t *testing.T) {
	seeds := []uint64{*worldSeed}
	if *worldSeed == 0 {
		seeds = seeds[:0]
		for i := range *worldWorlds {
			seeds = append(seeds, uint64(i+1))
		}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newStorm(t, seed)
			for range *worldRounds {
				s.blow()
			}
			s.calm()
			if t.Failed() {
				t.Logf("rerun with: go test ./vswitch -run TestWorldUnderFaults -world.seed=%d", seed)
			}
		})
	}
}

func newStorm(t *testing.T, seed uint64) *storm {
	r := rand.New(rand.NewPCG(seed, 2))
	s := &storm{t: t, seed: seed, d: dice{r, worldPorts, true}}
	s.clock.Advance(1000 * time.Second)
	o := worldOptions(1 + r.IntN(2))
	s.frames = pick(s.d, 64, 128, 1024)
	o.Config.Umem.Frames, o.Default = s.frames, "priority=0,actions=NORMAL"
	o.Config.Datapath.FlowLimit, o.Config.Datapath.MaxMasks = pick(s.d, 16, 200), pick(s.d, 32, 64)
	o.Config.Limits.UpcallsPerPort, o.Config.Limits.MacTable = pick(s.d, 4, 32, 256), pick(s.d, 4, 1000)
	var ports []rxtx.Port
	for i := range worldPorts {
		s.bench = append(s.bench, memport.NewBench(fmt.Sprintf("p%d", i+1)))
		faults := wrap.NewFaults(wrap.Faults{Drop: 0.05, Flip: 0.1, Cut: 0.1, Swap: 0.1, SendLost: 0.05}, seed+uint64(i))
		ports, s.there = append(ports, wrap.Port(s.bench[i], faults)), append(s.there, true)
	}
	s.mem = newMem(t, o, seed, &s.clock, ports...)
	for range 20 {
		s.apply("add " + s.d.rule(min(r.IntN(numTables), r.IntN(numTables))).String())
	}
	return s
}

func (s *storm) apply(line string) {
	mod, err := openflow.ParseFlowMod(line, nil)
	if err == nil {
		_, err = s.mem.bridge.Apply([]openflow.FlowMod{mod}, s.clock.Now())
	}
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
}

// blow lets a few things happen at once.
func (s *storm) blow() {
	d := s.d
	s.clock.Advance(pick(d, time.Millisecond, 300*time.Millisecond, 3*time.Second))
	for range d.IntN(200) {
		f := d.packet()
		if d.one(20) {
			f.payload = make([]byte, d.IntN(9000)) // a chain of frames
		}
		s.bench[d.IntN(worldPorts)].Put(f.bytes())
	}
	switch d.IntN(8) {
	case 0:
		s.changePorts()
	case 1:
		s.apply("add " + d.rule(d.IntN(2)).String())
	case 2:
		s.apply(fmt.Sprintf("delete table=%d,in_port=%d", d.IntN(2), 1+d.IntN(worldPorts)))
	case 3:
		s.mem.bridge.Flush()
	case 4:
		s.mem.Region().SetAttached(false)
		defer s.mem.Region().SetAttached(true)
	case 5:
		s.execute()
	}
	for range d.IntN(40) {
		s.mem.Datapath.Turn() // the control side stalls
	}
	for range d.IntN(40) {
		s.mem.Step()
	}
	if d.one(2) {
		s.mem.Tend()
	}
	for _, b := range s.bench {
		b.Take()
	}
}

func (s *storm) changePorts() {
	n := s.d.IntN(worldPorts)
	name := fmt.Sprintf("p%d", n+1)
	var err error
	if s.there[n] {
		err = s.mem.RemovePort(name)
	} else {
		s.mem.mu.Lock()
		_, err = s.mem.addPort(dpif.PortSpec{Port: uint32(n + 1), Name: name, Kind: "memport"})
		s.mem.mu.Unlock()
	}
	if s.there[n] = !s.there[n]; err != nil {
		s.t.Fatalf("change ports: %v", err)
	}
}

// execute sends a packet of the control side's own to a port and back to where it seems to come from.
func (s *storm) execute() {
	f := s.d.packet()
	threads := s.mem.current.Load().threads
	res := s.mem.bridge.PacketOut(keyOf(s.t, f.bytes(), 2), []openflow.Action{openflow.Output{Port: 1}, openflow.Output{Port: openflow.PortInPort}}, s.clock.Now())
	if err := threads[s.d.IntN(len(threads))].execute(2, f.bytes(), res.Actions); err != nil {
		s.t.Fatalf("execute packet: %v", err)
	}
}

// calm lets everything come to rest and counts.
func (s *storm) calm() {
	for n, there := range s.there {
		if !there {
			s.changePortTo(n)
		}
	}
	s.rest()
	s.clock.Advance(3 * time.Second) // whatever waits for an answer has waited long enough
	s.rest()
	snap := TakeSnapshot(s.mem.Region(), s.clock.Now())
	b := snap.Totals()
	if b.In+b.Made != b.Out+b.Dropped+b.ToControl+b.Held || b.Held != 0 || b.In == 0 {
		s.t.Errorf("the books do not balance: %+v, dropped %v", b, snap.Drops)
	}
	free := uint64(0)
	for i := range snap.Threads {
		free += snap.Threads[i].FreeFrames
	}
	if free != uint64(s.frames) {
		s.t.Errorf("%d frames are free, of %d", free, s.frames)
	}
	s.records(snap)
}

func (s *storm) changePortTo(n int) {
	s.mem.mu.Lock()
	defer s.mem.mu.Unlock()
	if _, err := s.mem.addPort(dpif.PortSpec{Port: uint32(n + 1), Name: fmt.Sprintf("p%d", n+1), Kind: "memport"}); err != nil {
		s.t.Fatal(err)
	}
}

// rest turns the switch until nothing is on its way, and long enough for what happens once in many turns.
func (s *storm) rest() {
	for range 2000 {
		s.mem.Step()
	}
	if s.mem.Tend(); underWay(s.mem) {
		for range 500 {
			s.mem.Step()
		}
	}
	s.mem.settle()
}

// records holds what the control side believes of flows against what the threads have, before and after all of them end.
func (s *storm) records(snap *Snapshot) {
	shown := s.mem.bridge.Revalidate(s.clock.Now()).Flows
	threads := s.mem.current.Load().threads
	live, in := 0, uint64(0)
	for i, f := range threads {
		live += f.live
		in += snap.Threads[i].Flows
		if len(f.wait) != 0 || len(f.ended) != 0 {
			s.t.Errorf("thread %d: %d mails are still waited for, %d flows to end", i, len(f.wait), len(f.ended))
		}
	}
	if shown != live || uint64(live) != in {
		s.t.Errorf("the bridge has %d flows, the control side %d, the threads %d", shown, live, in)
	}
	s.mem.bridge.Flush()
	s.rest()
	for i, f := range threads {
		if n := len(f.end.Records) - 1; f.live != 0 || len(f.free) != n {
			s.t.Errorf("thread %d: %d flows are left, %d of %d records free", i, f.live, len(f.free), n)
		}
	}
}
