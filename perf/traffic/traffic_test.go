package traffic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"pollux/perf/stamp"
)

func build(t testing.TB, s Spec) *Plan {
	t.Helper()
	p, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestShapes reads what was built with gopacket, which is another piece of
// code than the one under test only where it decodes; the bytes that matter
// most are therefore compared by hand below.
func TestShapes(t *testing.T) {
	for _, proto := range []string{UDP, TCP} {
		for _, ipv6 := range []bool{false, true} {
			for _, vlan := range []int{0, 7} {
				s := Spec{Flows: 300, Proto: proto, IPv6: ipv6, VLAN: vlan}
				t.Run(fmt.Sprintf("%s ipv6=%v vlan=%d", proto, ipv6, vlan), func(t *testing.T) {
					p := build(t, s)
					if !p.Stamped || len(p.Frames) != 300 || len(p.Order) != 300 {
						t.Fatalf("stamped %v, %d frames, order of %d", p.Stamped, len(p.Frames), len(p.Order))
					}
					seen := map[string]bool{}
					for _, f := range p.Frames {
						seen[flowOf(t, f, s)] = true
					}
					if len(seen) != 300 {
						t.Errorf("%d distinct flows, want 300", len(seen))
					}
				})
			}
		}
	}
}

// flowOf decodes a frame, checks it against the spec and names its flow.
func flowOf(t *testing.T, f []byte, s Spec) string {
	t.Helper()
	pkt := gopacket.NewPacket(f, layers.LayerTypeEthernet, gopacket.Default)
	if e := pkt.ErrorLayer(); e != nil {
		t.Fatal(e.Error())
	}
	if tag := pkt.Layer(layers.LayerTypeDot1Q); (tag != nil) != (s.VLAN != 0) {
		t.Fatalf("tag %v, want VLAN %d", tag, s.VLAN)
	} else if tag != nil && int(tag.(*layers.Dot1Q).VLANIdentifier) != s.VLAN {
		t.Fatalf("tag %v, want VLAN %d", tag, s.VLAN)
	}
	if (pkt.Layer(layers.LayerTypeIPv6) != nil) != s.IPv6 || (pkt.Layer(layers.LayerTypeTCP) != nil) != (s.Proto == TCP) {
		t.Fatalf("wrong layers: %v", pkt)
	}
	if got := len(pkt.TransportLayer().LayerPayload()); got < stamp.Size {
		t.Fatalf("payload of %d bytes", got)
	}
	return pkt.NetworkLayer().NetworkFlow().String() + pkt.TransportLayer().TransportFlow().String()
}

// onesSum is RFC 1071 over b.
func onesSum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(b[i]) << 8
		if i+1 < len(b) {
			s += uint32(b[i+1])
		}
	}
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

func TestChecksumsHoldUnderMarks(t *testing.T) {
	for _, s := range []Spec{
		{Flows: 50}, {Flows: 50, Size: 101, Proto: TCP}, {Flows: 50, IPv6: true}, {Flows: 50, IPv6: true, Proto: TCP, Size: 333},
	} {
		for i, f := range build(t, s).Frames {
			stamp.Put(f, uint64(i)*7919, int64(i)<<33+12345)
			var pseudo []byte
			proto := byte(17)
			if s.Proto == TCP {
				proto = 6
			}
			l4 := f[34:]
			if s.IPv6 {
				l4 = f[54:]
				pseudo = append(append([]byte{}, f[22:54]...), 0, 0, byte(len(l4)>>8), byte(len(l4)), 0, 0, 0, proto)
			} else {
				if sum := onesSum(f[14:34]); sum != 0xffff {
					t.Fatalf("%+v: IPv4 header sums to %#x", s, sum)
				}
				pseudo = append(append([]byte{}, f[26:34]...), 0, proto, byte(len(l4)>>8), byte(len(l4)))
			}
			if s.Proto != TCP && !s.IPv6 {
				if sum := binary.BigEndian.Uint16(l4[6:]); sum != 0 {
					t.Fatalf("UDP over IPv4 has checksum %#x", sum)
				}
				continue
			}
			if sum := onesSum(append(pseudo, l4...)); sum != 0xffff {
				t.Fatalf("%+v flow %d: transport sums to %#x", s, i, sum)
			}
		}
	}
}

