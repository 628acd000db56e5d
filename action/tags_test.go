package action

import (
	"bytes"
	"testing"

	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

func apply(p *packet.Packet, l List) counter.Drop {
	for len(l) > 0 {
		var a Action
		a, l = l.First()
		if reason := Apply(p, a); reason != counter.Forwarded {
			return reason
		}
	}
	return counter.Forwarded
}

// sameLayers checks that extraction would locate the headers where the edit says they are.
func sameLayers(t *testing.T, p *packet.Packet, what string) {
	t.Helper()
	l3, l4 := p.L3, p.L4
	var k flow.Key
	flow.Extract(p, &k)
	if l3 != p.L3 || l4 != p.L4 {
		t.Fatalf("%s: headers at %d and %d, extraction says %d and %d: %x", what, l3, l4, p.L3, p.L4, p.Bytes())
	}
}

func TestTagsTwin(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	for range 50000 {
		k := randomKey(r)
		tags := 0
		for w := k[flow.WordVLAN]; w != 0; w <<= 32 {
			tags++
		}
		p := pool.Get()
		p.Set(flow.Compose(&k, nil))
		flow.Extract(p, &k)
		before := bytes.Clone(p.Bytes())
		if tags < 2 {
			tag := uint32(0x88a80000 | r.Uint32()&0xffff)
			if reason := apply(p, List{}.Append(PushVLAN, 0, tag)); reason != counter.Forwarded {
				t.Fatal(reason)
			}
			want := k
			want[flow.WordVLAN] = want[flow.WordVLAN]>>32 | uint64(tag|flow.VLANPresent)<<32
			if twin := flow.Compose(&want, nil); !bytes.Equal(twin, p.Bytes()) {
				t.Fatalf("push_vlan gives\n%x, and should\n%x", p.Bytes(), twin)
			}
			sameLayers(t, p, "push_vlan")
			apply(p, List{}.Append(PopVLAN, 0, 0))
		} else {
			want := append(bytes.Clone(before[:12]), before[16:]...)
			apply(p, List{}.Append(PopVLAN, 0, 0))
			if !bytes.Equal(want, p.Bytes()) {
				t.Fatalf("pop_vlan of\n%x gives\n%x", before, p.Bytes())
			}
			apply(p, List{}.Append(PushVLAN, 0, uint32(k[flow.WordVLAN]>>32)))
		}
		if !bytes.Equal(p.Bytes(), before) {
			t.Fatalf("push and pop give\n%x, and should\n%x", p.Bytes(), before)
		}
		sameLayers(t, p, "pop_vlan")
		pool.Put(p)
	}
}

func TestLabelsTwin(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	for range 50000 {
		k := randomKey(r)
		b := flow.Compose(&k, nil)
		if r.IntN(4) == 0 {
			b = makeUgly(r).b
		}
		p := pool.Get()
		p.Set(b)
		flow.Extract(p, &k)
		typ := uint32(k[flow.WordEthDst] & 0xffff)
		if typ == flow.EthTypeNone || typ == flow.EthTypeVLAN { // no type to give back, or a third tag that would be found
			pool.Put(p)
			continue
		}
		bottom := uint32(1 << 8)
		if isMPLS(uint16(typ)) {
			bottom = 0
		}
		entry := r.Uint32()&^0x1ff | bottom
		if reason := apply(p, List{}.Append(PushMPLS, 0, entry, flow.EthTypeMPLS)); reason != counter.Forwarded {
			t.Fatal(reason)
		}
		sameLayers(t, p, "push_mpls")
		var labelled flow.Key
		flow.Extract(p, &labelled)
		if labelled[flow.WordMPLS]>>32 != uint64(entry) || labelled[flow.WordMPLS]&0xffffffff != k[flow.WordMPLS]>>32 || labelled[flow.WordVLAN] != k[flow.WordVLAN] {
			t.Fatalf("push_mpls of %#x on\n%x gives\n%x", entry, b, p.Bytes())
		}
		if reason := apply(p, List{}.Append(PopMPLS, 0, typ)); reason != counter.Forwarded {
			t.Fatal(reason)
		}
		sameLayers(t, p, "pop_mpls")
		if !bytes.Equal(p.Bytes(), b) {
			t.Fatalf("push and pop give\n%x, and should\n%x", p.Bytes(), b)
		}
		pool.Put(p)
	}
}

func TestImpossible(t *testing.T) {
	pool := testPool(t)
	for _, c := range []struct {
		name string
		list List
		n    int
	}{
		{"pop_vlan without a tag", List{}.Append(PopVLAN, 0, 0), 60},
		{"pop_mpls without a label", List{}.Append(PopMPLS, 0, 0x800), 60},
		{"push_vlan on less than a header", List{}.Append(PushVLAN, 0, 0x81000001), 10},
		{"push_mpls on less than a header", List{}.Append(PushMPLS, 0, 1, 0x8847), 10},
		{"an operation that is no edit", List{}.Output(1), 60},
	} {
		p := pool.Get()
		p.Set(make([]byte, c.n))
		var k flow.Key
		flow.Extract(p, &k)
		if reason := apply(p, c.list); reason != counter.ActionImpossible {
			t.Errorf("%s: %s", c.name, reason)
		}
		pool.Put(p)
	}
	p := pool.Get()
	p.Place(0, 60)
	if reason := apply(p, List{}.Append(PushVLAN, 0, 0x81000001)); reason != counter.ActionImpossible {
		t.Errorf("push_vlan without headroom: %s", reason)
	}
}
