package vswitch

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"pollux/action"
	"pollux/counter"
	"pollux/dpif"
	"pollux/flow"
)

// flows is the control side's half of one thread: it writes flow records and
// mail, and knows which records are free.
//
// A record is free again when the thread has worked the mail that ended its
// use, which is when the mail ring's tail has passed it. What waits for that is a queue in the order
// of the mail, which settle goes through now and then: it tells the last counters
// of flows that have gone, and which flows the thread refused.
type flows struct {
	settling sync.Mutex // over settle
	mu       sync.Mutex // over all below: one producer
	end      dpif.ControlEnd
	free     []uint32
	wait     []waiting
	late     []dpif.Mail     // that found the ring full and must not be lost
	ended    map[uint32]bool // flows with a waiting toRemove
	limit    int             // flows at most
	live     int
	spec     dpif.FlowSpec
	ids      []uint32
}

// waiting is a record whose mail is on its way.
type waiting struct {
	id   uint32
	tail uint64 // the mail is worked when so many are
	what waitFor
	flow uint32 // of toChange: whose actions,
	old  uint32 // and the record that they stood in before, 0 for the flow's first
	last func(*counter.Flow)
}

type waitFor uint8

const (
	toFree   waitFor = iota // the record of a list of actions
	toRemove                // the records of a flow: last is told its counters
	toPut                   // a new flow: the thread's verdict is looked at
	toChange                // new actions of a flow: the same
)

// ErrFlowLimit says that as many flows are in the thread as there may be.
var ErrFlowLimit = errors.New("the flow limit is reached")

// errBusy says that the thread does not read its mail.
var errBusy = errors.New("the thread does not read its mail")

func newFlows(t *dpif.Thread, limit int) *flows {
	f := &flows{end: t.ControlEnd(), limit: limit, ended: map[uint32]bool{}}
	for id := len(t.Records) - 1; id > 0; id-- {
		f.free = append(f.free, uint32(id))
	}
	return f
}

// settle deals with all whose mail has been worked. last and lost are called without the lock:
// lost with the flows that the thread did not take, and why.
func (f *flows) settle(lost func(id uint32, why dpif.Verdict)) {
	f.settling.Lock()
	defer f.settling.Unlock()
	for _, w := range f.worked() {
		why := f.end.Records.Verdict(w.id)
		switch {
		case w.what == toRemove && w.last != nil:
			w.last(&f.end.FlowStats[w.id])
		case w.what == toPut && f.refused(w.id, why):
			lost(w.id, why)
		case w.what == toChange && f.unchanged(w.flow, why):
			lost(w.flow, why)
		}
		f.release(&w)
	}
}

// worked takes off the queue what the thread has worked.
func (f *flows) worked() []waiting {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sendLate()
	done := f.end.Mail.Released()
	n := 0
	for n < len(f.wait) && f.wait[n].tail <= done {
		n++
	}
	ready := slices.Clone(f.wait[:n])
	f.wait = append(f.wait[:0], f.wait[n:]...)
	return ready
}

// release frees the records that nobody needs any more.
func (f *flows) release(w *waiting) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case w.what == toPut:
	case w.what == toChange:
		f.free = f.end.Records.Chain(w.old, f.free)
	default:
		f.free = f.end.Records.Chain(w.id, f.free)
	}
	if w.what == toRemove {
		delete(f.ended, w.id)
	}
}

// refused takes the flow off the books if the thread did not take it and nobody has ended it since.
func (f *flows) refused(id uint32, v dpif.Verdict) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v == dpif.Live || v == dpif.Gone || f.ended[id] {
		return false
	}
	f.live--
	f.ended[id] = true
	f.wait = append(f.wait, waiting{id: id, what: toRemove})
	return true
}

// unchanged ends a flow that did not take its new actions, if nobody has ended it since: the old ones are wrong.
func (f *flows) unchanged(id uint32, v dpif.Verdict) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v == dpif.Taken || f.ended[id] {
		return false
	}
	f.removeLocked(id, nil)
	return true
}

// write puts a flow into records; the first is its id.
func (f *flows) write(spec *dpif.FlowSpec) (uint32, error) {
	n := dpif.Need(spec)
	if len(f.free) < n {
		return 0, fmt.Errorf("write flow: no room for %d records", n)
	}
	f.ids = append(f.ids[:0], f.free[len(f.free)-n:]...)
	for _, id := range f.ids {
		f.end.NoteUsed(id)
	}
	if err := f.end.Records.Write(f.ids, spec); err != nil {
		return 0, err
	}
	f.free = f.free[:len(f.free)-n]
	return f.ids[0], nil
}

// room waits until the ring has room for a mail: the thread empties it between bursts, unless it is gone.
func (f *flows) room() error {
	for range 1 << 16 {
		if f.sendLate(); len(f.late) == 0 && f.end.Mail.Reserve(1) == 1 {
			return nil
		}
		runtime.Gosched()
	}
	return fmt.Errorf("post mail: %w", errBusy)
}

// sendLate sends what has waited for room.
func (f *flows) sendLate() {
	n := f.end.Mail.Reserve(len(f.late))
	for i := range n {
		*f.end.Mail.Slot(i) = f.late[i]
	}
	f.end.Mail.Publish(n)
	f.late = append(f.late[:0], f.late[n:]...)
}

// post sends one mail and returns its number.
func (f *flows) post(m dpif.Mail) (uint64, error) {
	if err := f.room(); err != nil {
		return 0, err
	}
	*f.end.Mail.Slot(0) = m
	return f.end.Mail.Publish(1), nil
}

