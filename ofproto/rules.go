package ofproto

import (
	"fmt"

	"pollux/internal/clock"
	"pollux/ofproto/table"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

// ErrOverlap says that a rule was to be added that competes with another of its priority.
var ErrOverlap = fmt.Errorf("a rule of the same priority matches some of the same packets")

// Removal is why a rule has gone (OpenFlow 1.3, A.4.2).
type Removal uint8

// The reasons.
const (
	RemovedIdle Removal = iota
	RemovedHard
	RemovedByDelete
)

// Removed is a rule that has gone.
type Removed struct {
	Rule *table.Rule
	Why  Removal
}

// ApplyRules adds rules, all or, if one is refused, none.
func (b *Bridge) ApplyRules(rules []openflow.Rule, now clock.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := newChange(b.View())
	for i := range rules {
		if err := c.add(&rules[i], now); err != nil {
			return fmt.Errorf("add rule %q: %w", rules[i].String(), err)
		}
	}
	b.commit(c)
	return nil
}

// Apply makes changes of the rules in their order, all or, if one is refused, none. No packet sees them half done.
func (b *Bridge) Apply(mods []openflow.FlowMod, now clock.Time) ([]Removed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := newChange(b.View())
	for i := range mods {
		if err := c.apply(&mods[i], now); err != nil {
			return nil, fmt.Errorf("%s rule %q: %w", mods[i].Command, mods[i].Rule.String(), err)
		}
	}
	b.commit(c)
	return c.removed, nil
}

// commit publishes a change. b.mu is held.
func (b *Bridge) commit(c *change) {
	for r := range c.gone {
		delete(b.timed, r)
	}
	for r := range c.timed {
		b.timed[r] = struct{}{}
	}
	if next := c.view(b.View()); next != nil {
		b.publish(next)
	}
}

// change is a change of rules under way. Nobody sees it until it is published.
type change struct {
	from    *xlate.View
	edits   map[uint8]*table.Edit
	removed []Removed
	timed   map[*table.Rule]struct{} // new rules that expire
	gone    map[*table.Rule]struct{} // rules that are in no table any more
}

func newChange(v *xlate.View) *change {
	return &change{from: v, edits: map[uint8]*table.Edit{}, timed: map[*table.Rule]struct{}{}, gone: map[*table.Rule]struct{}{}}
}

// edit returns the edit of table t.
func (c *change) edit(t uint8) *table.Edit {
	e := c.edits[t]
	if e == nil {
		old := c.from.Tables[t]
		if old == nil {
			old = &table.Table{}
		}
		e = old.Edit()
		c.edits[t] = e
	}
	return e
}

func (c *change) apply(m *openflow.FlowMod, now clock.Time) error {
	switch m.Command {
	case openflow.Add:
		return c.add(&m.Rule, now)
	case openflow.Modify, openflow.ModifyStrict:
		return c.modify(m, now)
	case openflow.Delete, openflow.DeleteStrict:
		c.delete(m)
		return nil
	}
	return fmt.Errorf("no such command")
}

// add adds a rule, or puts it in the place of the same one. The counters of that go on unless they are to be reset.
func (c *change) add(m *openflow.Rule, now clock.Time) error {
	if m.Table >= xlate.NumTables {
		return fmt.Errorf("there is no table %d", m.Table)
	}
	if err := xlate.Check(&m.Instructions); err != nil {
		return err
	}
	e := c.edit(m.Table)
	if m.Flags&openflow.CheckOverlap != 0 && e.Overlapping(&m.Match, int32(m.Priority)) != nil {
		return ErrOverlap
	}
	r := table.NewRule(m, now)
	if m.Flags&openflow.ResetCounts == 0 {
		if old := e.Select(&table.Selector{Match: m.Match, Priority: int32(m.Priority), Strict: true}); len(old) == 1 {
			r.Stats = old[0].Stats
		}
	}
	c.insert(e, r)
	return nil
}

func (c *change) insert(e *table.Edit, r *table.Rule) {
	if old := e.Insert(r); old != nil {
		c.forget(old)
	}
	if r.IdleTimeoutSec > 0 || r.HardTimeoutSec > 0 {
		c.timed[r] = struct{}{}
	}
}

func (c *change) forget(r *table.Rule) {
	delete(c.timed, r)
	c.gone[r] = struct{}{}
}

// modify gives other instructions to the rules that m means. As in Open vSwitch, a modification without
// any such rule and without a cookie to choose by adds one.
func (c *change) modify(m *openflow.FlowMod, now clock.Time) error {
	if m.Rule.Table >= xlate.NumTables {
		return fmt.Errorf("there is no table %d", m.Rule.Table)
	}
	if err := xlate.Check(&m.Rule.Instructions); err != nil {
		return err
	}
	e := c.edit(m.Rule.Table)
	rules := e.Select(selector(m))
	if len(rules) == 0 && m.CookieMask == 0 {
		return c.add(&m.Rule, now)
	}
	for _, r := range rules {
		instructions := m.Rule.Instructions
		next := r.With(&instructions, now)
		if m.Rule.Flags&openflow.ResetCounts != 0 {
			next.Stats = &table.Stats{}
		}
		c.insert(e, next)
	}
	return nil
}

func (c *change) delete(m *openflow.FlowMod) {
	for t := range uint8(xlate.NumTables) {
		if m.Rule.Table != openflow.AllTables && m.Rule.Table != t {
			continue
		}
		if c.edits[t] == nil && c.from.Tables[t] == nil {
			continue
		}
		for _, r := range c.edit(t).Select(selector(m)) {
			c.remove(r, RemovedByDelete)
		}
	}
}

func (c *change) remove(r *table.Rule, why Removal) {
	c.edit(r.Table).Remove(r)
	c.forget(r)
	c.removed = append(c.removed, Removed{r, why})
}

// selector says which rules a message means.
func selector(m *openflow.FlowMod) *table.Selector {
	s := &table.Selector{
		Match: m.Rule.Match, Priority: int32(m.Rule.Priority), Cookie: m.Rule.Cookie, CookieMask: m.CookieMask,
		Strict: m.Command == openflow.ModifyStrict || m.Command == openflow.DeleteStrict,
	}
	deletes := m.Command == openflow.Delete || m.Command == openflow.DeleteStrict
	if deletes && (m.OutPort != openflow.PortNone || m.OutGroup != openflow.NoGroup) {
		s.Filter = func(r *table.Rule) bool {
			return (m.OutPort == openflow.PortNone || xlate.OutputsTo(r.Instructions, m.OutPort)) &&
				(m.OutGroup == openflow.NoGroup || xlate.UsesGroup(r.Instructions, m.OutGroup))
		}
	}
	return s
}

// view is the view after the change, nil if nothing has changed.
func (c *change) view(from *xlate.View) *xlate.View {
	next := *from
	next.Seq++
	changed := false
	for id, e := range c.edits {
		if !e.Changed() {
			continue
		}
		changed = true
		t := e.Table()
		next.Tables[id], next.TableSeq[id] = t, next.Seq
		if t.Len() == 0 {
			next.Tables[id] = nil
		}
	}
	if !changed {
		return nil
	}
	return &next
}
