package table

import (
	"slices"
	"testing"

	"pollux/flow"
	"pollux/openflow"
)

// Which rules a message means, and which compete, by the definitions of OpenFlow 1.3, 6.4, word by word.
func TestSelectAgainstDefinition(t *testing.T) {
	r := seeded(t)
	loose, overlaps := 0, 0
	for range 60 {
		e := (&Table{}).Edit()
		for range 60 {
			m := openflow.Rule{Match: *randomMatch(r), Priority: uint16(r.IntN(4)), Cookie: uint64(r.IntN(4))}
			e.Insert(NewRule(&m, 0))
		}
		table := e.Table()
		for range 30 {
			sel := Selector{Match: *randomMatch(r), Priority: int32(r.IntN(4)), Strict: r.IntN(4) == 0, Cookie: uint64(r.IntN(4)), CookieMask: uint64(r.IntN(2) * r.IntN(4))}
			if r.IntN(2) == 0 {
				sel.Match = flow.Match{}
				sel.Match.SetExact(flow.FieldEthType, flow.Value{Lo: flow.EthTypeIPv4})
			}
			var want []*Rule
			competes := false
			for _, rule := range table.Sorted() {
				m := rule.Match()
				within := m.Mask.Covers(&sel.Match.Mask) && agree(&m, &sel.Match)
				if sel.Strict {
					within = m == sel.Match && rule.Priority == sel.Priority
				}
				if within && (rule.Cookie^sel.Cookie)&sel.CookieMask == 0 {
					want = append(want, rule)
				}
				competes = competes || rule.Priority == sel.Priority && agree(&m, &sel.Match)
			}
			if got := table.Select(&sel); !slices.Equal(got, want) {
				t.Fatalf("%d rules are selected, want %d", len(got), len(want))
			}
			if got := table.Overlapping(&sel.Match, sel.Priority) != nil; got != competes {
				t.Fatalf("overlap found: %v, want %v", got, competes)
			}
			loose += len(want)
			if competes {
				overlaps++
			}
		}
	}
	if loose < 100 || overlaps < 100 {
		t.Errorf("only %d rules selected and %d overlaps: the test tests little", loose, overlaps)
	}
}

// agree reports whether some packet matches both.
func agree(a, b *flow.Match) bool {
	for w := range a.Key {
		if (a.Key[w]^b.Key[w])&a.Mask[w]&b.Mask[w] != 0 {
			return false
		}
	}
	return true
}
