package table

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"pollux/flow"
)

// aclMatch is the usual shape of a large table: port, protocol, addresses, a transport port.
func aclMatch(r *rand.Rand) *flow.Match {
	var m flow.Match
	m.SetExact(flow.FieldInPort, flow.Value{Lo: 1})
	m.SetExact(flow.FieldEthType, flow.Value{Lo: flow.EthTypeIPv4})
	m.SetExact(flow.FieldIPProto, flow.Value{Lo: flow.ProtoTCP})
	m.SetExact(flow.FieldNWSrc, flow.Value{Lo: uint64(r.Uint32())})
	m.SetExact(flow.FieldNWDst, flow.Value{Lo: uint64(r.Uint32())})
	m.SetExact(flow.FieldTCPDst, flow.Value{Lo: uint64(r.IntN(1000))})
	return &m
}

// Rules a second into one table in one edit, and one edit a rule; bytes a rule.
func BenchmarkInsert(b *testing.B) {
	for _, each := range []int{1 << 30, 1} {
		b.Run(fmt.Sprintf("commit-every-%d", each), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			rules := make([]*Rule, b.N)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for i := range rules {
				rules[i] = testRule(aclMatch(r), 100)
			}
			t := &Table{}
			b.ResetTimer()
			e := t.Edit()
			for i, rule := range rules {
				e.Insert(rule)
				if i%each == 0 {
					t = e.Table()
				}
			}
			t = e.Table()
			b.StopTimer()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(b.N), "B/rule")
			runtime.KeepAlive(t)
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("rules-%d", n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			e := (&Table{}).Edit()
			keys := make([]flow.Key, 0, 1024)
			for i := range n {
				m := aclMatch(r)
				e.Insert(testRule(m, 100))
				if i%(n/min(n, 1000)) == 0 {
					keys = append(keys, m.Key)
				}
			}
			t := e.Table()
			runtime.GC()
			b.ResetTimer()
			for i := range b.N {
				var seen flow.Mask
				if t.Lookup(&keys[i%len(keys)], &seen) == nil {
					b.Fatal("a rule is not found")
				}
			}
		})
	}
}
