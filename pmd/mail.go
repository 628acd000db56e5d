package pmd

import (
	"errors"

	"pollux/action"
	"pollux/counter"
	"pollux/dpcls"
	"pollux/dpif"
	"pollux/flow"
	"pollux/packet"
)

// mailsPerTurn bounds the work between two bursts: at some 300 ns a mail, 20 µs.
const mailsPerTurn = 64

// readMail works what the control process asked for, in order. Mail that
// makes no sense is counted and otherwise ignored.
func (t *Thread) readMail() {
	n := t.link.Mail.Peek(mailsPerTurn)
	for i := range n {
		m := *t.link.Mail.Slot(i)
		if t.answer(&m) {
			t.stats.MailsDone.Add(1)
		} else {
			t.stats.MailsRefused.Add(1)
		}
	}
	t.link.Mail.Release(n)
}

func (t *Thread) answer(m *dpif.Mail) bool {
	switch m.Op {
	case dpif.MailPut:
		return t.putFlow(m.ID)
	case dpif.MailRemove:
		return t.removeFlow(m.ID)
	case dpif.MailActions:
		return t.changeActions(m.ID, m.Arg)
	case dpif.MailResume:
		return t.resume(m.Park, m.ID)
	case dpif.MailExecute:
		return t.executeSent(m.ID)
	case dpif.MailFlush:
		t.flushFlows()
		return true
	}
	return false
}

// readRecord copies a record into t.spec and checks its actions.
func (t *Thread) readRecord(id uint32) bool {
	if t.link.Records.Read(id, &t.spec) != nil {
		return false
	}
	return action.Validate(t.spec.Actions, len(t.ports)) == nil
}

func (t *Thread) putFlow(id uint32) bool {
	if id == 0 || int64(id) >= int64(len(t.link.Records)) {
		return false
	}
	verdict := dpif.Malformed
	if t.readRecord(id) {
		verdict = t.put(id)
	}
	t.link.Records.SetVerdict(id, verdict)
	return verdict == dpif.Live
}

// put puts the flow in t.spec under id.
func (t *Thread) put(id uint32) dpif.Verdict {
	if t.cls.Flow(id) != nil {
		return dpif.Exists
	}
	list, ok := t.lists.keep(id, t.spec.Actions)
	if !ok {
		return dpif.Full
	}
	stats := &t.link.FlowStats[id]
	stats.Clear()
	if _, err := t.cls.Put(id, &t.spec.Key, &t.spec.Mask, list, stats); err != nil {
		t.lists.release(id, list)
		return verdictOf(err)
	}
	return dpif.Live
}

func verdictOf(err error) dpif.Verdict {
	switch {
	case err == nil:
		return dpif.Live
	case errors.Is(err, dpcls.ErrTooManyMasks):
		return dpif.TooManyMasks
	case errors.Is(err, dpcls.ErrExists):
		return dpif.Exists
	default:
		return dpif.Full
	}
}

func (t *Thread) removeFlow(id uint32) bool {
	f := t.cls.Flow(id)
	if f == nil {
		return false
	}
	t.lists.release(id, f.Actions)
	t.cls.Remove(id)
	t.link.Records.SetVerdict(id, dpif.Gone)
	return true
}

// changeActions gives the flow id the actions of record from, and says there whether it did.
func (t *Thread) changeActions(id, from uint32) bool {
	if from == 0 || int64(from) >= int64(len(t.link.Records)) {
		return false
	}
	verdict := dpif.Malformed
	if f := t.cls.Flow(id); f != nil && t.readRecord(from) {
		verdict = t.setActions(f)
	}
	t.link.Records.SetVerdict(from, verdict)
	return verdict == dpif.Taken
}

// setActions gives f the actions in t.spec.
func (t *Thread) setActions(f *dpcls.Flow) dpif.Verdict {
	old, at := f.Actions, t.lists.at[f.ID]
	list, ok := t.lists.keep(f.ID, t.spec.Actions)
	if !ok {
		return dpif.Full
	}
	t.cls.SetActions(f.ID, list)
	t.lists.releaseAt(at, old)
	return dpif.Taken
}

func (t *Thread) flushFlows() {
	for id := range uint32(t.link.Used()) {
		if t.cls.Flow(id) != nil {
			t.removeFlow(id)
		}
	}
}

// resume sends a parked packet through the actions of a record.
func (t *Thread) resume(handle uint64, id uint32) bool {
	p, since := t.parking.take(handle)
	if p == nil {
		return false
	}
	t.stats.UpcallNanos.Record(uint64(t.now - since))
	b := t.one(p)
	if f := t.cls.Flow(id); f != nil {
		f.Stats.Packets.Add(1)
		f.Stats.Bytes.Add(uint64(p.Len()))
		f.Stats.Used.Set(uint64(t.now))
		t.execute(f.Actions, b, 0)
		return true
	}
	if !t.readRecord(id) {
		t.dropAll(b, counter.UpcallExpired)
		return false
	}
	t.execute(t.spec.Actions, b, 0)
	return true
}

// one is the batch of a single packet that mail is worked with.
func (t *Thread) one(p *packet.Packet) *packet.Batch {
	b := &t.single
	b.Reset()
	b.Append(p)
	return b
}

// executeSent sends a packet that the control process made through the actions of a record.
func (t *Thread) executeSent(id uint32) bool {
	if t.link.Execs.Peek(1) == 0 {
		return false
	}
	e := t.link.Execs.Slot(0)
	p := t.pool.Make(e.Data[:min(int(e.Length), len(e.Data))])
	port := e.Port
	t.link.Execs.Release(1)
	t.stats.Executed.Add(1)
	if p == nil {
		t.stats.Drops[counter.RxNoFrame].Add(1)
		return false
	}
	p.Port = port
	if reason := flow.Extract(p, &t.key); reason != counter.Forwarded {
		t.drop(p, reason)
		return false
	}
	if !t.readRecord(id) {
		t.drop(p, counter.ActionImpossible)
		return false
	}
	t.execute(t.spec.Actions, t.one(p), 0)
	return true
}
