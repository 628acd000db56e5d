package sink

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestSlots: a slot's middle is within a thirty-second of what falls into it,
// and slots are in the order of their values.
func TestSlots(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for range 100000 {
		ns := r.Uint64() >> (1 + r.IntN(63))
		slot := slotOf(ns)
		if slot < 0 || slot >= slots {
			t.Fatalf("seed %d: %d ns is in slot %d of %d", seed, ns, slot, slots)
		}
		middle := uint64(slotValue(slot))
		if diff := max(ns, middle) - min(ns, middle); diff > ns/32 {
			t.Fatalf("seed %d: %d ns is in slot %d of %d ns", seed, ns, slot, middle)
		}
		if other := r.Uint64() >> (1 + r.IntN(63)); other > ns && slotOf(other) < slot {
			t.Fatalf("seed %d: slots of %d and %d ns", seed, ns, other)
		}
	}
	if slotOf(0) != 0 || slotOf(31) != 31 || slotOf(32) != 32 || slotOf(63) != 63 || slotOf(64) != 64 || slotOf(66) != 65 {
		t.Error("the first slots moved")
	}
}
