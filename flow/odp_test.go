package flow

import (
	"math/rand/v2"
	"testing"
)

// randomMegaflow makes the match of a datapath flow as the text can say it: fields of the packet's own
// headers under any mask.
func randomMegaflow(r *rand.Rand) (m Match) {
	m = randomMatch(r)
	for i := DatapathWords; i < Words; i++ {
		m.Key[i], m.Mask[i] = 0, 0
	}
	for _, id := range []FieldID{FieldVLANTPID, FieldVLAN2TPID, FieldVLAN2TCI, FieldVLANTCI} {
		m.SetMasked(id, Value{}, Value{})
	}
	for id := FieldNone + 1; id < NumFields; id++ {
		f := id.Field()
		if r.IntN(12) > 0 || !m.Meets(f.Prereq) || f.Word >= DatapathWords {
			continue
		}
		switch id {
		case FieldEthType, FieldIPProto, FieldPacketType, FieldInPort, FieldICMPv6Type, FieldVLANTCI, FieldDLVLAN, FieldDLVLANPCP,
			FieldVLANPCP, FieldVLANVID, FieldVLANTPID, FieldVLAN2TPID, FieldVLAN2TCI, FieldIGMPGroup, FieldMPLS2, FieldMPLS3:
			continue // these have a say in what can be said at all
		}
		setRandom(r, &m, f, true)
	}
	for _, id := range []FieldID{FieldCtNWSrc, FieldCtNWDst} { // a connection is of one kind
		if m.Mask[WordCtIP6SrcHi]|m.Mask[WordCtIP6SrcLo]|m.Mask[WordCtIP6DstHi]|m.Mask[WordCtIP6DstLo] != 0 {
			m.SetMasked(id, Value{}, Value{})
		}
	}
	randomTags(r, &m)
	return m
}

func randomTags(r *rand.Rand, m *Match) {
	for depth, tag := range odpTags {
		switch r.IntN(4) {
		case 0:
			return
		case 1:
			m.SetExact(tag.tci, Value{})
			return
		}
		mask := Value{0, VLANPresent | r.Uint64()&0xffff}
		v := Value{0, VLANPresent | r.Uint64()&0xffff}
		if r.IntN(8) == 0 { // bits that no packet has: a tag that is not there
			v = Value{0, v.Lo&^VLANPresent | 1}
			mask.Lo |= 1
		}
		m.SetMasked(tag.tci, v.And(mask), mask)
		if r.IntN(4) > 0 {
			m.SetExact(tag.tpid, Value{0, EthTypeVLAN + uint64(depth)})
		}
	}
}

func TestODPTextIsTheInverse(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 4))
	t.Logf("seed %d", seed)
	for i := range 20000 {
		m := randomMegaflow(r)
		names := PortNames(nil)
		if i%2 == 0 {
			names = storyPorts
		}
		text := string(m.AppendODP(nil, names))
		got, err := ParseODP(text, names)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got != m {
			t.Fatalf("%s is read as %s:\n%s\nmask:\n%s", text, got.AppendODP(nil, nil), differences(&got.Key, &m.Key), differences((*Key)(&got.Mask), (*Key)(&m.Mask)))
		}
	}
}

func FuzzParseODP(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 3))
	for range 30 {
		m := randomMegaflow(r)
		f.Add(string(m.AppendODP(nil, nil)))
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseODP(s, storyPorts)
		if err != nil {
			return
		}
		text := string(m.AppendODP(nil, storyPorts))
		again, err := ParseODP(text, storyPorts)
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", s, text, err)
		}
		if got := string(again.AppendODP(nil, storyPorts)); got != text {
			t.Fatalf("%q is printed as %q, then as %q", s, text, got)
		}
	})
}
