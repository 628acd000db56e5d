package table

import (
	"slices"

	"pollux/flow"
)

// Which rules an OpenFlow message means: those at least as specific as a match (modify, delete), the one that
// is the same (their strict forms), those that would compete with a new one (the overlap check).

// Selector names rules of a table.
type Selector struct {
	Match    flow.Match
	Strict   bool // only the rule with exactly this match and Priority
	Priority int32
	// Cookie must agree with a rule's wherever CookieMask has a bit.
	Cookie, CookieMask uint64
	// Filter, unless nil, must agree too (an out_port, an out_group).
	Filter func(*Rule) bool
}

// Select returns the rules that s means, by falling priority, of one priority the older first.
func (t *Table) Select(s *Selector) (rules []*Rule) {
	take := func(r *Rule) {
		if (r.Cookie^s.Cookie)&s.CookieMask == 0 && (s.Filter == nil || s.Filter(r)) {
			rules = append(rules, r)
		}
	}
	if s.Strict {
		if r := t.Find(&s.Match, s.Priority); r != nil {
			take(r)
		}
		return rules
	}
	for r := range t.eachWithin(&s.Match) {
		take(r)
	}
	slices.SortFunc(rules, compareRules)
	return rules
}

// Select returns the rules that s means in the version that the edit has come to.
func (e *Edit) Select(s *Selector) []*Rule { return e.t.Select(s) }

// eachWithin calls yield for the rules that match nothing but what m matches.
func (t *Table) eachWithin(m *flow.Match) func(yield func(*Rule) bool) {
	return func(yield func(*Rule) bool) {
		for _, s := range t.byShape {
			if !s.shape.within(&m.Mask) {
				continue
			}
			more := s.root.each(noPriority, func(r *Rule) bool { return differsFrom(r, m) || yield(r) })
			if !more {
				return
			}
		}
	}
}

// differsFrom reports whether there is a bit that both the rule and m look at and want differently, so that no packet matches both.
func differsFrom(r *Rule, m *flow.Match) bool {
	for i, t := range r.shape.terms {
		if (r.values[i]^m.Key[t.word])&t.mask&m.Mask[t.word] != 0 {
			return true
		}
	}
	return false
}

// Overlapping returns a rule of this priority that some packet matches as well as m, nil if there is none.
func (t *Table) Overlapping(m *flow.Match, priority int32) (found *Rule) {
	for _, s := range t.byShape {
		s.root.each(priority, func(r *Rule) bool {
			if r.Priority == priority && !differsFrom(r, m) {
				found = r
			}
			return found == nil
		})
		if found != nil {
			return found
		}
	}
	return nil
}

// Overlapping is Table.Overlapping in the version that the edit has come to.
func (e *Edit) Overlapping(m *flow.Match, priority int32) *Rule { return e.t.Overlapping(m, priority) }
