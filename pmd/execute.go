package pmd

import (
	"pollux/action"
	"pollux/counter"
	"pollux/dpif"
	"pollux/flow"
	"pollux/packet"
)

// execute sends the packets of b through the actions of list. It takes all of
// them and empties b. An output that is the last action passes the packets on; one that
// is not passes copies on.
func (t *Thread) execute(list action.List, b *packet.Batch, depth int) {
	if len(list) == 0 {
		t.dropAll(b, counter.FlowDrop)
		return
	}
	limit := 0 // bytes that the next output may keep, 0 for all
	for len(list) > 0 && b.Len() > 0 {
		a, rest := list.First()
		last := len(rest) == 0
		switch a.Op {
		case action.Output:
			t.outputAll(a.Arg, b, last, limit)
			limit = 0
		case action.Truncate:
			limit = int(a.Arg)
		case action.Recirculate:
			c := t.pick(b, last, all)
			t.recirculate(a.Arg, c, depth)
			t.pop()
		case action.Userspace:
			t.toControl(&a, b, last, limit)
			limit = 0
		case action.Clone:
			c := t.pick(b, last, all)
			t.execute(action.List(a.Payload), c, depth)
			t.pop()
		case action.Sample:
			t.sample(&a, b, last, depth)
		case action.CheckLength:
			t.checkLength(&a, b, last, depth)
		case action.Drop:
			t.dropAll(b, counter.Drop(a.Arg))
		default:
			t.edit(&a, b)
		}
		list = rest
	}
	t.dropAll(b, counter.NoOutput) // edits without an output behind them
}

// pick returns the packets of b that keep chooses, to be worked on apart: moved out of b when nothing follows
// (last), else copied. The batch comes off a stack; the caller calls t.pop when it is done.
func (t *Thread) pick(b *packet.Batch, last bool, keep func(*packet.Packet) bool) *packet.Batch {
	c := &t.scratch[t.scratched]
	t.scratched++
	c.Reset()
	pkts, left := b.Packets(), 0
	for _, p := range pkts {
		switch {
		case !keep(p):
			pkts[left] = p
			left++
		case last:
			c.Append(p)
		default:
			pkts[left] = p
			left++
			t.copyTo(c, p)
		}
	}
	b.Truncate(left)
	return c
}

func (t *Thread) pop() { t.scratched-- }

func all(*packet.Packet) bool { return true }

// copyTo appends a copy of p to c. A copy that cannot be made is made and dropped, in the books.
func (t *Thread) copyTo(c *packet.Batch, p *packet.Packet) {
	t.stats.Copies.Add(1)
	if q := t.pool.Copy(p); q != nil {
		c.Append(q)
	} else {
		t.stats.Drops[counter.CopyNoFrame].Add(1)
	}
}

// outputAll sends the packets to a port, or copies of them when more actions follow.
func (t *Thread) outputAll(port uint32, b *packet.Batch, last bool, limit int) {
	c := b
	if !last {
		c = t.pick(b, false, all)
		defer t.pop()
	}
	for _, p := range c.Packets() {
		if limit > 0 {
			t.pool.Trim(p, limit)
		}
		t.output(port, p)
	}
	c.Reset()
}

// edit applies a header edit to every packet; those that it does not fit are dropped.
func (t *Thread) edit(a *action.Action, b *packet.Batch) {
	kept := 0
	pkts := b.Packets()
	for _, p := range pkts {
		if reason := action.Apply(p, *a); reason != counter.Forwarded {
			t.drop(p, reason)
			continue
		}
		pkts[kept] = p
		kept++
	}
	b.Truncate(kept)
}

// recirculate sends packets through the classifier again under id.
func (t *Thread) recirculate(id uint32, b *packet.Batch, depth int) {
	if depth >= maxRecirculation {
		t.dropAll(b, counter.RecirculationDeep)
		return
	}
	t.stats.Recirculations.Add(uint64(b.Len()))
	l := t.levels[depth+1]
	l.batch.Reset()
	for _, p := range b.Packets() {
		p.Meta.RecircID = id
		l.batch.Append(p)
	}
	b.Reset()
	t.process(depth + 1)
}

// toControl sends a copy of every packet's key and bytes to the control process.
func (t *Thread) toControl(a *action.Action, b *packet.Batch, last bool, limit int) {
	reason, maxLen, cookie := a.ToUserspace()
	for _, p := range b.Packets() {
		if !t.dp.region.Attached() || t.link.Upcalls.Reserve(1) == 0 {
			t.stats.LostToControl.Add(1)
			continue
		}
		u := t.link.Upcalls.Slot(0)
		u.Kind, u.Park, u.Reason, u.Cookie = dpif.UpcallAction, dpif.NoPark, reason, cookie
		t.fill(u, p)
		u.Length = min(u.Length, maxLen)
		if limit > 0 {
			u.Length = min(u.Length, uint32(limit))
		}
		flow.Extract(p, &u.Key)
		t.publish()
	}
	if last {
		t.stats.ToControl.Add(uint64(b.Len()))
		t.pool.PutBatch(b)
	}
}

// sample works its list on a random share of the packets.
func (t *Thread) sample(a *action.Action, b *packet.Batch, last bool, depth int) {
	c := t.pick(b, last, func(*packet.Packet) bool { return uint32(t.rng.Uint64()) < a.Arg })
	t.execute(action.List(a.Payload), c, depth)
	t.pop()
}

// checkLength works one list on the packets longer than a.Arg bytes and
// another on the rest.
func (t *Thread) checkLength(a *action.Action, b *packet.Batch, last bool, depth int) {
	n := a.Payload[0]
	long := t.pick(b, last, func(p *packet.Packet) bool { return p.Len() > int(a.Arg) })
	short := t.pick(b, last, func(p *packet.Packet) bool { return p.Len() <= int(a.Arg) })
	t.execute(action.List(a.Payload[1:1+n]), long, depth)
	t.execute(action.List(a.Payload[1+n:]), short, depth)
	t.pop()
	t.pop()
}
