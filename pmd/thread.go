package pmd

import (
	"math/rand/v2"
	"sync/atomic"

	"pollux/counter"
	"pollux/dpcls"
	"pollux/dpif"
	"pollux/emc"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/internal/ring"
	"pollux/packet"
	"pollux/rxtx"
)

// Thread is one polling loop and all that it owns.
type Thread struct {
	// Who it is, and what it shares.
	id, core int
	dp       *Datapath
	clock    clock.Clock
	link     dpif.ThreadEnd
	stats    *dpif.ThreadStats
	commands *ring.Consumer[command]

	// What it owns: memory, lookups, ports.
	pool    *packet.Pool
	first   *emc.First
	second  *emc.Second // nil if the second cache is off
	cls     *dpcls.Classifier
	lists   lists
	receive []*receiver
	ports   []*txPort // by datapath port; nil where there is none
	dirty   []*txPort // ports with packets gathered, in the order of their first packet
	hand    handover
	parking parking

	// Scratch of one burst, one for each depth of recirculation.
	now    clock.Time
	levels [maxRecirculation + 1]*level
	single packet.Batch
	// scratch is a stack of batches for packets that actions work on apart.
	scratch   []packet.Batch
	scratched int
	key       flow.Key
	rng       *rand.PCG
	spec      dpif.FlowSpec // for reading records
	sleep     sleeper
	tid       atomic.Int64
	turns     uint64
	wish      uint32     // link.WorstGapWish when last looked at
	ranked    clock.Time // when the subtables were last put in order
	lastTS    uint64     // clock.Cycles at the last poll
}

// receiver is one receive queue that the thread polls.
type receiver struct {
	queue rxtx.Queue
	port  uint32
	index int // queue of the device
	stats *counter.Port

	cycles counter.Counter // spent on its packets, for balancing
}

// command is a function that the Datapath wants run between two bursts.
type command struct {
	run  func(*Thread)
	done chan<- struct{}
}

// turn is one turn of the loop. It reports how many packets came in.
func (t *Thread) turn() (received int) {
	t.watch()
	t.work()
	for _, r := range t.receive {
		received += t.poll(r)
	}
	received += t.takeOver()
	t.flush()
	t.account(received)
	return received
}

// poll takes one burst from a queue all the way to the gathered outputs.
func (t *Thread) poll(r *receiver) int {
	l := t.levels[0]
	l.batch.Reset()
	r.queue.Receive(&l.batch)
	n := l.batch.Len()
	if n == 0 {
		return 0
	}
	start := clock.Cycles()
	t.now = t.clock.Now()
	t.stats.Bursts.Add(1)
	t.stats.RxPackets.Add(uint64(n))
	t.stats.BurstSizes.Record(uint64(n))
	t.process(0)
	r.cycles.Add(clock.Cycles() - start)
	return n
}

// work does what others asked for: mail from the control process, commands
// from the Datapath.
func (t *Thread) work() {
	if t.link.Mail.Peek(1) > 0 {
		t.now = t.clock.Now()
		t.readMail()
	}
	if c, ok := t.commands.Take(); ok {
		c.run(t)
		close(c.done)
	}
	t.housekeep()
}

// housekeep does what is due once in many turns.
func (t *Thread) housekeep() {
	if t.turns++; t.turns%houseEvery != 0 {
		return
	}
	now := t.clock.Now()
	t.expireParked(now)
	t.gauges()
	if wish := t.link.WorstGapWish(); wish != t.wish {
		t.wish = wish
		t.stats.WorstGap.Set(0)
	}
	if now-t.ranked >= clock.Second {
		t.ranked = now
		t.cls.Rank()
	}
}

// houseEvery is how many turns pass between two looks at what is overdue: at most some milliseconds when busy.
const houseEvery = 256

// watch measures the gap since the last poll.
func (t *Thread) watch() {
	now := clock.Cycles()
	gap := uint64(float64(now-t.lastTS) * t.dp.nanosPerCycle)
	t.lastTS = now
	if gap < 1000 { // an ordinary turn; counting every one would cost more than it
		return
	}
	t.stats.Gaps.Record(gap)
	if gap > t.stats.WorstGap.Load() {
		t.stats.WorstGap.Set(gap)
	}
	if gap > 20000 {
		t.stats.GapNanos20.Add(gap)
	}
}

// account closes the books on a turn that received n packets.
func (t *Thread) account(n int) {
	s := t.stats
	cycles := clock.Cycles() - t.lastTS
	s.Loops.Add(1)
	if n > 0 {
		s.BusyLoops.Add(1)
		s.BusyCycles.Add(cycles)
		t.sleep.busy()
		return
	}
	s.IdleCycles.Add(cycles)
}

// gauges writes what is true now rather than counted.
func (t *Thread) gauges() {
	s := t.stats
	s.FreeFrames.Set(uint64(t.pool.Len()))
	s.Parked.Set(uint64(t.parking.n))
	s.Flows.Set(uint64(t.cls.Len()))
	s.Masks.Set(uint64(len(t.cls.Subtables())))
}
