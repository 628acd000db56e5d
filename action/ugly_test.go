package action

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// Packets as ugly as they come: three tags, SNAP headers, IP options, extension headers, routing headers, fragments,
// checksums that are wrong and must stay wrong by as much, padding, chains.

// ugly is a packet and where its parts are.
type ugly struct {
	b             []byte
	l3, l4, end   int
	v6, frag      bool
	proto         byte
	routed, noSum bool // a routing header hides the last destination; UDP without checksum
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func makeUgly(r *rand.Rand) (u ugly) {
	b := noise(r, 12)
	for range r.IntN(4) {
		b = append(b, []byte{0x81, 0x00, byte(r.Uint32()), byte(r.Uint32())}...)
	}
	if r.IntN(4) == 0 {
		b = append(b, 0x01, 0x00, 0xaa, 0xaa, 0x03, 0, 0, 0)
	}
	u.v6 = r.IntN(2) == 0
	body := u.segment(r)
	if u.v6 {
		b = append(b, 0x86, 0xdd)
		u.l3 = len(b)
		b = u.ipv6(r, b, len(body))
	} else {
		b = append(b, 0x08, 0x00)
		u.l3 = len(b)
		options := noise(r, 4*r.IntN(11))
		b = append(b, 0x40|byte(5+len(options)/4), byte(r.Uint32()))
		b = binary.BigEndian.AppendUint16(b, uint16(20+len(options)+len(body)))
		b = append(b, noise(r, 2)...)
		var frag uint16
		switch r.IntN(6) {
		case 0:
			frag, u.frag = 0x2000, true
		case 1:
			frag, u.frag = 0x2000|7, true
			u.proto = 0
		}
		proto := u.proto
		if frag&0xfff != 0 {
			proto = flow.ProtoTCP
		}
		b = binary.BigEndian.AppendUint16(b, frag)
		b = append(b, byte(r.Uint32()), proto)
		b = append(b, noise(r, 10)...)
		b = append(b, options...)
	}
	u.l4 = len(b)
	b = append(b, body...)
	u.end = len(b)
	u.b = append(b, noise(r, r.IntN(10))...)
	return u
}

// segment makes a transport packet with a checksum of noise.
func (u *ugly) segment(r *rand.Rand) []byte {
	u.proto = []byte{flow.ProtoTCP, flow.ProtoUDP, flow.ProtoSCTP, flow.ProtoICMP}[r.IntN(4)]
	if u.proto == flow.ProtoICMP && u.v6 {
		u.proto = flow.ProtoICMPv6
	}
	b := noise(r, 20+r.IntN(40))
	switch u.proto {
	case flow.ProtoTCP:
		b[12] = b[12]&0x0f | 5<<4
	case flow.ProtoUDP:
		if r.IntN(3) == 0 {
			b[6], b[7] = 0, 0
		}
		u.noSum = b[6] == 0 && b[7] == 0
	case flow.ProtoICMPv6:
		if r.IntN(2) == 0 {
			b = append([]byte{135 + byte(r.IntN(2)), 0}, noise(r, 22)...)
			for _, kind := range r.Perm(3) {
				if r.IntN(2) == 0 {
					b = append(append(b, byte(kind+1), 1), noise(r, 6)...)
				}
			}
		}
	}
	return b
}

func (u *ugly) ipv6(r *rand.Rand, b []byte, body int) []byte {
	next, extensions := u.proto, []byte{}
	for range r.IntN(4) {
		kind := []byte{0, 43, 44, 51, 60}[r.IntN(5)]
		e := noise(r, 8*(1+r.IntN(3)))
		e[1] = byte(len(e)/8 - 1)
		switch kind {
		case 43:
			u.routed = u.routed || e[3] != 0
		case 44:
			e = e[:8]
			e[2], e[3] = 0, byte(r.IntN(2)) // a first fragment, or one that is whole
			u.frag = u.frag || e[3] != 0
		case 51:
			e[1] = byte(len(e)/4 - 2)
		}
		e[0] = next
		next = kind
		extensions = append(e, extensions...)
	}
	b = append(b, 0x60|byte(r.IntN(16)), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(extensions)+body))
	b = append(b, next, byte(r.Uint32()))
	return append(append(b, noise(r, 32)...), extensions...)
}

// slowSum sums 16-bit words one by one.
func slowSum(parts ...[]byte) int {
	sum := 0
	for _, b := range parts {
		for i, v := range b {
			sum += int(v) << (8 * (1 - i%2))
		}
	}
	return sum % 0xffff // 0xffff is zero in ones' complement
}

