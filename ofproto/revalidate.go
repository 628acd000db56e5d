package ofproto

import (
	"slices"

	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto/xlate"
)

// Report is what a revalidation did.
type Report struct {
	Flows      int // there are now
	Translated int // again
	Changed    int // got other actions
	Deleted    int
	Removed    []Removed // rules that expired
	Took       clock.Time
}

const (
	collectEvery = 250 * clock.Millisecond
	chunk        = 256 // flows that are looked at while a thread's upcalls wait
	crowdedIdle  = 100 * clock.Millisecond
	minFlowLimit = 1000
)

// Revalidate makes the flows what rules, ports and addresses want, credits what flows have counted, and ends flows and rules that are idle
// or expired. It is called twice a second or more often, and when Changed says so.
func (b *Bridge) Revalidate(now clock.Time) (rep Report) {
	b.revalidating.Lock()
	defer b.revalidating.Unlock()
	start := b.time()
	if b.collected == 0 || now >= b.collected+collectEvery {
		b.collected = now
		b.collect(&rep, now)
		b.macs.Expire(now)
		rep.Removed = b.expire(now)
		b.points.sweep(now)
		b.frozen.sweep(now)
	}
	x := b.workers.Get().(*xlate.Translator)
	view := b.View()
	for i := range b.threads {
		b.each(i, func(r *record) bool { return b.revalidate(x, view, i, r, &rep, now) })
	}
	b.workers.Put(x)
	for _, f := range b.threads {
		f.mu.Lock()
		rep.Flows += len(f.list)
		f.mu.Unlock()
	}
	rep.Took = b.time() - start
	b.adapt(&rep)
	return rep
}

// time is the time of the bridge's clock, for measuring.
func (b *Bridge) time() clock.Time {
	if b.config.Clock == nil {
		return 0
	}
	return b.config.Clock.Now()
}

// each calls keep for every flow of a thread and deletes those for which it is
// false. It lets upcalls through every now and then; flows that they add are met as well, or next time.
func (b *Bridge) each(thread int, keep func(*record) bool) {
	f := b.threads[thread]
	for i, more := 0, true; more; {
		f.mu.Lock()
		for n := 0; n < chunk && i < len(f.list); n++ {
			if r := f.list[i]; keep(r) {
				i++
			} else {
				f.remove(r)
				b.installer.DeleteFlow(thread, r.id, func(s FlowStats) { b.credit(r, s) })
			}
		}
		more = i < len(f.list)
		f.mu.Unlock()
	}
}

// collect reads the counters of all flows and ends the idle ones.
func (b *Bridge) collect(rep *Report, now clock.Time) {
	for i, f := range b.threads {
		idle := b.config.MaxIdle
		f.mu.Lock()
		if int64(len(f.list)) > b.limit.Load() {
			idle = crowdedIdle
		}
		f.mu.Unlock()
		b.each(i, func(r *record) bool {
			s := b.installer.Stats(i, r.id)
			b.credit(r, s)
			b.note(r.points, r.frozen, now)
			if now < max(s.Used, r.created)+idle {
				return true
			}
			rep.Deleted++
			return false
		})
	}
}

// revalidate brings one flow up to date and reports whether it may stay.
func (b *Bridge) revalidate(x *xlate.Translator, v *xlate.View, thread int, r *record, rep *Report, now clock.Time) bool {
	if !b.outdated(r, v) {
		return true
	}
	rep.Translated++
	var key flow.Key
	r.key(&key)
	res := x.Translate(v, &key)
	if !r.mask.mask.Covers(&res.Mask) { // packets of this flow now take different ways
		rep.Deleted++
		return false
	}
	if !slices.Equal(r.actions, res.Actions) {
		actions := slices.Clone(res.Actions)
		if err := b.installer.SetActions(thread, r.id, actions); err != nil {
			rep.Deleted++
			return false
		}
		r.actions = actions
		rep.Changed++
	}
	b.credit(r, b.installer.Stats(thread, r.id)) // to the rules of before
	r.learnt(res)
	b.note(res.Points, res.Frozen, now)
	return true
}

// expire takes out the rules whose time is over.
func (b *Bridge) expire(now clock.Time) []Removed {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := newChange(b.View())
	for r := range b.timed {
		switch {
		case r.HardExpired(now):
			c.remove(r, RemovedHard)
		case r.IdleExpired(now):
			c.remove(r, RemovedIdle)
		}
	}
	b.commit(c)
	return c.removed
}

// adapt moves the flow limit after the time that revalidation takes, as Open
// vSwitch does: there should not be more flows than can be looked after.
func (b *Bridge) adapt(rep *Report) {
	limit, most := b.limit.Load(), int64(b.config.FlowLimit)
	switch took := rep.Took; {
	case b.config.Clock == nil:
		return
	case took > 2*clock.Second:
		limit = limit * int64(clock.Second) / int64(took)
	case took > 1300*clock.Millisecond:
		limit = limit * 3 / 4
	case took < clock.Second:
		limit += 1000
	}
	b.limit.Store(min(max(limit, minFlowLimit), most))
}

// FlowLimit is how many flows a thread may have now.
func (b *Bridge) FlowLimit() int { return int(b.limit.Load()) }
