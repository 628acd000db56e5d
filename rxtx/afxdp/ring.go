package afxdp

import "sync/atomic"

// The rings between a socket and the kernel: a power of two of slots and two
// 32-bit indices that count up and wrap, head what was published and tail what was
// released, so that head-tail is the fill and index&mask the slot. Each side
// keeps a private copy of the other side's index and rereads the shared one only when
// the copy does not suffice. (internal/ring has the same five verbs over 64-bit
// indices; the kernel's layout is not ours to choose.)
//
// What the kernel's side wrote is not trusted: an index that would make the
// fill larger than the ring reads as full, or empty, and no index leads
// outside the slots. One thread uses a ring.

// shared are the words of a ring that both sides see.
type shared struct {
	head, tail, flags *uint32
}

// needWakeup tells whether the kernel wants to be told about new entries.
func (s *shared) needWakeup() bool { return atomic.LoadUint32(s.flags)&ringNeedWakeup != 0 }

const ringNeedWakeup = 1 // XDP_RING_NEED_WAKEUP

// producer is our end of a fill or transmit ring.
type producer[T any] struct {
	shared
	slots []T
	next  uint32 // published by us
	tail  uint32 // what we last saw of the kernel
}

func newProducer[T any](s shared, slots []T) producer[T] {
	return producer[T]{shared: s, slots: slots, next: atomic.LoadUint32(s.head), tail: atomic.LoadUint32(s.tail)}
}

// reserve returns how many of the n wanted slots are free now.
func (p *producer[T]) reserve(n int) int {
	if free := p.free(); free >= n {
		return n
	}
	p.tail = atomic.LoadUint32(p.shared.tail)
	return min(n, p.free())
}

func (p *producer[T]) free() int {
	if used := p.next - p.tail; used <= uint32(len(p.slots)) {
		return len(p.slots) - int(used)
	}
	return 0
}

// slot is the i-th slot of those reserved.
func (p *producer[T]) slot(i int) *T {
	return &p.slots[(p.next+uint32(i))&uint32(len(p.slots)-1)]
}

// publish hands the first n reserved slots to the kernel.
func (p *producer[T]) publish(n int) {
	if n > 0 {
		p.next += uint32(n)
		atomic.StoreUint32(p.head, p.next)
	}
}

// pending is how many published slots the kernel has not taken yet.
func (p *producer[T]) pending() int {
	p.tail = atomic.LoadUint32(p.shared.tail)
	return len(p.slots) - p.free()
}

// consumer is our end of a receive or completion ring.
type consumer[T any] struct {
	shared
	slots []T
	next  uint32 // released by us
	head  uint32 // what we last saw of the kernel
}

func newConsumer[T any](s shared, slots []T) consumer[T] {
	next := atomic.LoadUint32(s.tail)
	return consumer[T]{shared: s, slots: slots, next: next, head: next}
}

// peek returns how many of the n wanted slots are there to be read.
func (c *consumer[T]) peek(n int) int {
	if c.head-c.next < uint32(n) {
		c.head = atomic.LoadUint32(c.shared.head)
		if c.head-c.next > uint32(len(c.slots)) {
			c.head = c.next
		}
	}
	return int(min(c.head-c.next, uint32(n)))
}

// slot is the i-th slot of those peeked.
func (c *consumer[T]) slot(i int) *T {
	return &c.slots[(c.next+uint32(i))&uint32(len(c.slots)-1)]
}

// release gives the first n peeked slots back to the kernel.
func (c *consumer[T]) release(n int) {
	if n > 0 {
		c.next += uint32(n)
		atomic.StoreUint32(c.tail, c.next)
	}
}