// wrongness is by how much the checksums of b, whose headers moved by shift bytes, are wrong.
func (u *ugly) wrongness(b []byte, shift int) (header, transport int) {
	h, segment := b[u.l3+shift:], b[u.l4+shift:u.end+shift]
	if !u.v6 {
		header = slowSum(b[u.l3+shift : u.l4+shift])
	}
	var pseudo [][]byte
	switch {
	case u.v6 && u.routed:
		pseudo = [][]byte{h[8:24]}
	case u.v6:
		pseudo = [][]byte{h[8:40]}
	case u.proto != flow.ProtoICMP:
		pseudo = [][]byte{h[12:20]}
	}
	switch u.proto {
	case 0:
		return header, 0
	case flow.ProtoSCTP:
		s := bytes.Clone(segment)
		clear(s[8:12])
		crc := crc32.Checksum(s, crc32.MakeTable(crc32.Castagnoli)) ^ binary.LittleEndian.Uint32(segment[8:])
		return header, int(crc)
	case flow.ProtoUDP:
		if u.noSum {
			return header, int(binary.BigEndian.Uint16(segment[6:])) - 1
		}
	}
	return header, slowSum(append(pseudo, segment)...)
}

// asPacket lays b into frames, the first of which has at least the first head bytes.
func asPacket(t testing.TB, r *rand.Rand, pool *packet.Pool, b []byte, head int) *packet.Packet {
	p := pool.Get()
	cut := len(b)
	if r.IntN(3) == 0 && head < len(b) {
		cut = head + r.IntN(len(b)-head)
	}
	if !p.Set(b[:cut]) {
		t.Fatal("no room")
	}
	if cut < len(b) {
		p.Next, p.Total = pool.Get(), uint32(len(b))
		p.Next.Set(b[cut:])
	}
	return p
}

func flat(p *packet.Packet) (b []byte) {
	for ; p != nil; p = p.Next {
		b = append(b, p.Bytes()...)
	}
	return b
}

// TestUgly: an edit changes the field in the key and nothing else in the key, and no checksum is more or less wrong than before.
func TestUgly(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	ids := settableFields()
	for range 300000 {
		u := makeUgly(r)
		head := u.l4 + 64 // neighbour options, too
		p := asPacket(t, r, pool, u.b, head)
		var k, after flow.Key
		flow.Extract(p, &k)
		id := ids[r.IntN(len(ids))]
		v, mask := flow.Value{Hi: r.Uint64(), Lo: r.Uint64()}, id.Field().Ones()
		if r.IntN(2) == 0 {
			mask = mask.And(flow.Value{Hi: r.Uint64(), Lo: r.Uint64()})
		}
		list := List{}.Set(id, v, mask)
		a, _ := list.First()
		want := k
		transport := places[id].layer >= tcp
		reason := Apply(p, a)
		switch {
		case reason == counter.ActionImpossible && u.frag && places[id].layer == sctp:
		case reason != counter.Forwarded:
			t.Errorf("set %s: %s", id, reason)
		case p.L3 != packet.NoLayer && hasField(&k, id) && (!transport || p.L4 != packet.NoLayer):
			id.Field().SetMasked(&want, v, mask.And(room(id)))
		}
		got := flat(p)
		l3, l4 := p.L3, p.L4
		flow.Extract(p, &after)
		if id != flow.FieldNDOptionsType && id != flow.FieldICMPv6Type && id != flow.FieldICMPv6Code && after != want {
			t.Errorf("set %s to %x/%x: another key than expected", id, v, mask)
		}
		if l3 != p.L3 || l4 != p.L4 && places[id].layer != icmpv6 {
			t.Errorf("set %s: headers at %d and %d, extraction says %d and %d", id, l3, l4, p.L3, p.L4)
		}
		h1, t1 := u.wrongness(u.b, 0)
		h2, t2 := u.wrongness(got, 0)
		if k != want && (h1 != h2 || t1 != t2) {
			t.Errorf("set %s: checksums were wrong by %#x and %#x, are by %#x and %#x", id, h1, t1, h2, t2)
		}
		if k == want && reason != counter.Forwarded && !bytes.Equal(got, u.b) {
			t.Errorf("set %s: refused, and yet it changed the packet", id)
		}
		pool.Put(p)
		if t.Failed() {
			t.Fatalf("%+v\n%x", u, u.b)
		}
	}
}

func TestApplyAllocatesNothing(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	var packets []*packet.Packet
	for range 40 {
		u := makeUgly(r)
		p := pool.Get()
		p.Set(u.b)
		var k flow.Key
		flow.Extract(p, &k)
		packets = append(packets, p)
	}
	var list List
	for _, id := range settableFields() {
		list = list.Set(id, flow.Value{Hi: 1, Lo: 2}, id.Field().Ones())
	}
	list = list.Append(PushVLAN, 0, 0x81000005).Append(PopVLAN, 0, 0).Append(PushMPLS, 0, 0x5140, 0x8847).Append(PopMPLS, 0, 0x800)
	allocs := testing.AllocsPerRun(20, func() {
		if Validate(list, 1) != nil {
			t.Fatal("not valid")
		}
		for _, p := range packets {
			for l := list; len(l) > 0; {
				var a Action
				a, l = l.First()
				Apply(p, a)
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
