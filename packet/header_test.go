package packet

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// slowChecksum is RFC 1071 word by word.
func slowChecksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		if sum += w; sum > 0xffff {
			sum -= 0xffff
		}
	}
	return ^uint16(sum)
}

func TestChecksumAgainstSlow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		b := make([]byte, r.IntN(100))
		for i := range b {
			b[i] = byte(r.Uint32() | uint32(r.IntN(2)*255))
		}
		cut := r.IntN(len(b)/2+1) * 2
		want := slowChecksum(b)
		if got := Sum(0).Bytes(b[:cut]).Bytes(b[cut:]).Checksum(); got != want {
			t.Fatalf("%x cut at %d: %#x, slowly %#x", b, cut, got, want)
		}
		if len(b) < 8 {
			continue
		}
		at := r.IntN((len(b)-8)/2+1) * 2
		before := binary.BigEndian.Uint64(b[at:])
		after := r.Uint64()
		binary.BigEndian.PutUint64(b[at:], after)
		got, full := ReplaceInChecksum(want, before, after), slowChecksum(b)
		if got != full && !(got == 0 && full == 0xffff) && !(got == 0xffff && full == 0) {
			t.Fatalf("%x changed at %d: %#x, slowly %#x", b, at, got, full)
		}
	}
}

// Every view refuses what is one byte too short, and no accessor of one that was accepted fails.
func TestViewsOfShortBytes(t *testing.T) {
	whole := map[string][]byte{"ethernet": make([]byte, EthernetLen), "vlan": make([]byte, VLANLen), "mpls": make([]byte, MPLSLen),
		"arp": {0, 1, 8, 0, 6, 4, 27: 0}, "ipv4": {0x45, 0, 0, 20, 19: 0}, "ipv6": {0x60, 39: 0}, "tcp": {12: 0x50, 19: 0},
		"udp": make([]byte, UDPLen), "icmp": make([]byte, ICMPLen), "sctp": make([]byte, SCTPLen)}
	as := map[string]func([]byte) bool{
		"ethernet": func(b []byte) bool { _, ok := AsEthernet(b); return ok },
		"vlan":     func(b []byte) bool { _, ok := AsVLAN(b); return ok },
		"mpls":     func(b []byte) bool { _, ok := AsMPLS(b); return ok },
		"arp":      func(b []byte) bool { _, ok := AsARP(b); return ok },
		"ipv4":     func(b []byte) bool { _, ok := AsIPv4(b); return ok },
		"ipv6":     func(b []byte) bool { _, ok := AsIPv6(b); return ok },
		"tcp":      func(b []byte) bool { _, ok := AsTCP(b); return ok },
		"udp":      func(b []byte) bool { _, ok := AsUDP(b); return ok },
		"icmp":     func(b []byte) bool { _, ok := AsICMP(b); return ok },
		"sctp":     func(b []byte) bool { _, ok := AsSCTP(b); return ok },
	}
	for name, b := range whole {
		if !as[name](b) {
			t.Errorf("%s: %d bytes are refused", name, len(b))
		}
		for n := range b {
			if as[name](b[:n]) {
				t.Errorf("%s: %d of %d bytes are accepted", name, n, len(b))
			}
		}
	}
}

func TestViewsThatContradictThemselves(t *testing.T) {
	for _, b := range [][]byte{{0x44, 0, 0, 20, 19: 0}, {0x46, 0, 0, 24, 19: 0}, {0x46, 0, 0, 20, 23: 0}} {
		if _, ok := AsIPv4(b); ok {
			t.Errorf("IPv4 %x is accepted", b)
		}
	}
	for _, b := range [][]byte{{12: 0x40, 19: 0}, {12: 0x60, 19: 0}} {
		if _, ok := AsTCP(b); ok {
			t.Errorf("TCP %x is accepted", b)
		}
	}
	if _, ok := AsARP([]byte{0, 6, 8, 0, 6, 4, 27: 0}); ok {
		t.Error("ARP of another network is accepted")
	}
}

func TestWhatViewsWriteTheyRead(t *testing.T) {
	b := make([]byte, 60)
	e, _ := AsEthernet(b)
	e.SetType(0x8100)
	*e.Dst(), *e.Src() = [6]byte{1, 2, 3, 4, 5, 6}, [6]byte{7, 8, 9, 10, 11, 12}
	v, _ := AsVLAN(e.Payload())
	v.SetTCI(0x600a)
	v.SetType(0x0800)
	if e.Type() != 0x8100 || v.VID() != 10 || v.PCP() != 3 || v.Type() != 0x0800 || !bytes.Equal(b[:6], []byte{1, 2, 3, 4, 5, 6}) || len(v.Payload()) != 42 {
		t.Errorf("written %x", b)
	}
	m, _ := AsMPLS(make([]byte, 4))
	m.SetEntry(0x12345<<12 | 5<<9 | 1<<8)
	m.SetTTL(64)
	if m.Label() != 0x12345 || m.TC() != 5 || !m.Bottom() || m.TTL() != 64 {
		t.Errorf("written %x", m)
	}
	h6, _ := AsIPv6([]byte{0x60, 39: 0})
	h6.SetTrafficClass(0xab)
	h6.SetLabel(0xfffff)
	if h6.TrafficClass() != 0xab || h6.Label() != 0xfffff || h6[0] != 0x6a {
		t.Errorf("written %x", h6)
	}
	h4, _ := AsIPv4([]byte{0x45, 0, 0, 20, 8: 64, 9: 17, 19: 9})
	h4.UpdateChecksum()
	if slowChecksum(h4) != 0 {
		t.Errorf("checksum of %x", h4)
	}
}
