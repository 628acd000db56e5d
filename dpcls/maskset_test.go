package dpcls

import (
	"testing"

	"pollux/flow"
)

func TestMasksAreBounded(t *testing.T) {
	r := seeded(t)
	const max = 20
	s := NewMaskSet(max)
	var used []flow.Mask
	for range 5000 {
		if len(used) > 0 && r.IntN(3) == 0 {
			i := r.IntN(len(used))
			s.Remove(&used[i])
			used[i] = used[len(used)-1]
			used = used[:len(used)-1]
			continue
		}
		m := randomMask(r)
		got := s.Round(&m)
		if !got.Covers(&m) {
			t.Fatal("rounded to a mask that is less exact")
		}
		if again := s.Round(&got); again != got {
			t.Fatal("a rounded mask is rounded again")
		}
		s.Add(&got)
		used = append(used, got)
		distinct := map[flow.Mask]bool{}
		for _, m := range used {
			distinct[m] = true
		}
		if s.Len() != len(distinct) || s.Len() > max {
			t.Fatalf("%d masks in use, the set says %d", len(distinct), s.Len())
		}
	}
}

func TestRungsBecomeMoreExact(t *testing.T) {
	for i := 1; i < Rungs; i++ {
		if !rungs[i].Covers(&rungs[i-1]) || rungs[i-1].Covers(&rungs[i]) {
			t.Errorf("rung %d is not more exact than the one before", i)
		}
	}
	for i, w := range rungs[Rungs-1] {
		if (w == ^uint64(0)) != (i < flow.DatapathWords) {
			t.Errorf("the last rung has word %d as %x", i, w)
		}
	}
}

func TestFewMasksStayAsTheyAre(t *testing.T) {
	s := NewMaskSet(Rungs + 1)
	var m, o flow.Mask
	m[flow.WordIP], o[flow.WordIPProto] = 0xff, 0xffff
	if s.Round(&m) != m {
		t.Error("the first mask was rounded")
	}
	s.Add(&m)
	if s.Round(&m) != m {
		t.Error("a mask in use was rounded")
	}
	if got := s.Round(&o); got != rungs[2] {
		t.Errorf("ports were rounded to %v", got)
	}
}
