package sink

import (
	"math/rand/v2"
	"testing"
	"time"
)

// slowTracker remembers everything.
type slowTracker struct {
	seen                       map[uint64]bool
	next, reordered, duplicate uint64
}

func (s *slowTracker) see(seq uint64) {
	late := seq < s.next
	s.next = max(s.next, seq+1)
	if s.seen[seq] {
		s.duplicate++
		return
	}
	s.seen[seq] = true
	if late {
		s.reordered++
	}
}

func (s *slowTracker) gaps() uint64 { return s.next - uint64(len(s.seen)) }

func TestTrackerIsItsSlowTwin(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for round := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, round))
		var fast tracker
		slow := slowTracker{seen: map[uint64]bool{}}
		at := uint64(r.IntN(10))
		for i := range 5000 {
			seq := at
			switch x := r.IntN(100); {
			case x < 70:
				at++
			case x < 80:
				seq -= min(seq, uint64(r.IntN(200)))
			case x < 99:
				at += uint64(r.IntN(300))
				seq = at
			case r.IntN(4) == 0: // the window moves by a multiple of itself, nearly
				at += windowBits*uint64(1+r.IntN(3)) - 2 + uint64(r.IntN(5))
				seq = at
			}
			fast.see(seq)
			slow.see(seq)
			if fast.gaps() != slow.gaps() || fast.reordered != slow.reordered || fast.duplicate != slow.duplicate {
				t.Fatalf("seed %d round %d packet %d (number %d): gaps %d %d, reordered %d %d, duplicate %d %d", seed, round, i, seq,
					fast.gaps(), slow.gaps(), fast.reordered, slow.reordered, fast.duplicate, slow.duplicate)
			}
		}
	}
}

func TestTrackerFarBehindIsLate(t *testing.T) {
	var f tracker
	f.see(0)
	f.see(3 * windowBits)
	f.see(1)
	if f.reordered != 1 || f.duplicate != 0 || f.gaps() != 3*windowBits+1-3 {
		t.Errorf("reordered %d, duplicate %d, gaps %d", f.reordered, f.duplicate, f.gaps())
	}
}

func TestTrackerDoesNotAllocate(t *testing.T) {
	var f tracker
	n := uint64(0)
	if a := testing.AllocsPerRun(100, func() { f.see(n); n += 100 }); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func BenchmarkTracker(b *testing.B) {
	var f tracker
	for i := range b.N {
		f.see(uint64(i))
	}
}
