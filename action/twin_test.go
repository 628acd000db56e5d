package action

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// The twin of a header edit is to read the packet into a key, change the key,
// and compose a packet from it with checksums computed from scratch.

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func testPool(t testing.TB) *packet.Pool {
	m, err := packet.NewMemory(make([]byte, 64*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	return m.Split(1)[0]
}

// randomKey is the key of a packet of a random kind.
func randomKey(r *rand.Rand) (k flow.Key) {
	put := func(id flow.FieldID, v flow.Value) { id.Field().Set(&k, v) }
	number := func(n uint64) flow.Value { return flow.Value{Lo: n} }
	any := func(ids ...flow.FieldID) {
		for _, id := range ids {
			put(id, flow.Value{Hi: r.Uint64(), Lo: r.Uint64()})
		}
	}
	any(flow.FieldEthSrc, flow.FieldEthDst)
	for range r.IntN(3) {
		tag := uint64([]uint64{flow.EthTypeVLAN, flow.EthTypeQinQ}[r.IntN(2)]<<16|flow.VLANPresent) | r.Uint64()&0xefff
		k[flow.WordVLAN] = k[flow.WordVLAN]>>32 | tag<<32
	}
	typ := []uint64{flow.EthTypeIPv4, flow.EthTypeIPv6, flow.EthTypeIPv4, flow.EthTypeIPv6, flow.EthTypeARP, flow.EthTypeMPLS, flow.EthTypeNSH, 0x1234}[r.IntN(8)]
	put(flow.FieldEthType, number(typ))
	switch typ {
	case flow.EthTypeIPv4, flow.EthTypeIPv6:
		any(flow.FieldIPTOS, flow.FieldNWTTL)
		if typ == flow.EthTypeIPv4 {
			any(flow.FieldNWSrc, flow.FieldNWDst)
		} else {
			any(flow.FieldIPv6Src, flow.FieldIPv6Dst)
			put(flow.FieldIPv6Label, number(r.Uint64()&0xfffff))
		}
		frag := uint64([]int{0, 0, 0, flow.FragAny, flow.FragAny | flow.FragLater}[r.IntN(5)])
		put(flow.FieldIPFrag, number(frag))
		randomTransport(r, typ, frag, put, any)
	case flow.EthTypeARP:
		any(flow.FieldARPOp, flow.FieldARPSPA, flow.FieldARPTPA, flow.FieldARPSHA, flow.FieldARPTHA)
	case flow.EthTypeMPLS:
		n := r.IntN(3)
		for i, w := range []*uint64{&k[flow.WordMPLS], &k[flow.WordMPLS], &k[flow.WordMPLS2]}[:n+1] {
			entry := r.Uint64() & 0xfffffeff
			if i == n {
				entry |= 0x100
			}
			*w |= entry << []int{32, 0, 32}[i]
		}
	case flow.EthTypeNSH:
		put(flow.FieldNSHMDType, number(uint64(1+r.IntN(2))))
		any(flow.FieldNSHNP, flow.FieldNSHSPI, flow.FieldNSHSI)
		put(flow.FieldNSHFlags, number(r.Uint64()&3))
		put(flow.FieldNSHTTL, number(r.Uint64()&0x3f))
		if flow.FieldNSHMDType.Field().Get(&k).Lo == 1 {
			any(flow.FieldNSHC1, flow.FieldNSHC2, flow.FieldNSHC3, flow.FieldNSHC4)
		}
	}
	return k
}

func randomTransport(r *rand.Rand, typ, frag uint64, put func(flow.FieldID, flow.Value), any func(...flow.FieldID)) {
	number := func(n uint64) flow.Value { return flow.Value{Lo: n} }
	if frag&flow.FragLater != 0 {
		put(flow.FieldIPProto, number(map[uint64]uint64{flow.EthTypeIPv4: flow.ProtoTCP, flow.EthTypeIPv6: 44}[typ]))
		return
	}
	proto := []uint64{flow.ProtoTCP, flow.ProtoUDP, flow.ProtoSCTP, flow.ProtoICMP, 47}[r.IntN(5)]
	if proto == flow.ProtoICMP && typ == flow.EthTypeIPv6 {
		proto = flow.ProtoICMPv6
	}
	put(flow.FieldIPProto, number(proto))
	switch proto {
	case flow.ProtoTCP:
		any(flow.FieldTCPSrc, flow.FieldTCPDst)
		put(flow.FieldTCPFlags, number(r.Uint64()&0xfff))
	case flow.ProtoUDP, flow.ProtoSCTP:
		any(flow.FieldTCPSrc, flow.FieldTCPDst)
	case flow.ProtoICMP, flow.ProtoICMPv6:
		put(flow.FieldICMPType, number(r.Uint64()&0x7f)) // no neighbour discovery
		any(flow.FieldICMPCode)
		if proto == flow.ProtoICMPv6 && r.IntN(2) == 0 {
			put(flow.FieldICMPv6Type, number(135+r.Uint64()&1))
			put(flow.FieldICMPv6Code, number(0))
			any(flow.FieldNDTarget, flow.FieldNDReserved)
			if r.IntN(2) == 0 {
				any(flow.FieldNDSLL)
				put(flow.FieldNDOptionsType, number(1))
			} else {
				any(flow.FieldNDTLL)
				put(flow.FieldNDOptionsType, number(2))
			}
		}
	}
}

// hasField says which packets have a field, from their keys alone. ports is the field of ND options.
func hasField(k *flow.Key, id flow.FieldID) bool {
	m := flow.Match{Key: *k}
	for i := range m.Mask {
		m.Mask[i] = ^uint64(0)
	}
	f := id.Field()
	frag := flow.FieldIPFrag.Field().Get(k).Lo
	option := flow.FieldNDOptionsType.Field().Get(k).Lo
	switch id {
	case flow.FieldVLANTCI, flow.FieldVLANVID, flow.FieldDLVLAN, flow.FieldDLVLANPCP:
		return m.Meets(flow.NeedVLAN)
	case flow.FieldNDSLL:
		return m.Meets(flow.NeedND) && (option == 1 || !flow.FieldNDSLL.Field().Get(k).IsZero())
	case flow.FieldNDTLL:
		return m.Meets(flow.NeedND) && (option == 2 || !flow.FieldNDTLL.Field().Get(k).IsZero())
	case flow.FieldIPTOS:
		return m.Meets(flow.NeedIP)
	case flow.FieldNSHC1, flow.FieldNSHC2, flow.FieldNSHC3, flow.FieldNSHC4:
		return m.Meets(flow.NeedNSH) && flow.FieldNSHMDType.Field().Get(k).Lo == 1
	}
	later := frag&flow.FragLater != 0
	switch f.Prereq {
	case flow.NeedTCP, flow.NeedUDP, flow.NeedSCTP, flow.NeedICMPv4, flow.NeedICMPv6, flow.NeedND, flow.NeedNDSolicit, flow.NeedNDAdvert:
		if later {
			return false
		}
	}
	return m.Meets(f.Prereq)
}

// settableFields are the fields in the packet's bytes that Set writes.
func settableFields() (ids []flow.FieldID) {
	for id := range flow.NumFields {
		if Settable(id) && places[id].layer != metadata {
			ids = append(ids, id)
		}
	}
	return ids
}

// room is the mask of what a packet has of a field: less than the key, for some.
func room(id flow.FieldID) flow.Value {
	m := flow.Ones(int(places[id].bits)).And(id.Field().Ones())
	if id == flow.FieldVLANTCI {
		m.Lo &^= flow.VLANPresent
	}
	return m
}

func TestSetTwin(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	ids := settableFields()
	for range 200000 {
		k := randomKey(r)
		payload := make([]byte, r.IntN(50))
		for i := range payload {
			payload[i] = byte(r.Uint32())
		}
		p := pool.Get()
		if !p.Set(flow.Compose(&k, payload)) {
			t.Fatal("no room")
		}
		flow.Extract(p, &k)
		id := ids[r.IntN(len(ids))]
		v := flow.Value{Hi: r.Uint64(), Lo: r.Uint64()}
		mask := id.Field().Ones()
		if r.IntN(2) == 0 {
			mask = mask.And(flow.Value{Hi: r.Uint64(), Lo: r.Uint64()})
		}
		if id == flow.FieldNDOptionsType || id == flow.FieldICMPv6Type || id == flow.FieldICMPv6Code {
			pool.Put(p) // the key of another kind of message composes to another message
			continue
		}
		before := bytes.Clone(p.Bytes())
		list := List{}.Set(id, v, mask)
		a, _ := list.First()
		reason := Apply(p, a)
		if reason == counter.ActionImpossible && places[id].layer == sctp && flow.FieldIPFrag.Field().Get(&k).Lo != 0 {
			pool.Put(p)
			continue
		}
		want := k
		if hasField(&k, id) {
			id.Field().SetMasked(&want, v, mask.And(room(id)))
		}
		checkPacket(t, p, &want, payload, before, id)
		pool.Put(p)
		if t.Failed() {
			return
		}
	}
}

// checkPacket compares an edited packet with what the twin composes, and what it says of its layers with what extraction says.
func checkPacket(t *testing.T, p *packet.Packet, want *flow.Key, payload, before []byte, id flow.FieldID) {
	t.Helper()
	twin := flow.Compose(want, payload)
	if !bytes.Equal(p.Bytes(), twin) {
		m := flow.Match{Key: *want}
		t.Errorf("set %s in\n%x gives\n%x, and should\n%x\n%s", id, before, p.Bytes(), twin, m.String())
	}
	l3, l4 := p.L3, p.L4
	var k flow.Key
	flow.Extract(p, &k)
	if l3 != p.L3 || l4 != p.L4 {
		t.Errorf("set %s: headers at %d and %d, extraction says %d and %d", id, l3, l4, p.L3, p.L4)
	}
}
