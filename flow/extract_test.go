package flow

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/packet"
)

// randomKey makes a key of a kind of packet that there may be, from the random bits of r.
func randomKey(r *rand.Rand) (k Key) {
	pick := func(from ...uint64) uint64 { return from[r.IntN(len(from))] }
	for i := WordEthDst; i < DatapathWords; i++ {
		k[i] = r.Uint64()
	}
	put(&k, FieldEthType, pick(0x800, 0x800, 0x86dd, 0x86dd, 0x806, 0x8035, 0x8847, 0x894f, 0x1234, 0x5ff))
	put(&k, FieldVLANTPID, pick(0x8100, 0x88a8))
	put(&k, FieldVLAN2TPID, pick(0x8100, 0x88a8))
	if n := r.IntN(4); n < 2 {
		put(&k, FieldVLAN2TCI, 0)
		if n == 0 {
			put(&k, FieldVLANTCI, 0)
		}
	}
	put(&k, FieldIPProto, pick(6, 6, 17, 17, 1, 2, 58, 58, 132, 47, 0, 44))
	put(&k, FieldIPFrag, pick(0, 0, 0, 0, 1, 3))
	if r.IntN(2) == 0 {
		put(&k, FieldICMPType, pick(135, 136))
		k[WordIPProto] &^= 0xff00ffff // no other bits in type and code
	}
	put(&k, FieldNDOptionsType, pick(0, 1, 2, 3))
	put(&k, FieldNSHMDType, pick(1, 1, 2, 3))
	if r.IntN(3) == 0 {
		put(&k, FieldNDSLL, 0)
	}
	return k
}

// spoil makes a packet wrong: bytes changed, cut off, something in the middle gone or doubled.
func spoil(r *rand.Rand, b []byte) []byte {
	for range r.IntN(4) {
		if len(b) == 0 {
			return b
		}
		at := r.IntN(len(b))
		switch r.IntN(8) {
		case 0:
			b = b[:at]
		case 1:
			b[at] = byte(r.Uint32())
		case 2:
			b[at] ^= 1 << r.IntN(8)
		case 3:
			b = append(b[:at:at], b[min(len(b), at+4):]...)
		case 4:
			b = append(b[:at:at], append([]byte{byte(r.Uint32()), 0, 0, 1}, b[at:]...)...)
		case 5:
			b[at] = [...]byte{0, 1, 6, 8, 17, 43, 44, 51, 58, 60}[r.IntN(10)]
		case 6:
			b = append(b, b[max(0, len(b)-8*(1+r.IntN(2))):]...) // an option twice
		case 7:
			if len(b) > 14 { // the type behind a SNAP header
				b = append(append(b[:12:12], 0, 50, 0xaa, 0xaa, 3, 0, 0, 0), b[12:]...)
			}
		}
	}
	return b
}

func checkExtract(t *testing.T, b []byte, cut int) Key {
	t.Helper()
	p := place(t, b[:cut])
	if cut < len(b) {
		p.Next, p.Total = place(t, b[cut:]), uint32(len(b))
	}
	p.Meta = packet.Meta{RecircID: 7, DPHash: 8, Mark: 9, Priority: 10}
	got, want := Key{WordReg0: 1, WordTunOpts: 1}, Key{}
	for id, v := range map[FieldID]uint64{FieldInPort: 1, FieldRecircID: 7, FieldDPHash: 8, FieldPktMark: 9, FieldSKBPriority: 10} {
		put(&want, id, v)
	}
	drop := Extract(p, &got)
	slowExtract(b[:cut], len(b), &want)
	if got != want {
		t.Fatalf("%x cut at %d:\n%s", b, cut, differences(&got, &want))
	}
	if (drop != counter.Forwarded) != (cut < 14) {
		t.Fatalf("%d bytes are %v", cut, drop)
	}
	for i, l := range []uint16{p.L3, p.L4} {
		if l != packet.NoLayer && int(l) > cut {
			t.Fatalf("%x cut at %d: layer %d begins at %d", b, cut, 3+i, l)
		}
	}
	return got
}

// differences names the fields in which two keys differ.
func differences(got, want *Key) (s string) {
	for id := FieldNone + 1; id < NumFields; id++ {
		if f := id.Field(); f.Get(got) != f.Get(want) {
			s += fmt.Sprintf("%s is %x, slowly %x\n", f.Name, f.Get(got), f.Get(want))
		}
	}
	return s
}

func TestExtractAgainstSlow(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	for range 30000 {
		k := randomKey(r)
		b := spoil(r, Compose(&k, make([]byte, r.IntN(40))))
		cut := len(b)
		if r.IntN(5) == 0 && len(b) > 14 {
			cut = 14 + r.IntN(len(b)-14)
		}
		checkExtract(t, b, cut)
	}
}

// What Extract reads from any packet, Compose turns into a packet from which Extract reads the same.
func TestComposeIsTheInverse(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	t.Logf("seed %d", seed)
	for i := range 30000 {
		random := randomKey(r)
		b := Compose(&random, make([]byte, r.IntN(40)))
		if i%2 == 0 {
			b = spoil(r, b)
		}
		k := checkExtract(t, b, len(b))
		if len(b) < 14 {
			continue
		}
		payload := make([]byte, r.IntN(40))
		for i := range payload {
			payload[i] = byte(r.Uint32()) & 3 // often an option
		}
		again := checkExtract(t, Compose(&k, payload), len(Compose(&k, payload)))
		if again != k {
			t.Fatalf("packet %x, composed %x:\n%s", b, Compose(&k, payload), differences(&again, &k))
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, kind := range []string{"udp4", "tcp4", "udp6", "vlan4"} {
		f.Add(usual(kind), uint16(0))
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		k := randomKey(r)
		f.Add(Compose(&k, []byte("payload")), uint16(r.IntN(60)))
	}
	f.Fuzz(func(t *testing.T, b []byte, chain uint16) {
		if len(b) > 1500 {
			return
		}
		cut := len(b)
		if chain > 0 {
			cut = min(cut, int(chain))
		}
		k := checkExtract(t, b, cut)
		if cut < 14 {
			return
		}
		composed := Compose(&k, b[:min(len(b), 30)])
		if again := checkExtract(t, composed, len(composed)); again != k {
			t.Fatalf("composed %x:\n%s", composed, differences(&again, &k))
		}
	})
}

func TestExtractAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var packets []*packet.Packet
	for range 64 {
		k := randomKey(r)
		packets = append(packets, place(t, Compose(&k, nil)))
	}
	var k Key
	m := Mask(randomKey(r))
	if n := testing.AllocsPerRun(10, func() {
		for _, p := range packets {
			Extract(p, &k)
			Hash(&k, &m, 1)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
