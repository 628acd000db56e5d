package afxdp

import "testing"

// The two ends of a ring in lockstep with a plain queue, across the wrap of the indices.
func TestRingAgainstQueue(t *testing.T) {
	r := seeded(t)
	const slots = 8
	head, tail, flags := ^uint32(20), ^uint32(20), uint32(0)
	s := shared{&head, &tail, &flags}
	mem := make([]uint64, slots)
	p, c := newProducer(s, mem), newConsumer(s, mem)
	var queue []uint64
	next := uint64(0)
	for range 10000 {
		if r.IntN(2) == 0 {
			want := r.IntN(slots + 3)
			n := p.reserve(want)
			if n != min(want, slots-len(queue)) {
				t.Fatalf("reserved %d of %d with %d in the ring", n, want, len(queue))
			}
			n = r.IntN(n + 1)
			for i := range n {
				*p.slot(i) = next
				queue = append(queue, next)
				next++
			}
			p.publish(n)
		} else {
			want := r.IntN(slots + 3)
			n := c.peek(want)
			if n != min(want, len(queue)) {
				t.Fatalf("peeked %d of %d with %d in the ring", n, want, len(queue))
			}
			n = r.IntN(n + 1)
			for i := range n {
				if *c.slot(i) != queue[i] {
					t.Fatalf("read %d, want %d", *c.slot(i), queue[i])
				}
			}
			queue = queue[n:]
			c.release(n)
		}
		if p.pending() != len(queue) {
			t.Fatalf("pending %d, want %d", p.pending(), len(queue))
		}
	}
}

// Whatever the other side writes, a ring never offers more than it has.
func TestRingAgainstNonsense(t *testing.T) {
	r := seeded(t)
	const slots = 8
	var head, tail, flags uint32
	s := shared{&head, &tail, &flags}
	mem := make([]uint64, slots)
	p, c := newProducer(s, mem), newConsumer(s, mem)
	for range 10000 {
		head, tail = r.Uint32()>>r.IntN(32), r.Uint32()>>r.IntN(32)
		n, m := p.reserve(slots*2), c.peek(slots*2)
		if n < 0 || n > slots || m < 0 || m > slots || p.pending() > slots {
			t.Fatalf("reserve %d, peek %d, pending %d", n, m, p.pending())
		}
		for i := range slots {
			*p.slot(i), *c.slot(i) = 0, 0
		}
		p.publish(n)
		c.release(m)
	}
}
