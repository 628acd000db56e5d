package stamp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
)

// slowSum is RFC 1071 as it is written: big-endian words, one by one.
func slowSum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(b[i]) << 8
		if i+1 < len(b) {
			s += uint32(b[i+1])
		}
		for s > 0xffff {
			s = s&0xffff + s>>16
		}
	}
	return uint16(s)
}

// same compares sums as ones' complement numbers: 0 has two forms.
func same(a, b uint16) bool { return a%0xffff == b%0xffff }

func TestMarkIsReadBackAndLeavesChecksumsAlone(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for range 20000 {
		frame := make([]byte, Size+r.IntN(100))
		for i := range frame[:len(frame)-Size] {
			frame[i] = byte(r.Uint32())
		}
		before := slowSum(frame)
		seq, ns := r.Uint64()&MaxSeq, r.Int64()
		Put(frame, seq, ns)
		if gotSeq, gotNs, ok := Get(frame); !ok || gotSeq != seq || gotNs != ns {
			t.Fatalf("seed %d: put %d %d, got %d %d %v", seed, seq, ns, gotSeq, gotNs, ok)
		}
		if !same(slowSum(frame), before) {
			t.Fatalf("seed %d: sum of a frame of %d bytes went from %#x to %#x", seed, len(frame), before, slowSum(frame))
		}
	}
}

func TestWithoutMark(t *testing.T) {
	marked := make([]byte, 60)
	Put(marked, 7, 8)
	damaged := append([]byte(nil), marked...)
	damaged[50] ^= 4
	foreign := append([]byte(nil), marked...)
	binary.LittleEndian.PutUint16(foreign[60-Size:], Magic+1)
	for name, frame := range map[string][]byte{
		"empty": nil, "short": marked[60-Size+1:], "zero": make([]byte, 60), "damaged": damaged, "foreign": foreign,
	} {
		if _, _, ok := Get(frame); ok {
			t.Errorf("%s frame passes for a marked one", name)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	frame := make([]byte, 60)
	if n := testing.AllocsPerRun(100, func() { Put(frame, 1, 2); Get(frame) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPutGet(b *testing.B) {
	frame := make([]byte, 60)
	for i := range b.N {
		Put(frame, uint64(i), int64(i))
		Get(frame)
	}
}
