package ofproto

import (
	"slices"

	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

// Decision is what shall be done with a packet that no flow knew.
type Decision struct {
	// Flow is the flow that now knows it, and counts the packet when it is sent through; 0 for none.
	Flow FlowID
	// Actions are for the packet itself. They must not be changed.
	Actions action.List
	// Drop is why it goes nowhere, counter.Forwarded if it does.
	Drop counter.Drop
	// Failure says in words why translation gave up, "" if it did not.
	Failure string
}

// Upcall translates a packet of a thread that no flow of the thread knows, and puts
// a flow for it and its like. key is the datapath's. length is the packet's, in bytes.
// Any number of goroutines may call it.
func (b *Bridge) Upcall(thread int, key *flow.Key, length int, now clock.Time) Decision {
	x := b.workers.Get().(*xlate.Translator)
	defer b.workers.Put(x)
	view := b.View()
	res := x.Translate(view, key)
	b.note(res.Points, res.Frozen, now)
	b.learn(res.Learn, now)
	d := Decision{Drop: res.Drop, Failure: res.Failure}
	if d.Flow, d.Actions = b.put(thread, key, res, now); d.Flow != 0 {
		return d
	}
	d.Actions = slices.Clone(res.Actions)
	for _, rule := range res.Rules {
		rule.Stats.Add(1, uint64(length), now)
	}
	return d
}

// put installs the flow that res is. It returns no flow if there is no room, or the thread
// has an older one for the packet, which revalidation has not reached yet.
func (b *Bridge) put(thread int, key *flow.Key, res *xlate.Result, now clock.Time) (FlowID, action.List) {
	f := b.threads[thread]
	f.mu.Lock()
	defer f.mu.Unlock()
	if int64(len(f.list)) >= b.limit.Load() {
		return 0, nil
	}
	r := newRecord(f.share(&res.Mask), key)
	if old := f.find(r); old != nil {
		if slices.Equal(old.actions, res.Actions) {
			return old.id, old.actions
		}
		b.notify()
		return 0, nil
	}
	r.actions, r.created = slices.Clone(res.Actions), now
	r.learnt(res)
	var k flow.Key
	r.key(&k)
	id, err := b.installer.PutFlow(thread, &k, &r.mask.mask, r.actions)
	if err != nil {
		f.forgetMask(r.mask)
		return 0, nil
	}
	r.id = id
	f.add(r)
	if b.outdated(r, b.View()) { // the rules changed while this was made
		b.notify()
	}
	return r.id, r.actions
}

// forgetMask drops a mask that no flow has.
func (f *flows) forgetMask(s *shared) {
	if s.uses == 0 {
		delete(f.masks, s.mask)
	}
}

// Lost says that a thread does not have a flow that it was asked for.
func (b *Bridge) Lost(thread int, id FlowID) {
	f := b.threads[thread]
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.byID[id]; r != nil {
		f.remove(r)
	}
}

// Forget says that the datapath is gone, with all its flows.
func (b *Bridge) Forget() {
	b.revalidating.Lock()
	defer b.revalidating.Unlock()
	for i, f := range b.threads {
		f.mu.Lock()
		fresh := newFlows(b.config.MaxMasks)
		f.list, f.byID, f.byHash, f.masks, f.bound = fresh.list, fresh.byID, fresh.byHash, fresh.masks, fresh.bound
		b.threads[i].mu.Unlock()
	}
}

// Adopt takes over a flow that was found in a running datapath. What the flow teaches is learned at
// once, so that by the first Revalidate, which looks at every adopted flow, addresses are known again.
// What it has counted up to now is not credited to any rule. A flow whose actions make no sense is ended.
func (b *Bridge) Adopt(thread int, id FlowID, key *flow.Key, mask *flow.Mask, actions action.List, now clock.Time) {
	if err := action.Validate(actions, 1<<16); err != nil {
		b.installer.DeleteFlow(thread, id, func(FlowStats) {})
		return
	}
	f := b.threads[thread]
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.masks[*mask]
	if s == nil {
		s = newShared(mask, len(f.masks))
		f.masks[*mask] = s
	}
	r := newRecord(s, key)
	r.id, r.actions, r.created, r.counted = id, slices.Clone(actions), now, b.installer.Stats(thread, id)
	f.add(r)

	x := b.workers.Get().(*xlate.Translator)
	defer b.workers.Put(x)
	res := x.Translate(b.View(), key)
	b.note(res.Points, res.Frozen, now)
	b.learn(res.Learn, r.counted.Used)
	b.notify()
}

// PacketOut returns what the datapath shall do with a packet of a controller's. key has the OpenFlow port that it shall seem to
// come from.
func (b *Bridge) PacketOut(key *flow.Key, list []openflow.Action, now clock.Time) Decision {
	x := b.workers.Get().(*xlate.Translator)
	defer b.workers.Put(x)
	res := x.TranslateActions(b.View(), key, list)
	b.note(res.Points, res.Frozen, now)
	return Decision{Actions: slices.Clone(res.Actions), Drop: res.Drop, Failure: res.Failure}
}

// Flush ends every flow.
func (b *Bridge) Flush() {
	b.revalidating.Lock()
	defer b.revalidating.Unlock()
	for i := range b.threads {
		b.each(i, func(*record) bool { return false })
	}
}
