//go:build lab

package lab

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// What is no packet, or a broken one, harms nobody: a0 ==== d0 [pollux] d1 ==== b0.
func TestGarbage(t *testing.T) {
	a, sw, b := hosts(t)
	s := start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
	polling := s.datapath(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	noise := func(n int) []byte {
		f := make([]byte, n)
		for i := range f {
			f[i] = byte(random.Uint32())
		}
		return f
	}
	wire := a.Wire(t, "a0")
	good := [][]byte{udp(t, macA, macB, 1, 2), tagged(udp(t, macA, macB, 1, 2), 0x88a8_0014, 0x8100_000a)}
	for i := range 20_000 {
		var f []byte
		switch i % 3 {
		case 0: // noise from the first byte
			f = noise(14 + random.IntN(1486))
		case 1: // noise behind an Ethernet header that promises something
			types := []uint16{0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847, 0x0001}
			f = noise(14 + random.IntN(200))
			kind := types[random.IntN(len(types))]
			copy(f, append(append([]byte(nil), macB...), macA...))
			f[12], f[13] = byte(kind>>8), byte(kind)
		case 2: // a good packet with a few wrong bytes, perhaps cut off
			f = append([]byte(nil), good[random.IntN(len(good))]...)
			for range 1 + random.IntN(4) {
				f[12+random.IntN(len(f)-12)] = byte(random.Uint32())
			}
			f = f[:14+random.IntN(len(f)-13)]
		}
		wire.Send(t, f)
	}
	reaches(t, a, "10.0.0.2")
	reaches(t, b, "fd00::1")
	if now := s.datapath(t); now != polling {
		t.Errorf("the datapath process was %d and is %d", polling, now)
	}
	balanced(t, s)
}

var balance = regexp.MustCompile(`in (\d+) \+ made (\d+) = out (\d+) \+ dropped (\d+) \+ to control (\d+) \+ held (\d+)`)

// balanced checks that every packet that came in, or was made, is accounted for under what became of it.
func balanced(t *testing.T, s *vswitch) {
	t.Helper()
	out := s.run(t, "stats")
	m := balance.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no balance of packets in\n%s", out)
	}
	var n [7]int
	for i := range 6 {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	if n[0]+n[1] != n[2]+n[3]+n[4]+n[5] {
		t.Errorf("packets are unaccounted for: %s", m[0])
	}
	if n[0] == 0 {
		t.Errorf("nothing came in: %s", m[0])
	}
	t.Log(m[0])
}

// After traffic of all kinds the books are balanced, to the packet: a0 ==== d0 [pollux] d1 ==== b0.
func TestEveryPacketIsCounted(t *testing.T) {
	a, sw, b := hosts(t)
	s := start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
	a.Iperf(t, b, "10.0.0.2", 1, "-P", "4")
	a.Iperf(t, b, "10.0.0.2", 1, "-u", "-b", "100M")
	balanced(t, s)
}

// An upgrade: the control process leaves the datapath forwarding, and the next one takes it over. a0 ==== d0 [pollux] d1 ==== b0.
func TestKeepForwarding(t *testing.T) {
	a, sw, b := hosts(t)
	s := start(t, sw, "d0", "d1")
	stream := known(t, a.Wire(t, "a0"), b.Wire(t, "b0"))
	polling := s.datapath(t)
	s.run(t, "stop", "--keep-forwarding")
	stream.More(t, load, patience)
	s.startAgain(t, "d0", "d1")
	if now := s.datapath(t); now != polling {
		t.Errorf("the datapath process was %d and is %d: it was not adopted", polling, now)
	}
	stream.More(t, load/2, patience)
	complete(t, s, stream)
	reaches(t, a, "10.0.0.2")
}

// Generic XDP, which works on any device: a0 ==== d0 [pollux] d1 ==== b0. Here the hosts are asked not to send TCP in pieces larger than
// the MTU, as the switch's log advises; checksums are left to the offloads all the same.
func TestGenericMode(t *testing.T) {
	a, sw, b := hosts(t)
	s := start(t, sw, "d0", "d1", "--mode", "generic")
	a.Run(t, "ethtool", "-K", "a0", "tso", "off", "gso", "off")
	b.Run(t, "ethtool", "-K", "b0", "tso", "off", "gso", "off")
	reaches(t, a, "10.0.0.2")
	reaches(t, b, "fd00::1")
	r := a.Iperf(t, b, "10.0.0.2", 2)
	t.Logf("TCP: %.2f Gbit/s, %d retransmits", r.BitsPerSecond/1e9, r.Retransmits)
	if r.BytesReceived < 10<<20 {
		t.Errorf("TCP: %+v", r)
	}
	if out := s.run(t, "status"); !regexp.MustCompile(`d0\s.*generic`).MatchString(out) {
		t.Errorf("no word of the generic mode in\n%s", out)
	}
	if p := program(t, sw, "d0"); p == "" {
		t.Error("d0 has no program")
	}
}
