package flow

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// setRandom makes the match look at field f at random: whole, or through a mask if the field may have one or any is set.
func setRandom(r *rand.Rand, m *Match, f *Field, any bool) {
	v := Value{r.Uint64(), r.Uint64()}
	mask := f.Ones()
	if (f.Maskable == MaskBitwise || any) && r.IntN(2) == 0 {
		mask = Value{r.Uint64(), r.Uint64()}.And(mask)
		if f.Format == IPv4Address || f.Format == IPv6Address && r.IntN(2) == 0 {
			mask = Ones(f.Bits).AndNot(Ones(r.IntN(f.Bits)))
		}
	}
	if f.Format == PortNumber {
		v = Value{0, uint64(WidenPort(uint16(r.Uint32())))}
	}
	m.SetMasked(f.ID, v.And(mask), mask)
}

// randomMatch makes a match that OpenFlow allows.
func randomMatch(r *rand.Rand) (m Match) {
	pick := func(from ...uint64) Value { return Value{0, from[r.IntN(len(from))]} }
	switch r.IntN(8) {
	case 0:
	case 1:
		m.SetExact(FieldPacketType, pick(1<<16|0x800, 1<<16|0x86dd, 1<<16|0x1234, 2<<16))
	default:
		m.SetExact(FieldEthType, pick(0x800, 0x800, 0x86dd, 0x86dd, 0x806, 0x8035, 0x8847, 0x8848, 0x894f, 0x1234, 0x5ff))
	}
	if m.Meets(NeedIP) && r.IntN(6) > 0 {
		m.SetExact(FieldIPProto, pick(6, 17, 1, 58, 132, 47, 2, 0))
	}
	if m.Meets(NeedICMPv6) && r.IntN(2) > 0 {
		m.SetExact(FieldICMPv6Type, pick(135, 136))
	}
	for f := range Fields {
		switch f.ID {
		case FieldEthType, FieldIPProto, FieldICMPv6Type, FieldPacketType:
			continue
		}
		if r.IntN(10) == 0 && m.Meets(f.Prereq) {
			setRandom(r, &m, f, false)
		}
	}
	if r.IntN(4) == 0 {
		setRandom(r, &m, FieldVLAN2TCI.Field(), false)
	}
	return m
}

func TestMatchTextIsTheInverse(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 3))
	t.Logf("seed %d", seed)
	for i := range 20000 {
		m := randomMatch(r)
		names := PortNames(nil)
		if i%2 == 0 {
			names = storyPorts
		}
		text := string(m.Append(nil, names))
		got, err := ParseMatch(text, names)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got != m {
			t.Fatalf("%s is read as %s:\n%s\nmask:\n%s", text, got.String(), differences(&got.Key, &m.Key), differences((*Key)(&got.Mask), (*Key)(&m.Mask)))
		}
	}
}

func FuzzParseMatch(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		m := randomMatch(r)
		f.Add(m.String())
	}
	for _, s := range []string{"tcp,nw_src=10.0.0.0/8,tp_dst=80", "ct_state=+trk-new", "in_port=LOCAL", "dl_vlan=0xffff", "packet_type=(1,0x800)", "vlan_tci=0x1005/0x100f", `in_port="a,b"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMatch(s, storyPorts)
		if err != nil {
			return
		}
		normal := m
		if normal.Normalize(); normal != m {
			t.Fatalf("%q has bits outside its mask", s)
		}
		text := string(m.Append(nil, storyPorts))
		if got, err := ParseMatch(text, storyPorts); err != nil || got != m {
			t.Fatalf("%q is printed as %q, which is read as %q (%v)", s, text, got.String(), err)
		}
	})
}

// A rule's text has other words between those of its match.
func TestMatchParserInPieces(t *testing.T) {
	var p MatchParser
	for _, kv := range [][2]string{{"tcp", ""}, {"nw_dst", "10.0.0.1"}} {
		if err := p.Add(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Add("priority", "5"); !errors.Is(err, ErrNoField) {
		t.Errorf("priority: %v", err)
	}
	if m, err := p.Finish(); err != nil || m.String() != "tcp,nw_dst=10.0.0.1" {
		t.Errorf("%s, %v", m.String(), err)
	}
}

func TestNextPair(t *testing.T) {
	for _, c := range [][4]string{
		{" , a=b,c", "a", "b", ",c"},
		{"a", "a", "", ""},
		{"a b", "a", "", " b"},
		{"set(eth(src=1,dst=2)),x", "set", "eth(src=1,dst=2)", ",x"},
		{"packet_type=(1,0x800),x=1", "packet_type", "(1,0x800)", ",x=1"},
		{"output:1,x", "output", "1", ",x"},
		{`in_port="a,b" c`, "in_port", `"a,b"`, " c"},
		{"a=", "a", "", ""},
		{"load:1->NXM_NX_REG0[0..1],b", "load", "1->NXM_NX_REG0[0..1]", ",b"},
		{"a(b", "a", "b", ""},
	} {
		if k, v, rest, ok := NextPair(c[0]); !ok || k != c[1] || v != c[2] || rest != c[3] {
			t.Errorf("%q: %q, %q, %q", c[0], k, v, rest)
		}
	}
	if _, _, _, ok := NextPair(" ,\n"); ok {
		t.Error("something in nothing")
	}
}

func TestMasksAndKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 500 {
		m, o := randomMatch(r), randomMatch(r)
		k := randomKey(r)
		var masked Key
		k.And(&m.Mask, &masked)
		if want := masked == m.Key; m.Matches(&k) != want {
			t.Fatalf("%s matches: %v", m.String(), !want)
		}
		if hit := (Match{masked, m.Mask}); !hit.Matches(&k) {
			t.Fatalf("%s does not match its own packet", hit.String())
		}
		both := m.Mask
		both.Or(&o.Mask)
		if !both.Covers(&m.Mask) || !both.Covers(&o.Mask) || m.Mask.Covers(&both) != (both == m.Mask) {
			t.Fatalf("%s and %s do not add up", m.String(), o.String())
		}
		other := k
		for i := range other {
			other[i] ^= r.Uint64() &^ m.Mask[i]
		}
		if Hash(&k, &m.Mask, 5) != Hash(&other, &m.Mask, 5) {
			t.Fatalf("the hash of %s sees bits outside the mask", m.String())
		}
		if Hash(&k, &m.Mask, 5) == Hash(&k, &m.Mask, 6) {
			t.Fatalf("the hash of %s does not see the seed", m.String())
		}
	}
}
