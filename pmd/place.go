package pmd

import (
	"cmp"
	"fmt"
	"slices"
)

// Placement says how receive queues come to threads.
type Placement string

// The ways of placing; "manual" leaves queues that are not pinned to RoundRobin.
const (
	RoundRobin Placement = "round-robin"
	ByLoad     Placement = "load"
	Manual     Placement = "manual"
)

// demand is one receive queue to be placed.
type demand struct {
	port   uint32
	queue  int
	core   int    // pinned to this core; -1 if not
	cycles uint64 // spent on it of late
}

// burden is what a thread polls already.
type burden struct {
	queues int
	cycles uint64
}

// place decides which thread polls which queue: cores[i] is the core of thread i and has[i]
// what it polls already; the result holds a thread for each demand. Queues pinned by hand
// get their core. The others go round, to the thread with the fewest queues, in the
// order of port and queue; or, by load, the busiest first to the thread with the fewest
// cycles spent. The same input gives the same answer.
func place(how Placement, demands []demand, cores []int, has []burden) ([]int, error) {
	threads, has := make([]int, len(demands)), slices.Clone(has)
	var rest []int
	for i, d := range demands {
		if d.core < 0 {
			rest = append(rest, i)
			continue
		}
		t := slices.Index(cores, d.core)
		if t < 0 {
			return nil, fmt.Errorf("place queue %d of port %d: no thread polls on core %d; there are threads on %v", d.queue, d.port, d.core, cores)
		}
		threads[i] = t
		has[t].add(d)
	}
	slices.SortStableFunc(rest, func(a, b int) int {
		x, y := demands[a], demands[b]
		if c := cmp.Compare(y.cycles, x.cycles); how == ByLoad && c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(x.port, y.port), cmp.Compare(x.queue, y.queue))
	})
	for _, i := range rest {
		t := lightest(how, has)
		threads[i] = t
		has[t].add(demands[i])
	}
	return threads, nil
}

func (b *burden) add(d demand) {
	b.queues++
	b.cycles += d.cycles
}

// lightest is the thread to give the next queue to; of equals, the first.
func lightest(how Placement, has []burden) (best int) {
	for t, b := range has {
		c := cmp.Compare(b.queues, has[best].queues)
		if how == ByLoad {
			c = cmp.Or(cmp.Compare(b.cycles, has[best].cycles), c)
		}
		if c < 0 {
			best = t
		}
	}
	return best
}
