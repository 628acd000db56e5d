package dpif

import (
	"sync/atomic"

	"pollux/internal/ring"
)

// ThreadEnd is what a polling thread holds of its section.
type ThreadEnd struct {
	*Thread
	Mail    *ring.Consumer[Mail]
	Execs   *ring.Consumer[Exec]
	Upcalls *ring.Producer[Upcall]
}

// ThreadEnd takes the datapath's end of the rings, going on where they stand.
func (t *Thread) ThreadEnd() ThreadEnd {
	return ThreadEnd{
		Thread:  t,
		Mail:    ring.NewConsumer(t.mail, t.mailSlots),
		Execs:   ring.NewConsumer(t.execs, t.execSlots),
		Upcalls: ring.NewProducer(t.upcalls, t.upcallSlots),
	}
}

// ControlEnd is what the control process holds of a thread's section. The
// mail and exec rings have one producer: who posts holds a lock of its own.
type ControlEnd struct {
	*Thread
	Mail    *ring.Producer[Mail]
	Execs   *ring.Producer[Exec]
	Upcalls *ring.Consumer[Upcall]
}

// ControlEnd takes the control process's end of the rings, going on where they stand.
func (t *Thread) ControlEnd() ControlEnd {
	return ControlEnd{
		Thread:  t,
		Mail:    ring.NewProducer(t.mail, t.mailSlots),
		Execs:   ring.NewProducer(t.execs, t.execSlots),
		Upcalls: ring.NewConsumer(t.upcalls, t.upcallSlots),
	}
}

// Used is how many records, from the first, were ever written; the rest has never
// been touched, and looking at it would make memory of it.
func (t *Thread) Used() int { return min(int(atomic.LoadUint32(&t.notes.used)), len(t.Records)) }

// ForgetWorstGap asks the thread to measure its longest gap anew, which it does within some hundred turns.
func (t *Thread) ForgetWorstGap() { atomic.AddUint32(&t.notes.worst, 1) }

// WorstGapWish changes when the longest gap is to be measured anew.
func (t *Thread) WorstGapWish() uint32 { return atomic.LoadUint32(&t.notes.worst) }

// NoteUsed says that record id is about to be written. Only the control process calls it.
func (t *Thread) NoteUsed(id uint32) {
	if id >= atomic.LoadUint32(&t.notes.used) {
		atomic.StoreUint32(&t.notes.used, id+1)
	}
}
