package emc

import (
	"math/rand/v2"
	"testing"
	"time"

	"pollux/dpcls"
	"pollux/flow"
	"pollux/packet"
)

func seeded(tb testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// randomFrame has few values in every field, so that packets agree now and then.
func randomFrame(r *rand.Rand) frame {
	few := func(v ...int) int { return v[r.IntN(len(v))] }
	f := frame{vlan: few(-1, -1, 0, 10, 0xf00a), six: r.IntN(3) == 0, proto: uint8(few(6, 6, 17, 17, 1, 58, 132, 47, 2)),
		src: 0x0a000001 + uint32(r.IntN(3)), dst: 0x14000001 + uint32(r.IntN(3)), sport: uint16(few(8, 80, 133, 135, 1024)), dport: uint16(few(0, 80, 443)),
		tos: uint8(few(0, 0, 4, 0xff)), ttl: uint8(few(1, 64)), dlSrc: uint64(few(1, 2)), dlDst: uint64(few(1, 2)), tcpFlags: few(0x02, 0x10, 0x110), padLen: few(0, 0, 6)}
	if f.six {
		f.label = few(0, 0, 7)
	}
	return f
}

// spoil makes a packet unusual in one way or another, or leaves it as it is.
func spoil(r *rand.Rand, b []byte) []byte {
	switch r.IntN(6) {
	case 0:
		b = b[:r.IntN(len(b)+1)]
	case 1:
		for range 1 + r.IntN(2) {
			b[12+r.IntN(len(b)-12)] = byte(r.Uint32())
		}
	case 2:
		b[12+r.IntN(min(len(b)-12, 44))] ^= 1 << r.IntN(8)
	}
	return b
}

// randomMask is one a flow might have: some bits of some fields, with the type of the packet more often than not.
func randomMask(r *rand.Rand) (m flow.Mask) {
	usual := []int{flow.WordPort, flow.WordEthDst, flow.WordEthSrc, flow.WordVLAN, flow.WordIP, flow.WordIPProto, flow.WordMPLS2,
		flow.WordIP6SrcHi, flow.WordIP6SrcLo, flow.WordIP6DstHi, flow.WordIP6DstLo}
	for range r.IntN(6) {
		w := usual[r.IntN(len(usual))]
		switch r.IntN(3) {
		case 0:
			m[w] = ^uint64(0)
		case 1:
			m[w] |= 0xff << (8 * r.IntN(8))
		default:
			m[w] |= r.Uint64() & r.Uint64()
		}
	}
	if r.IntN(3) > 0 {
		m[flow.WordEthDst] |= 0xffff
	}
	if r.IntN(8) == 0 {
		for w := range m[:flow.DatapathWords] {
			m[w] = ^uint64(0)
		}
	}
	return m
}

// fits compares p, whose short key is w, with f as the first cache does.
func fits(f *dpcls.Flow, w *dpcls.Short, family dpcls.Family) bool {
	v, m := f.Short(family)
	n := dpcls.ShortWords
	if family == dpcls.IPv4 {
		n = dpcls.ShortWords4
	}
	for i := range n {
		if w[i]&m[i] != v[i] {
			return false
		}
	}
	return true
}

// checkShape compares what shorten says of p with what extraction says of it, and by it whether p belongs to the flow that
// q is of under mask.
func checkShape(tb testing.TB, p, q *packet.Packet, mask *flow.Mask) (usual bool) {
	var w dpcls.Short
	p.L3, p.L4 = packet.NoLayer, packet.NoLayer
	family := shorten(p, &w)
	l3, l4 := p.L3, p.L4
	pKey, qKey := keyOf(p), keyOf(q)
	if family == 0 {
		return false
	}
	if l3 != p.L3 || l4 != p.L4 {
		tb.Fatalf("layers at %d and %d, extraction says %d and %d: % x", l3, l4, p.L3, p.L4, p.Bytes())
	}
	cls := dpcls.New(dpcls.Config{MaxMasks: 1, MaxFlows: 1, Seed: 1})
	f, err := cls.Put(0, &qKey, mask, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	want := cls.Matches(f, &pKey)
	switch {
	case f.Fits()&family != 0:
		if got := fits(f, &w, family); got != want {
			tb.Fatalf("by its short key the packet belongs to the flow: %v, by its key: %v\n% x\n% x\nmask %x", got, want, p.Bytes(), q.Bytes(), *mask)
		}
	case want && mask[flow.WordEthDst]&0xffff == 0xffff:
		tb.Fatalf("the flow of a usual packet does not fit\n% x\n% x\nmask %x", p.Bytes(), q.Bytes(), *mask)
	}
	return true
}

func TestShortKeysSayWhatKeysSay(t *testing.T) {
	r := seeded(t)
	pl := pool(t, 2)
	p, q := pl.Get(), pl.Get()
	usual := 0
	for range 30000 {
		for _, x := range []*packet.Packet{p, q} {
			f := randomFrame(r)
			x.Set(spoil(r, f.bytes()))
			x.Port = uint32(1 + r.IntN(2))
			if r.IntN(20) == 0 {
				x.Port = 1 << 16
			}
			if r.IntN(20) == 0 {
				x.Meta.Mark = 1
			}
		}
		if r.IntN(2) == 0 { // two packets that differ in a bit, so that many match
			q.Set(p.Bytes())
			if b := q.Bytes(); len(b) > 0 {
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			}
			q.Port = p.Port
		}
		m := randomMask(r)
		if checkShape(t, p, q, &m) {
			usual++
		}
	}
	if usual < 5000 {
		t.Errorf("only %d packets were of a usual shape", usual)
	}
}

func TestUsualPacketsAreUsual(t *testing.T) {
	p := pool(t, 1).Get()
	for _, vlan := range []int{-1, 7} {
		for _, six := range []bool{false, true} {
			for _, proto := range []uint8{flow.ProtoTCP, flow.ProtoUDP, flow.ProtoSCTP, flow.ProtoICMP, flow.ProtoICMPv6} {
				f := frame{vlan: vlan, six: six, proto: proto, sport: 8, dport: 1, tcpFlags: 2, padLen: 6}
				p.Set(f.bytes())
				p.Port = 1
				var w dpcls.Short
				want := dpcls.IPv4
				if six {
					want = dpcls.IPv6
				}
				if proto == flow.ProtoICMP && six || proto == flow.ProtoICMPv6 && !six {
					want = 0
				}
				if got := shorten(p, &w); got != want {
					t.Errorf("tag %d, IPv6 %v, protocol %d: family %d", vlan, six, proto, got)
				}
			}
		}
	}
}

func FuzzShorten(f *testing.F) {
	for _, x := range []frame{udp4(1), {vlan: 3, six: true, proto: flow.ProtoTCP, tcpFlags: 0x12}, {vlan: -1, six: true, proto: flow.ProtoICMPv6, sport: 135},
		{vlan: -1, proto: flow.ProtoICMP, sport: 8, padLen: 20}} {
		f.Add(x.bytes(), x.bytes(), uint64(1), uint8(0))
	}
	pl := pool(f, 2)
	p, q := pl.Get(), pl.Get()
	f.Fuzz(func(t *testing.T, a, b []byte, seed uint64, cut uint8) {
		if !p.Set(a) || !q.Set(b) {
			return
		}
		if cut > 0 && int(cut) < len(a) { // a chain whose headers are cut off
			p.Place(packet.Headroom, int(cut))
			p.Next, p.Total = q, uint32(len(a))
		}
		p.Port, q.Port = 1, 1
		m := randomMask(rand.New(rand.NewPCG(seed, 0)))
		checkShape(t, p, q, &m)
		p.Next, p.Total = nil, 0
	})
}
