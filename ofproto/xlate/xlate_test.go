package xlate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/ofproto/mac"
	"pollux/ofproto/table"
	"pollux/openflow"
)

const testTables = 4

func seeded(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// testPorts are ports 1 to 4, in the datapath 11 to 14: two trunks, an access port and a native trunk.
func testPorts() *Ports {
	some := &VLANSet{}
	some.Add(1)
	return NewPorts([]Port{
		{Number: 1, Datapath: 11, Name: "p1"},
		{Number: 2, Datapath: 12, Name: "p2", VLAN: VLAN{Trunks: some}, NoFlood: true},
		{Number: 3, Datapath: 13, Name: "p3", VLAN: VLAN{Mode: Access, Tag: 1}},
		{Number: 4, Datapath: 14, Name: "p4", VLAN: VLAN{Mode: NativeUntagged, Tag: 2, Trunks: some}},
	})
}

func randomMatch(r *rand.Rand) (m flow.Match) {
	pick := func(id flow.FieldID, choices ...uint64) {
		if r.IntN(4) == 0 {
			m.SetExact(id, flow.Value{Lo: choices[r.IntN(len(choices))]})
		}
	}
	pick(flow.FieldInPort, 1, 2, 3)
	pick(flow.FieldEthDst, 0, 2, 4)
	pick(flow.FieldVLANTCI, 0, flow.VLANPresent|1, flow.VLANPresent|2)
	pick(flow.FieldEthType, flow.EthTypeIPv4)
	pick(flow.FieldReg0, 0, 1, 2)
	if r.IntN(3) == 0 {
		plen := r.IntN(33)
		m.SetMasked(flow.FieldNWDst, flow.Value{Lo: 0x0a000000 + uint64(r.IntN(4))}, flow.Value{Lo: 0xffffffff << (32 - plen)})
	}
	pick(flow.FieldIPProto, flow.ProtoTCP, flow.ProtoUDP)
	pick(flow.FieldTCPDst, 80)
	return m
}

// stated reports whether a match says what the fields it looks at need.
func stated(m *flow.Match) bool {
	ports := m.Mask[flow.WordIPProto]&0xffff != 0
	return (m.Mask[flow.WordIP]|m.Mask[flow.WordIPProto] == 0 || m.Meets(flow.NeedIPv4)) && (!ports || m.Meets(flow.NeedTCP))
}

// randomKey is the key of a packet that could be, near to what the rules know.
func randomKey(r *rand.Rand) (k flow.Key) {
	set := func(id flow.FieldID, v uint64) { id.Field().Set(&k, flow.Value{Lo: v}) }
	k[flow.WordPort] = uint64(11+r.IntN(4)) << 32
	set(flow.FieldEthDst, []uint64{2, 4, 6, 0xffffffffffff, 0x0180c2000002}[r.IntN(5)])
	set(flow.FieldEthSrc, uint64(2*r.IntN(4)))
	set(flow.FieldEthType, []uint64{flow.EthTypeIPv4, flow.EthTypeIPv4, 0x9999}[r.IntN(3)])
	if r.IntN(2) == 0 {
		k[flow.WordVLAN] = flow.EthTypeVLAN<<48 | uint64(flow.VLANPresent|r.IntN(2)<<13|r.IntN(3))<<32
		if r.IntN(3) == 0 {
			k[flow.WordVLAN] |= flow.EthTypeVLAN<<16 | uint64(flow.VLANPresent|r.IntN(3))
		}
	}
	set(flow.FieldNWSrc, uint64(r.Uint32()))
	set(flow.FieldNWDst, 0x0a000000+uint64(r.IntN(5)))
	set(flow.FieldIPProto, []uint64{flow.ProtoTCP, flow.ProtoUDP, 47}[r.IntN(3)])
	set(flow.FieldNWTTL, uint64(r.IntN(4)))
	set(flow.FieldNWTOS, uint64(r.IntN(256)))
	set(flow.FieldTCPDst, []uint64{80, 443}[r.IntN(2)])
	possible(&k)
	return k
}

// possible takes away what no packet has: headers behind an unknown type, a tag inside none, a tunnel that leads nowhere.
func possible(k *flow.Key) {
	if uint32(k[flow.WordTunIP]) == 0 && k[flow.WordTunIP6DstHi]|k[flow.WordTunIP6DstLo] == 0 {
		clear(k[flow.WordTunID:flow.WordEthDst])
	}
	if k[flow.WordVLAN]&(flow.VLANPresent<<32) == 0 {
		k[flow.WordVLAN] = 0
	}
	if k[flow.WordVLAN]&flow.VLANPresent == 0 {
		k[flow.WordVLAN] = k[flow.WordVLAN] >> 32 << 32
	}
	if uint16(k[flow.WordEthDst]) != flow.EthTypeIPv4 {
		k[flow.WordIP], k[flow.WordIPProto] = 0, 0
	}
	if p := k[flow.WordIPProto] >> 56; p != flow.ProtoTCP && p != flow.ProtoUDP {
		k[flow.WordIPProto] = k[flow.WordIPProto] >> 32 << 32
	}
}

// randomView makes tables of random rules, and its twin. If suits, the actions of a rule suit its match, as Open vSwitch demands.
func randomView(r *rand.Rand, kinds int, suits bool) (*View, *twin) {
	v := &View{Bridge: "br0", Ports: testPorts(), MACs: mac.New(mac.DefaultLimits)}
	for range r.IntN(6) {
		v.MACs.Learn(mac.Address{MAC: uint64(2 * r.IntN(4)), VLAN: uint16(r.IntN(3))}, openflow.Port(1+r.IntN(4)), 0)
	}
	w := &twin{view: v}
	for t := range testTables + 1 {
		e := (&table.Table{}).Edit()
		for p := range r.IntN(12) {
			rule := openflow.Rule{Table: uint8(t), Priority: uint16(p), Match: randomMatch(r)} // no two of one priority
			rule.Instructions.Apply = randomList(r, kinds, min(t+1, testTables), 0)
			if t < testTables && r.IntN(4) == 0 {
				rule.Instructions.Goto = uint8(t + 1)
			}
			if suits && (!stated(&rule.Match) || rule.Check() != nil) {
				continue
			}
			e.Insert(table.NewRule(&rule, 0))
		}
		v.Tables[t] = e.Table()
		w.rules[t] = v.Tables[t].Sorted()
	}
	return v, w
}

// What translation makes of a packet must be what the twin does with it, and with every other packet that agrees under the mask.
func TestAgainstTwin(t *testing.T) {
	r := seeded(t)
	var x Translator
	compared := 0
	for range 400 {
		v, w := randomView(r, kindsOfTwin, false)
		for range 20 {
			a := randomKey(r)
			res := x.Translate(v, &a)
			if res.Failure != "" {
				continue
			}
			actions := slices.Clone(res.Actions)
			if err := action.Validate(actions, 100); err != nil {
				t.Fatal(err)
			}
			mask := res.Mask
			compare(t, w, &a, actions)
			for range 10 {
				b := randomKey(r)
				if r.IntN(2) == 0 {
					b = a
					b[r.IntN(flow.DatapathWords)] ^= 1 << r.IntN(64)
				}
				for i := range b {
					b[i] = b[i]&^mask[i] | a[i]&mask[i]
				}
				was := b
				if possible(&b); b != was {
					continue
				}
				compared++
				compare(t, w, &b, actions)
				if again := x.Translate(v, &b); !slices.Equal(again.Actions, actions) {
					t.Fatalf("packets that agree under the mask get different actions:\n%v\n%v", actions, again.Actions)
				}
			}
		}
	}
	if compared < 10_000 {
		t.Errorf("only %d pairs of packets were compared", compared)
	}
}

func compare(t *testing.T, w *twin, key *flow.Key, actions action.List) {
	t.Helper()
	want, got := w.run(key), execute(*key, actions)
	if w.broke {
		return
	}
	if len(want) != len(got) {
		t.Fatalf("the twin sends %d packets, the flow %d", len(want), len(got))
	}
	for i := range want {
		if want[i].port != got[i].port {
			t.Fatalf("packet %d goes to port %d, the twin's to %d", i, got[i].port, want[i].port)
		}
		for word := 1; word < flow.DatapathWords; word++ {
			if want[i].key[word] != got[i].key[word] {
				t.Fatalf("packet %d has %#x in word %d, the twin's %#x", i, got[i].key[word], word, want[i].key[word])
			}
		}
	}
}

// The flow's mask is bits of the datapath's words, always with what Open vSwitch always has.
func TestMaskHasTheUsual(t *testing.T) {
	r := seeded(t)
	v, _ := randomView(r, kindsOfTwin, false)
	k := randomKey(r)
	res := Translate(v, &k)
	for _, id := range []flow.FieldID{flow.FieldInPort, flow.FieldRecircID, flow.FieldPacketType, flow.FieldEthType} {
		if f := id.Field(); f.GetMask(&res.Mask) != f.Ones() {
			t.Errorf("%s is not in the mask", f.Name)
		}
	}
	for w := flow.DatapathWords; w < flow.Words; w++ {
		if res.Mask[w] != 0 {
			t.Errorf("word %d of the mask is not the datapath's", w)
		}
	}
}

// What one packet may cause is bounded, and a packet that would go beyond is dropped whole.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ want, rules string }{
		{"over max translation depth 64", "table=0,actions=output:2,resubmit(,0)"},
		{"over 4096 resubmit actions", doubling(13)},
		{"resubmits yielded over 4096 words of datapath actions", outputting(4)},
		{"resubmits left over 8192 values on the stack", pushing()},
	} {
		rules, err := openflow.ParseRules(strings.NewReader(c.rules), nil)
		if err != nil {
			t.Fatal(err)
		}
		v := &View{Ports: testPorts(), MACs: mac.New(mac.DefaultLimits)}
		edits := map[uint8]*table.Edit{}
		for i := range rules {
			id := rules[i].Table
			if edits[id] == nil {
				edits[id] = (&table.Table{}).Edit()
			}
			edits[id].Insert(table.NewRule(&rules[i], 0))
		}
		for id, e := range edits {
			v.Tables[id] = e.Table()
		}
		k := randomKey(seeded(t))
		k[flow.WordPort] = 11 << 32
		res := Translate(v, &k)
		if res.Failure != c.want || res.Actions.String() != "drop" || res.Drop != counter.FlowDrop {
			t.Errorf("want %q, get %q with %s", c.want, res.Failure, res.Actions)
		}
	}
}

// doubling is a chain of tables of which each resubmits twice to the next.
func doubling(tables int) string {
	var b strings.Builder
	for i := range tables {
		fmt.Fprintf(&b, "table=%d,actions=resubmit(,%d),resubmit(,%d)\n", i, i+1, i+1)
	}
	return b.String()
}

// outputting outputs from a table that is reached a thousand times.
func outputting(tables int) string {
	var b strings.Builder
	for i := range tables {
		fmt.Fprintf(&b, "table=%d,actions=%s\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("resubmit(,%d),", i+1), 6), ","))
	}
	fmt.Fprintf(&b, "table=%d,actions=output:2,output:3,output:2,output:3", tables)
	return b.String()
}

// pushing pushes ten values in each of a thousand visits.
func pushing() string {
	var b strings.Builder
	for i := range 3 {
		fmt.Fprintf(&b, "table=%d,actions=%s\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("resubmit(,%d),", i+1), 10), ","))
	}
	fmt.Fprintf(&b, "table=3,actions=%s", strings.TrimSuffix(strings.Repeat("push:NXM_NX_REG0[],", 10), ","))
	return b.String()
}