// TestKindsAreTheFormatOfThePeers compares with packets written out by hand.
func TestKindsAreTheFormatOfThePeers(t *testing.T) {
	for kind, want := range map[string]string{
		"udp4": "020000000002 020000000001 0800 4500002e 0105 4000 4011 0000 0a000002 14000006 0505 0050 001a 0000 " +
			strings.Repeat("00", 18),
		"tcp4": "020000000002 020000000001 0800 4500002e 0105 4000 4006 0000 0a000002 14000006 0505 0050 00000001 00000001 5010 ffff 0000 0000 000000000000",
		"udp6": "020000000002 020000000001 86dd 60000000 0018 11 40 20010db800000000000000000a000002 20010db8000000000000000014000006 0505 0050 0018 0000 " +
			strings.Repeat("00", 16),
		"vlan4": "020000000002 020000000001 8100 000a 0800 4500002e 0105 4000 4011 0000 0a000002 14000006 0505 0050 001a 0000 " +
			strings.Repeat("00", 18),
	} {
		p, err := KindPlan(kind, 1000)
		if err != nil {
			t.Fatal(err)
		}
		f := bytes.Clone(p.Frames[0x105])
		ip := 14
		if kind == "vlan4" {
			ip = 18
		}
		if kind == "udp6" {
			f[60], f[61] = 0, 0
		} else {
			f[ip+10], f[ip+11] = 0, 0
			if kind == "tcp4" {
				f[50], f[51] = 0, 0
			}
		}
		if got := fmt.Sprintf("%x", f); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s flow 0x105 (checksums blanked):\n got %s\nwant %s", kind, got, want)
		}
	}
}

func TestOrders(t *testing.T) {
	count := func(p *Plan) map[uint32]int {
		m := map[uint32]int{}
		for _, i := range p.Order {
			m[i]++
		}
		return m
	}
	if c := count(build(t, Spec{Flows: 1000})); len(c) != 1000 || c[17] != 1 {
		t.Errorf("uniform: %d flows, flow 17 %d times", len(c), c[17])
	}
	z := count(build(t, Spec{Flows: 1000, Dist: Zipf}))
	if z[0] < 5*z[20] || z[20] < z[900] {
		t.Errorf("zipf: flow 0 %d times, 20 %d times, 900 %d times", z[0], z[20], z[900])
	}
	if p := build(t, Spec{Flows: 1000, Dist: Single}); len(p.Frames) != 1 || len(p.Order) != 1 {
		t.Errorf("single: %d frames, order of %d", len(p.Frames), len(p.Order))
	}
	mix := build(t, Spec{Flows: 5, IMIX: true})
	for i, n := range count(mix) {
		if want := []int{7, 4, 1}[i%3]; n != want {
			t.Errorf("IMIX: frame of %d bytes of flow %d sent %d times, want %d", len(mix.Frames[i]), i/3, n, want)
		}
	}
	if a, b := build(t, Spec{Flows: 99, Dist: Zipf}), build(t, Spec{Flows: 99, Dist: Zipf}); fmt.Sprint(a.Order) != fmt.Sprint(b.Order) {
		t.Error("the same spec gave two orders")
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		s       Spec
		size    int
		stamped bool
	}{
		{Spec{}, 60, true}, {Spec{VLAN: 5}, 64, true}, {Spec{IPv6: true}, 80, true}, {Spec{Proto: TCP}, 72, true},
		{Spec{Proto: TCP, Size: 60}, 60, false}, {Spec{Size: 9000}, 9000, true},
	} {
		p := build(t, c.s)
		if len(p.Frames[0]) != c.size || p.MaxLen() != c.size || p.Stamped != c.stamped {
			t.Errorf("%+v: %d bytes, stamped %v", c.s, len(p.Frames[0]), p.Stamped)
		}
	}
}

func TestBadSpecsAreNamed(t *testing.T) {
	for want, s := range map[string]Spec{
		"flows -1": {Flows: -1}, "flows 16777217": {Flows: MaxFlows + 1}, `"poisson"`: {Dist: "poisson"}, "skew 1:": {Skew: 1},
		`"sctp"`: {Proto: "sctp"}, "VLAN 4095": {VLAN: 4095}, "size 59": {Size: 59}, "size 61": {IPv6: true, Size: 61},
		"size 9217": {Size: 9217}, "invalid MAC": {SrcMAC: "xx"}, "6 bytes": {DstMAC: "02:00:00:00:00:00:00:01"},
	} {
		if _, err := Build(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", s, err, want)
		}
	}
}
