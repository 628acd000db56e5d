package pmd

import "testing"

func TestSubtablesAreCounted(t *testing.T) {
	r := newRig(t, 1)
	p1 := r.bench(1)
	r.bench(2)
	r.put(0, from(1), out(2))
	for range 3 {
		p1.Put(udp(1))
		r.turn()
	}
	s := r.region.Thread(0).Stats
	if s.SubtableLookups.Load() != 1 || s.ClassifierHits.Load() != 1 {
		t.Errorf("%d subtables were asked for %d packets that the caches did not know", s.SubtableLookups.Load(), s.ClassifierHits.Load())
	}
}
