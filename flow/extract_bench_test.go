package flow

import (
	"testing"

	"pollux/packet"
)

// place makes a packet of b in a frame of its own.
func place(t testing.TB, b []byte) *packet.Packet {
	m, err := packet.NewMemory(make([]byte, 2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := m.Split(1)[0].Get()
	if !p.Set(b) {
		t.Fatalf("%d bytes do not fit a frame", len(b))
	}
	p.Port = 1
	return p
}

// Usual packets, by hand.
func usual(kind string) []byte {
	eth := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
	ip4 := func(proto byte, n int) []byte {
		return []byte{0x45, 0, 0, byte(20 + n), 0, 1, 0x40, 0, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	}
	udp := []byte{0x30, 0x39, 0, 53, 0, 26, 0, 0}
	udp = append(udp, make([]byte, 18)...)
	tcp := []byte{0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 0xff, 0xff, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6}
	switch kind {
	case "udp4":
		return append(append(append(eth, 8, 0), ip4(17, 26)...), udp...)
	case "tcp4":
		return append(append(append(eth, 8, 0), ip4(6, 26)...), tcp...)
	case "vlan4":
		return append(append(append(eth, 0x81, 0, 0x20, 10, 8, 0), ip4(17, 26)...), udp...)
	}
	ip6 := []byte{0x60, 0, 0, 0, 0, 26, 17, 64, 0xfc, 14: 0, 23: 1, 24: 0xfc, 39: 2}
	return append(append(append(eth, 0x86, 0xdd), ip6...), udp...)
}

func BenchmarkExtract(b *testing.B) {
	for _, kind := range []string{"udp4", "tcp4", "udp6", "vlan4"} {
		b.Run(kind, func(b *testing.B) {
			p := place(b, usual(kind))
			var k Key
			for b.Loop() {
				Extract(p, &k)
			}
			if p.L4 == packet.NoLayer {
				b.Fatal("the packet has no transport header")
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	p := place(b, usual("udp4"))
	var k Key
	Extract(p, &k)
	m := Mask{WordPort: ^uint64(0), WordEthDst: ^uint64(0), WordIP: ^uint64(0), WordIPProto: ^uint64(0)}
	for b.Loop() {
		Hash(&k, &m, 1)
	}
}
