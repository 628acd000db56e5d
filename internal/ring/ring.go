// Package ring is the one single-producer single-consumer ring, on the heap
// or in memory shared with another process.
//
// The slots are a power of two; head counts what was published since the
// beginning and tail what was released, both as 64-bit numbers that never
// wrap, so head-tail is the fill and index&mask the slot. Each side keeps a
// private copy of the other side's index and rereads the shared one only when the
// copy says full (or empty): between two threads that keep up, a burst costs one
// cache miss instead of one a slot. Head and tail lie on cache lines of their own.
//
// Five verbs: the producer reserves room, writes slots, publishes; the
// consumer peeks, reads slots, releases. A slot belongs to the producer from
// Reserve to Publish and to the consumer from Peek to Release.
//
// What the other side wrote to its index is never trusted: an index that
// would make the fill negative or larger than the ring is read as empty (or full), and
// no index ever leads outside the slots. A process that dies between Reserve and
// Publish has published nothing; its successor goes on from the shared indices.
package ring

import "sync/atomic"

// Index is what the two sides share: two counters on cache lines of their own.
type Index struct {
	head atomic.Uint64
	_    [7]uint64
	tail atomic.Uint64
	_    [7]uint64
}

// Head is how many slots were published since the beginning. Anybody may ask.
func (x *Index) Head() uint64 { return x.head.Load() }

// Tail is how many slots were released since the beginning. Anybody may
// ask; a producer learns here that its n-th slot has been dealt with.
func (x *Index) Tail() uint64 { return x.tail.Load() }

// Producer is the writing end. One goroutine uses it.
type Producer[T any] struct {
	slots []T
	index *Index
	mask  uint64
	head  uint64 // published by us
	tail  uint64 // what we last saw of the consumer
}

// Consumer is the reading end. One goroutine uses it.
type Consumer[T any] struct {
	slots []T
	index *Index
	mask  uint64
	tail  uint64 // released by us
	head  uint64 // what we last saw of the producer
}

// New makes a ring of n slots on the heap; n is a power of two.
func New[T any](n int) (*Producer[T], *Consumer[T]) {
	slots, index := make([]T, n), new(Index)
	return NewProducer(index, slots), NewConsumer(index, slots)
}

// NewProducer takes the writing end of a ring whose parts lie elsewhere,
// going on where its indices stand. It panics if len(slots) is not a power of two.
func NewProducer[T any](index *Index, slots []T) *Producer[T] {
	p := &Producer[T]{slots: slots, index: index, mask: maskOf(len(slots)), head: index.head.Load()}
	p.tail = p.head - uint64(len(slots)) // full until the shared index says otherwise
	return p
}

// NewConsumer takes the reading end likewise.
func NewConsumer[T any](index *Index, slots []T) *Consumer[T] {
	tail := index.tail.Load()
	return &Consumer[T]{slots: slots, index: index, mask: maskOf(len(slots)), tail: tail, head: tail}
}

func maskOf(n int) uint64 {
	if n <= 0 || n&(n-1) != 0 {
		panic("ring: the number of slots is not a power of two")
	}
	return uint64(n) - 1
}

// Reserve returns how many of the n wanted slots are free now.
func (p *Producer[T]) Reserve(n int) int {
	size := uint64(len(p.slots))
	if used := p.head - p.tail; size-used < uint64(n) {
		p.tail = p.index.tail.Load()
		if used = p.head - p.tail; used > size { // nonsense from the other side: full
			p.tail = p.head - size
			return 0
		}
		return int(min(size-used, uint64(n)))
	}
	return n
}

// Slot is the i-th slot of those reserved, counted from 0.
func (p *Producer[T]) Slot(i int) *T { return &p.slots[(p.head+uint64(i))&p.mask] }

// Publish hands the first n reserved slots to the consumer and returns the number of
// slots published since the beginning.
func (p *Producer[T]) Publish(n int) uint64 {
	p.head += uint64(n)
	p.index.head.Store(p.head)
	return p.head
}

// Put publishes one value, or reports false when the ring is full.
func (p *Producer[T]) Put(v T) bool {
	if p.Reserve(1) == 0 {
		return false
	}
	*p.Slot(0) = v
	p.Publish(1)
	return true
}

// Published is how many slots have been handed to the consumer since the beginning.
func (p *Producer[T]) Published() uint64 { return p.head }

// Released is how many slots the consumer has given back since the beginning.
func (p *Producer[T]) Released() uint64 { return p.index.tail.Load() }

// Peek returns how many of the n wanted slots are there to be read.
func (c *Consumer[T]) Peek(n int) int {
	if c.head-c.tail < uint64(n) {
		c.head = c.index.head.Load()
		if c.head-c.tail > uint64(len(c.slots)) { // nonsense from the other side: empty
			c.head = c.tail
		}
	}
	return int(min(c.head-c.tail, uint64(n)))
}

// Slot is the i-th slot of those peeked, counted from 0.
func (c *Consumer[T]) Slot(i int) *T { return &c.slots[(c.tail+uint64(i))&c.mask] }

// Release gives the first n peeked slots back to the producer.
func (c *Consumer[T]) Release(n int) {
	c.tail += uint64(n)
	c.index.tail.Store(c.tail)
}

// Take reads one value, or reports false when the ring is empty.
func (c *Consumer[T]) Take() (v T, ok bool) {
	if c.Peek(1) == 0 {
		return v, false
	}
	v = *c.Slot(0)
	c.Release(1)
	return v, true
}
