package action

import (
	"testing"

	"pollux/flow"
	"pollux/packet"
)

// Every field that Set writes has a text, a width, and fits the table of fields.
func TestPlaces(t *testing.T) {
	for id := range flow.NumFields {
		if !Settable(id) {
			continue
		}
		f := id.Field()
		pl := places[id]
		if int(pl.bits) > f.Stored && id != flow.FieldARPOp {
			t.Errorf("%s: %d bits in a packet, %d in a key", f.Name, pl.bits, f.Stored)
		}
		if pl.layer != metadata && int(pl.bits)+int(pl.shift) > 8*int(pl.size) {
			t.Errorf("%s: bits %d to %d of %d bytes", f.Name, pl.shift, pl.bits+pl.shift, pl.size)
		}
		text, _, _ := asTextField(id, flow.Value{}, f.Ones())
		if textAt[text].group < 0 && singleOf(text) == nil {
			t.Errorf("%s has no text", f.Name)
		}
	}
	// What OpenFlow can write and is a header of the packet can be set; the others are in the key alone, or vtep's, or conntrack's.
	for f := range flow.Fields {
		header := f.Word >= flow.WordEthDst && f.Word < flow.DatapathWords
		if f.Writable && header && !Settable(f.ID) {
			t.Errorf("%s is writable and cannot be set", f.Name)
		}
	}
}

func benchmarkEdit(b *testing.B, match string, l List) {
	m, err := flow.ParseMatch(match, nil)
	if err != nil {
		b.Fatal(err)
	}
	mem, err := packet.NewMemory(make([]byte, 2048), 2048)
	if err != nil {
		b.Fatal(err)
	}
	p := mem.Split(1)[0].Get()
	p.Set(flow.Compose(&m.Key, make([]byte, 100)))
	var k flow.Key
	flow.Extract(p, &k)
	b.ReportAllocs()
	for b.Loop() {
		for rest := l; len(rest) > 0; {
			var a Action
			a, rest = rest.First()
			Apply(p, a)
		}
	}
}

func BenchmarkRoute(b *testing.B) {
	l, _ := ParseODP("set(eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)),set(ipv4(ttl=63))", nil)
	benchmarkEdit(b, "tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,tp_src=5,tp_dst=80", l)
}

func BenchmarkTranslate(b *testing.B) {
	l, _ := ParseODP("set(ipv4(src=192.0.2.1)),set(tcp(src=4000))", nil)
	benchmarkEdit(b, "tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,tp_src=5,tp_dst=80", l)
}

func BenchmarkTranslate6(b *testing.B) {
	l, _ := ParseODP("set(ipv6(src=2001:db8::1)),set(udp(src=4000))", nil)
	benchmarkEdit(b, "udp6,ipv6_src=fe80::1,ipv6_dst=fe80::2,nw_ttl=64,tp_src=5,tp_dst=80", l)
}

func BenchmarkTag(b *testing.B) {
	l, _ := ParseODP("push_vlan(vid=5,pcp=0),pop_vlan", nil)
	benchmarkEdit(b, "tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,tp_src=5,tp_dst=80", l)
}

func BenchmarkSCTP(b *testing.B) {
	l, _ := ParseODP("set(sctp(src=4000))", nil)
	benchmarkEdit(b, "sctp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,tp_src=5,tp_dst=80", l)
}
