package ofproto

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

// pipeline is ten tables of a hundred rules each, as a network virtualization's: port, addresses, protocol, output.
func pipeline(tb testing.TB) []openflow.Rule {
	var b strings.Builder
	for t := range 9 {
		for i := range 99 {
			match := []string{
				fmt.Sprintf("in_port=%d", i+1), fmt.Sprintf("dl_src=00:00:00:00:01:%02x", i), fmt.Sprintf("ip,nw_src=10.%d.0.0/16", i),
				fmt.Sprintf("reg0=%d", i), fmt.Sprintf("tcp,tp_dst=%d", i),
			}[(t+i/33)%5]
			fmt.Fprintf(&b, "table=%d,priority=%d,%s,actions=load:%d->NXM_NX_REG0[],resubmit(,%d)\n", t, 100+i%3, match, i, t+1)
		}
		fmt.Fprintf(&b, "table=%d,priority=0,actions=resubmit(,%d)\n", t, t+1)
	}
	for i := range 100 {
		fmt.Fprintf(&b, "table=9,dl_dst=00:00:00:00:02:%02x,actions=dec_ttl,mod_dl_src:00:00:00:00:00:01,output:%d\n", i, i+1)
	}
	rules, err := openflow.ParseRules(strings.NewReader(b.String()), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

// benchKey is the key of connection i.
func benchKey(i int) (k flow.Key) {
	set := func(id flow.FieldID, v uint64) { id.Field().Set(&k, flow.Value{Lo: v}) }
	k[flow.WordPort] = uint64(101+i%2) << 32
	set(flow.FieldEthSrc, 0x0100+uint64(i%100))
	set(flow.FieldEthDst, 0x0200+uint64(i/7%100))
	set(flow.FieldEthType, flow.EthTypeIPv4)
	set(flow.FieldNWSrc, 0x0a000000+uint64(i))
	set(flow.FieldNWDst, 0x0b000000+uint64(i/3))
	set(flow.FieldIPProto, flow.ProtoTCP)
	set(flow.FieldNWTTL, 64)
	set(flow.FieldTCPSrc, uint64(i%60000))
	set(flow.FieldTCPDst, uint64(i%200))
	return k
}

var ruleSets = []struct {
	name  string
	rules func(testing.TB) []openflow.Rule
}{
	{"normal", func(tb testing.TB) []openflow.Rule { return []openflow.Rule{mustRule(tb, "actions=NORMAL")} }},
	{"pipeline-10x100", pipeline},
}

func benchBridge(tb testing.TB, rules []openflow.Rule) (*Bridge, *sink) {
	s := &sink{}
	b := New(Config{Name: "br0", Threads: 1}, s)
	b.SetPorts(testPorts(100))
	if err := b.ApplyRules(rules, 0); err != nil {
		tb.Fatal(err)
	}
	return b, s
}

func BenchmarkTranslate(b *testing.B) {
	for _, set := range ruleSets {
		b.Run(set.name, func(b *testing.B) {
			br, _ := benchBridge(b, set.rules(b))
			keys := make([]flow.Key, 1000)
			for i := range keys {
				keys[i] = benchKey(i)
			}
			var x xlate.Translator
			v := br.View()
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				x.Translate(v, &keys[i%len(keys)])
			}
		})
	}
}

// Upcalls that each make a flow.
func BenchmarkUpcall(b *testing.B) {
	br, _ := benchBridge(b, pipeline(b))
	b.ReportAllocs()
	for i := range b.N {
		k := benchKey(i)
		br.Upcall(0, &k, 60, clock.Second)
	}
	b.ReportMetric(float64(len(br.Flows()))/float64(b.N), "flows/op")
}

// A change of the first table, with 100,000 flows that all go through it.
func BenchmarkRevalidate(b *testing.B) {
	const flows = 100_000
	rules := pipeline(b)
	rules = append(rules, mustRule(b, "table=8,priority=200,dl_src=00:00:00:00:00:99,actions=drop")) // every flow looks at dl_src
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	br, s := benchBridge(b, rules)
	for i := 0; s.puts < flows; i++ {
		k := benchKey(i)
		k[flow.WordEthSrc] = uint64(rand.Uint32()) << 16
		br.Upcall(0, &k, 60, clock.Second)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	extra := mustRule(b, "table=0,priority=50,in_port=99,actions=drop")
	b.ResetTimer()
	for i := range b.N {
		extra.Cookie = uint64(i)
		if err := br.ApplyRules([]openflow.Rule{extra}, clock.Second); err != nil {
			b.Fatal(err)
		}
		if r := br.Revalidate(clock.Second); r.Translated < flows*9/10 && i > 0 {
			b.Fatalf("only %d of %d flows were translated", r.Translated, r.Flows)
		}
	}
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/flows, "B/flow")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/flows, "ns/flow")
}

// A hundred thousand rules in one change, and the memory that they take.
func BenchmarkApplyRules(b *testing.B) {
	const n = 100_000
	rules := make([]openflow.Rule, n)
	r := rand.New(rand.NewPCG(1, 2))
	base := mustRule(b, "in_port=1,tcp,nw_src=1.2.3.4,nw_dst=1.2.3.4,tp_dst=80,actions=output:2")
	for i := range rules {
		rules[i] = base
		rules[i].Match.Key[flow.WordIP] = r.Uint64()
		rules[i].Instructions.Apply = []openflow.Action{openflow.Output{Port: openflow.Port(2 + i%50)}}
	}
	var before, after runtime.MemStats
	for range b.N {
		runtime.GC()
		runtime.ReadMemStats(&before)
		br, _ := benchBridge(b, rules)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(br)
	}
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/n, "B/rule")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/n, "ns/rule")
}
