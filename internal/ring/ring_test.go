package ring

import (
	"math/rand/v2"
	"runtime"
	"testing"
)

// The ring and a slice fed the same random verbs agree at every step.
func TestAgainstSlice(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		size := 1 << r.IntN(7)
		p, c := New[int](size)
		var twin []int
		next := 0
		for step := range 2000 {
			if want := 1 + r.IntN(size+2); r.IntN(2) == 0 {
				n := p.Reserve(want)
				if free := size - len(twin); n != min(want, free) {
					t.Fatalf("seed %d step %d: reserved %d of %d with %d free", seed, step, n, want, free)
				}
				for i := range n {
					*p.Slot(i) = next + i
				}
				n = r.IntN(n + 1) // a producer may publish less than it reserved
				for i := range n {
					twin = append(twin, next+i)
				}
				next += n
				p.Publish(n)
			} else {
				n := c.Peek(want)
				if n != min(want, len(twin)) {
					t.Fatalf("seed %d step %d: peeked %d of %d with %d there", seed, step, n, want, len(twin))
				}
				for i := range n {
					if *c.Slot(i) != twin[i] {
						t.Fatalf("seed %d step %d: slot %d holds %d, not %d", seed, step, i, *c.Slot(i), twin[i])
					}
				}
				n = r.IntN(n + 1)
				c.Release(n)
				twin = twin[n:]
			}
		}
	}
}

func TestTwoGoroutines(t *testing.T) {
	p, c := New[uint64](64)
	const total = 100000
	go func() {
		for i := uint64(0); i < total; {
			if p.Put(i) {
				i++
			} else {
				runtime.Gosched()
			}
		}
	}()
	for i := uint64(0); i < total; {
		if v, ok := c.Take(); !ok {
			runtime.Gosched()
		} else if v != i {
			t.Fatalf("took %d, want %d", v, i)
		} else {
			i++
		}
	}
}

// An index that the other side scribbled over leads to an empty or full
// ring, never out of the slots.
func TestHostileIndices(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 10000 {
		index, slots := new(Index), make([]int, 8)
		p, c := NewProducer(index, slots), NewConsumer(index, slots)
		index.head.Store(r.Uint64() >> r.IntN(64))
		index.tail.Store(r.Uint64() >> r.IntN(64))
		if n := p.Reserve(100); n < 0 || n > 8 {
			t.Fatalf("reserved %d of 8", n)
		} else {
			for i := range n {
				*p.Slot(i) = 1
			}
		}
		if n := c.Peek(100); n < 0 || n > 8 {
			t.Fatalf("peeked %d of 8", n)
		} else {
			for i := range n {
				_ = *c.Slot(i)
			}
		}
	}
}

func TestSuccessorGoesOn(t *testing.T) {
	index, slots := new(Index), make([]int, 4)
	p, c := NewProducer(index, slots), NewConsumer(index, slots)
	for i := range 3 {
		p.Put(i)
	}
	c.Take()
	p, c = NewProducer(index, slots), NewConsumer(index, slots)
	if n := p.Reserve(4); n != 2 {
		t.Errorf("the second producer may write %d slots, not 2", n)
	}
	if v, ok := c.Take(); !ok || v != 1 {
		t.Errorf("the second consumer took %d, %v", v, ok)
	}
	if p.Released() != 2 || index.Head() != 3 || index.Tail() != 2 {
		t.Errorf("released %d, head %d, tail %d", p.Released(), index.Head(), index.Tail())
	}
}

func TestNoAllocation(t *testing.T) {
	p, c := New[[4]uint64](8)
	if n := testing.AllocsPerRun(100, func() {
		p.Put([4]uint64{1})
		c.Take()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
