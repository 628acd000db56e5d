package table

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"pollux/flow"
	"pollux/openflow"
)

// The slow twin of a table: a list, searched from one end to the other.
type list []*Rule

func (l list) lookup(k *flow.Key) (best int32) {
	best = noPriority
	for _, r := range l {
		m := r.Match()
		if r.Priority > best && m.Matches(k) {
			best = r.Priority
		}
	}
	return best
}

// randomMatch makes matches out of few values, so that packets hit rules and rules lie in each other's way.
func randomMatch(r *rand.Rand) *flow.Match {
	var m flow.Match
	pick := func(id flow.FieldID, choices ...uint64) {
		if r.IntN(2) == 0 {
			m.SetExact(id, flow.Value{Lo: choices[r.IntN(len(choices))]})
		}
	}
	prefix := func(id flow.FieldID, base uint64) {
		if r.IntN(3) == 0 {
			plen := []int{1, 8, 15, 16, 24, 31, 32}[r.IntN(7)]
			m.SetMasked(id, flow.Value{Lo: base ^ uint64(r.IntN(3))<<uint(r.IntN(31))}, flow.Value{Lo: 0xffffffff << (32 - plen) & 0xffffffff})
		}
	}
	prefix6 := func(id flow.FieldID) {
		if r.IntN(6) == 0 {
			plen := []int{3, 48, 64, 65, 128}[r.IntN(5)]
			hi, lo := cut(^uint64(0), ^uint64(0), plen)
			m.SetMasked(id, flow.Value{Hi: 0x20010db800000000 ^ uint64(r.IntN(3)), Lo: uint64(r.IntN(3))}, flow.Value{Hi: hi, Lo: lo})
		}
	}
	pick(flow.FieldInPort, 1, 2)
	pick(flow.FieldReg0, 0, 1)
	pick(flow.FieldEthDst, 1, 2, 3)
	pick(flow.FieldEthType, 0x800, 0x86dd)
	prefix(flow.FieldNWSrc, 0x0a000000)
	prefix(flow.FieldNWDst, 0x0a010203)
	prefix6(flow.FieldIPv6Src)
	prefix6(flow.FieldIPv6Dst)
	pick(flow.FieldIPProto, 6, 17)
	pick(flow.FieldTCPDst, 80, 443)
	if r.IntN(8) == 0 {
		m.SetMasked(flow.FieldTCPSrc, flow.Value{Lo: uint64(r.IntN(4))}, flow.Value{Lo: uint64(r.IntN(0x10000))})
	}
	return &m
}

// randomKey is a key that random rules match now and then.
func randomKey(r *rand.Rand) (k flow.Key) {
	for range 3 {
		m := randomMatch(r)
		for i := range k {
			k[i] = k[i]&^m.Mask[i] | m.Key[i]
		}
	}
	return k
}

func testRule(m *flow.Match, priority uint16) *Rule {
	return NewRule(&openflow.Rule{Match: *m, Priority: priority}, 0)
}

func seeded(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func TestAgainstList(t *testing.T) {
	r := seeded(t)
	for range 10 {
		table, l := &Table{}, list{}
		for range 40 {
			before, rulesBefore := table, append(list{}, l...)
			e := table.Edit()
			for range r.IntN(10) {
				l = change(r, e, l)
			}
			table = e.Table()
			checkAgainst(t, r, table, l)
			checkAgainst(t, r, before, rulesBefore) // what others hold has not moved
		}
		checkEmptied(t, table, l)
	}
}

// change inserts or removes a rule in both twins.
func change(r *rand.Rand, e *Edit, l list) list {
	if len(l) > 0 && r.IntN(5) < 2 {
		i := r.IntN(len(l))
		e.Remove(l[i])
		return append(append(list{}, l[:i]...), l[i+1:]...)
	}
	rule := testRule(randomMatch(r), uint16(r.IntN(6)))
	old := e.Insert(rule)
	var kept list
	for _, x := range l {
		if x != old {
			kept = append(kept, x)
		}
	}
	return append(kept, rule)
}

func checkAgainst(t *testing.T, r *rand.Rand, table *Table, l list) {
	t.Helper()
	if table.Len() != len(l) {
		t.Fatalf("the table has %d rules, the list %d", table.Len(), len(l))
	}
	for range 20 {
		k := randomKey(r)
		var seen flow.Mask
		got := table.Lookup(&k, &seen)
		if p := priorityOf(got); p != l.lookup(&k) {
			t.Fatalf("the table finds priority %d, the list %d", p, l.lookup(&k))
		}
		for range 20 { // whatever else changes, the rule stays
			other := randomKey(r)
			if r.IntN(2) == 0 {
				other = k
				for range 1 + r.IntN(3) {
					other[r.IntN(flow.Words)] ^= 1 << r.IntN(64)
				}
			}
			for i := range other {
				other[i] = other[i]&^seen[i] | k[i]&seen[i]
			}
			var again flow.Mask
			if table.Lookup(&other, &again) != got {
				t.Fatalf("a key that agrees on the %d bits seen gets another rule", ones(&seen))
			}
		}
	}
	for _, rule := range l {
		m := rule.Match()
		if table.Find(&m, rule.Priority) != rule {
			t.Fatal("a rule is not found by its match and priority")
		}
	}
}

// checkEmptied takes everything out: nothing may remain.
func checkEmptied(t *testing.T, table *Table, l list) {
	e := table.Edit()
	for _, rule := range l {
		e.Remove(rule)
	}
	table = e.Table()
	if table.Len() != 0 || table.Subtables() != 0 || table.tries != [numTries]*prefixNode{} {
		t.Fatalf("an emptied table has %d rules, %d subtables, tries %v", table.Len(), table.Subtables(), table.tries)
	}
}

func priorityOf(r *Rule) int32 {
	if r == nil {
		return noPriority
	}
	return r.Priority
}

func ones(m *flow.Mask) (n int) {
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

func TestLookupAllocatesNothing(t *testing.T) {
	r := seeded(t)
	e := (&Table{}).Edit()
	for range 200 {
		e.Insert(testRule(randomMatch(r), uint16(r.IntN(6))))
	}
	table := e.Table()
	k := randomKey(r)
	var seen flow.Mask
	if n := testing.AllocsPerRun(100, func() { table.Lookup(&k, &seen) }); n != 0 {
		t.Fatalf("a lookup allocates %v times", n)
	}
}

// Every bit of a key belongs to exactly one stage.
func TestStagesCutWords(t *testing.T) {
	for w := range flow.Words {
		var all uint64
		for s := range numStages {
			if all&stageBits(s, w) != 0 {
				t.Errorf("word %d: bits in two stages", w)
			}
			all |= stageBits(s, w)
		}
		if all != ^uint64(0) {
			t.Errorf("word %d: bits in no stage: %x", w, ^all)
		}
	}
}
