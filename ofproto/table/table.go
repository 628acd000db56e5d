package table

import (
	"cmp"
	"slices"
	"sync/atomic"

	"pollux/flow"
)

// noPriority is below the priority of every rule.
const noPriority = -1

// Table is one version of an OpenFlow table. It never changes, so any
// goroutine may read it. The zero Table has no rules.
type Table struct {
	subtables []*subtable // by falling highest priority
	byShape   map[string]*subtable
	tries     [numTries]*prefixNode
	rules     int
	seq       uint64
}

// Lookup returns the rule of highest priority that matches k, nil if there
// is none, and adds to seen bits that decide it: any key that agrees
// with k on them gets the same answer. It never allocates.
func (t *Table) Lookup(k *flow.Key, seen *flow.Mask) *Rule {
	var best *Rule
	floor := int32(noPriority)
	p := prefixes{roots: &t.tries}
	for _, s := range t.subtables {
		if s.root.max <= floor {
			break
		}
		if r := s.lookup(k, floor, &p, seen); r != nil {
			best, floor = r, r.Priority
		}
	}
	return best
}

// Len is the number of rules.
func (t *Table) Len() int { return t.rules }

// Subtables is the number of distinct masks.
func (t *Table) Subtables() int { return len(t.subtables) }

// Find returns the rule with exactly this match and priority, nil if there is none.
func (t *Table) Find(m *flow.Match, priority int32) *Rule {
	shape := newShape(&m.Mask)
	if s := t.byShape[string(shape.appendID(nil))]; s != nil {
		return s.find(shape.values(&m.Key), priority)
	}
	return nil
}

// Each calls yield for every rule, in no particular order, until it returns false.
func (t *Table) Each(yield func(*Rule) bool) {
	for _, s := range t.subtables {
		if !s.root.each(noPriority, yield) {
			return
		}
	}
}

// Sorted returns all rules by falling priority, of one priority the older first.
func (t *Table) Sorted() []*Rule {
	all := make([]*Rule, 0, t.rules)
	for r := range t.Each {
		all = append(all, r)
	}
	slices.SortFunc(all, compareRules)
	return all
}

func compareRules(a, b *Rule) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.seq, b.seq))
}

// Edit makes the next version of a table. One goroutine may use it.
type Edit struct {
	id    uint64
	t     Table
	owned bool // byShape is the edit's own
	dirty bool // subtables is out of date
}

var edits atomic.Uint64

// Edit begins a change. The table itself stays as it is.
func (t *Table) Edit() *Edit { return &Edit{id: edits.Add(1), t: *t} }

// Table returns the version that the edit has come to. The edit may go on from there.
func (e *Edit) Table() *Table {
	if e.dirty {
		e.t.subtables = make([]*subtable, 0, len(e.t.byShape))
		for _, s := range e.t.byShape {
			e.t.subtables = append(e.t.subtables, s)
		}
		slices.SortFunc(e.t.subtables, func(a, b *subtable) int {
			return cmp.Or(cmp.Compare(b.root.max, a.root.max), cmp.Compare(a.seq, b.seq))
		})
	}
	e.id, e.owned, e.dirty = edits.Add(1), false, false
	t := e.t
	return &t
}

// Changed reports whether anything was changed since the edit began or Table was called.
func (e *Edit) Changed() bool { return e.dirty }

// subtable returns the subtable of r's shape for changing, made if need be, and gives r its shape.
func (e *Edit) subtable(r *Rule) *subtable {
	var room [10 * flow.Words]byte
	id := r.shape.appendID(room[:0])
	s := e.t.byShape[string(id)]
	if s != nil && s.edit == e.id {
		r.shape = s.shape
		return s
	}
	if s == nil {
		e.t.seq++
		s = &subtable{shape: r.shape, root: &node{edit: e.id, max: noPriority}, seq: e.t.seq, edit: e.id}
	} else {
		c := *s
		c.edit = e.id
		s = &c
	}
	if !e.owned {
		m := make(map[string]*subtable, len(e.t.byShape)+1)
		for k, v := range e.t.byShape {
			m[k] = v
		}
		e.t.byShape, e.owned = m, true
	}
	e.t.byShape[string(id)] = s
	e.dirty = true
	r.shape = s.shape
	return s
}

// Insert adds r, or puts it in the place of the rule with the same match and
// priority, which it returns. r must not change any more.
func (e *Edit) Insert(r *Rule) (old *Rule) {
	s := e.subtable(r)
	e.t.seq++
	r.seq = e.t.seq
	if old = s.find(r.values, r.Priority); old != nil {
		r.seq = old.seq
		s.root = s.replace(s.root, old, r, 0, e.id)
		return old
	}
	s.root = s.insert(s.root, r, 0, e.id)
	s.rules++
	e.t.rules++
	e.count(r, 1)
	return nil
}

// Remove takes out r, a rule of this table.
func (e *Edit) Remove(r *Rule) {
	s := e.subtable(r)
	s.root = s.remove(s.root, r, 0, e.id)
	s.rules--
	e.t.rules--
	e.count(r, -1)
	if s.rules == 0 {
		delete(e.t.byShape, string(r.shape.appendID(nil)))
	}
}

// count keeps the tries in step with the rules.
func (e *Edit) count(r *Rule, delta int) {
	var k flow.Key
	for i, plen := range r.shape.plens {
		if plen == 0 {
			continue
		}
		for j, t := range r.shape.terms {
			k[t.word] = r.values[j]
		}
		hi, lo := trieAddr(i, (*[flow.Words]uint64)(&k))
		hi, lo = cut(hi, lo, int(plen))
		e.t.tries[i] = e.t.tries[i].add(e.id, hi, lo, plen, delta)
	}
}
