package pmd

import (
	"slices"
	"strings"
	"testing"
)

func TestPlace(t *testing.T) {
	q := func(port uint32, queue, core int, cycles uint64) demand { return demand{port, queue, core, cycles} }
	for _, c := range []struct {
		name    string
		how     Placement
		demands []demand
		has     []burden
		want    []int
	}{
		{"round", RoundRobin, []demand{q(1, 0, -1, 0), q(1, 1, -1, 0), q(2, 0, -1, 0)}, make([]burden, 2), []int{0, 1, 0}},
		{"goes on where others stand", RoundRobin, []demand{q(3, 0, -1, 0), q(3, 1, -1, 0)}, []burden{{2, 0}, {1, 0}}, []int{1, 0}},
		{"a pinned queue keeps its core", RoundRobin, []demand{q(1, 0, 7, 0), q(1, 1, -1, 0)}, make([]burden, 2), []int{1, 0}},
		{"busiest first to the least busy", ByLoad, []demand{q(1, 0, -1, 10), q(1, 1, -1, 90), q(1, 2, -1, 70)}, make([]burden, 2), []int{1, 0, 1}},
		{"what is there counts", ByLoad, []demand{q(2, 0, -1, 5)}, []burden{{1, 100}, {3, 20}}, []int{1}},
	} {
		got, err := place(c.how, c.demands, []int{4, 7}, c.has)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if _, err := place(Manual, []demand{q(1, 2, 3, 0)}, []int{4, 7}, make([]burden, 2)); err == nil || !strings.Contains(err.Error(), "core 3") {
		t.Errorf("a core without a thread: %v", err)
	}
}