// postSurely sends one mail, later if there is no room, and returns the number that it has or will have.
func (f *flows) postSurely(m dpif.Mail) uint64 {
	if len(f.late) == 0 {
		if n, err := f.post(m); err == nil {
			return n
		}
	}
	f.late = append(f.late, m)
	f.sendLate()
	return f.end.Mail.Published() + uint64(len(f.late))
}

// lend posts mail that needs the record id until it is worked.
func (f *flows) lend(id uint32, m dpif.Mail) error {
	tail, err := f.post(m)
	f.wait = append(f.wait, waiting{id: id, tail: tail, what: toFree}) // if not posted, tail is 0: free at the next settle
	return err
}

// put asks the thread for a flow and returns its id.
func (f *flows) put(key *flow.Key, mask *flow.Mask, actions action.List) (uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.live >= f.limit {
		return 0, ErrFlowLimit
	}
	f.spec.Key, f.spec.Mask, f.spec.Actions = *key, *mask, actions
	id, err := f.write(&f.spec)
	if err != nil {
		return 0, err
	}
	tail, err := f.post(dpif.Mail{Op: dpif.MailPut, ID: id})
	if err != nil {
		f.free = f.end.Records.Chain(id, f.free)
		return 0, err
	}
	f.wait = append(f.wait, waiting{id: id, tail: tail, what: toPut})
	f.live++
	return id, nil
}

// remove asks the thread to end a flow. last, if not nil, is told its counters when
// they stand still, before the id is used again.
func (f *flows) remove(id uint32, last func(*counter.Flow)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended[id] { // the thread has refused it, which the caller is about to hear
		return
	}
	f.removeLocked(id, last)
}

func (f *flows) removeLocked(id uint32, last func(*counter.Flow)) {
	tail := f.postSurely(dpif.Mail{Op: dpif.MailRemove, ID: id})
	f.live--
	f.ended[id] = true
	f.wait = append(f.wait, waiting{id: id, tail: tail, what: toRemove, last: last})
}

// change gives a live flow other actions.
func (f *flows) change(id uint32, actions action.List) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended[id] {
		return fmt.Errorf("change flow %d: it has ended", id)
	}
	if err := f.room(); err != nil {
		return err
	}
	f.spec = dpif.FlowSpec{Actions: actions}
	from, err := f.write(&f.spec)
	if err != nil {
		return err
	}
	old := f.end.Records.Replace(id, from) // now, so that who takes over this datapath finds what the thread will have
	tail, err := f.post(dpif.Mail{Op: dpif.MailActions, ID: id, Arg: from})
	f.wait = append(f.wait, waiting{id: from, tail: tail, what: toChange, flow: id, old: old})
	return err
}

// resume sends a parked packet through the actions of flow id, or through actions if id is 0.
func (f *flows) resume(park uint64, id uint32, actions action.List) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id != 0 {
		_, err := f.post(dpif.Mail{Op: dpif.MailResume, ID: id, Park: park})
		return err
	}
	f.spec = dpif.FlowSpec{Actions: actions}
	id, err := f.write(&f.spec)
	if err != nil {
		return err
	}
	return f.lend(id, dpif.Mail{Op: dpif.MailResume, ID: id, Park: park})
}

// execute sends a packet of the control process's own through actions, as if
// it had come in by port.
func (f *flows) execute(port uint32, data []byte, actions action.List) error {
	if len(data) > dpif.MaxPacket {
		return fmt.Errorf("execute packet: %d bytes, at most %d are possible", len(data), dpif.MaxPacket)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.room(); err != nil {
		return err
	}
	if f.end.Execs.Reserve(1) == 0 {
		return fmt.Errorf("execute packet: %w", errBusy)
	}
	f.spec = dpif.FlowSpec{Actions: actions}
	id, err := f.write(&f.spec)
	if err != nil {
		return err
	}
	e := f.end.Execs.Slot(0)
	e.Port, e.Length = port, uint32(copy(e.Data[:], data))
	f.end.Execs.Publish(1)
	return f.lend(id, dpif.Mail{Op: dpif.MailExecute, ID: id})
}

// adopt takes over the flows that a running thread has: it gives each to keep, and
// its records are not free. It is called once, before anything else. What the
// previous control process had posted is worked first.
func (f *flows) adopt(keep func(id uint32, spec *dpif.FlowSpec)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.end.Mail.Released() != f.end.Mail.Published() {
		runtime.Gosched()
	}
	taken := map[uint32]bool{}
	f.each(func(id uint32, spec *dpif.FlowSpec) {
		for _, r := range f.end.Records.Chain(id, nil) {
			taken[r] = true
		}
		f.live++
		keep(id, spec)
	})
	f.free = f.free[:0]
	for id := len(f.end.Records) - 1; id > 0; id-- {
		if !taken[uint32(id)] {
			f.free = append(f.free, uint32(id))
		}
	}
}

// show gives every live flow to see, whose spec is valid until see returns.
func (f *flows) show(see func(id uint32, spec *dpif.FlowSpec)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.each(see)
}

func (f *flows) each(see func(id uint32, spec *dpif.FlowSpec)) {
	spec := dpif.FlowSpec{Actions: make(action.List, 0, action.MaxWords)}
	for id := uint32(1); int(id) < f.end.Used(); id++ {
		if f.end.Records.Verdict(id) == dpif.Live && f.end.Records.Read(id, &spec) == nil {
			see(id, &spec)
		}
	}
}
