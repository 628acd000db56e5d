package pmd

import (
	"math/bits"

	"pollux/action"
)

// lists is the memory of the action lists of a thread's flows: one slab made at
// start, cut into pieces of powers of two words as they are asked for. A piece given
// back is kept for the next list of its size: its first word then says where the
// next free one begins. What is never used is never touched, and so takes no memory.
type lists struct {
	slab []uint64
	used int
	free [listClasses]uint64 // by log2 of the words: where the first free piece begins, plus 1
	at   []uint32            // by flow id: where its piece begins
}

const (
	// wordsPerFlow sizes the slab; most flows have a single output, one word.
	wordsPerFlow = 16
	// listClasses is enough for action.MaxWords.
	listClasses = 13
)

func newLists(flows int) lists {
	return lists{slab: make([]uint64, flows*wordsPerFlow), at: make([]uint32, flows)}
}

// keep copies l into the slab for flow id, or reports false when the slab is full.
func (a *lists) keep(id uint32, l action.List) (action.List, bool) {
	class := classOf(len(l))
	size := 1 << class
	var at int
	if first := a.free[class]; first != 0 {
		at = int(first - 1)
		a.free[class] = a.slab[at]
	} else if a.used+size > len(a.slab) {
		return nil, false
	} else {
		at = a.used
		a.used += size
	}
	a.at[id] = uint32(at)
	c := a.slab[at : at+size : at+size]
	return action.List(c[:copy(c, l)]), true
}

// release gives back the memory of the list l of flow id.
func (a *lists) release(id uint32, l action.List) { a.releaseAt(a.at[id], l) }

func (a *lists) releaseAt(at uint32, l action.List) {
	class := classOf(len(l))
	a.slab[at] = a.free[class]
	a.free[class] = uint64(at) + 1
}

// classOf is the smallest class with room for n words.
func classOf(n int) int { return bits.Len(uint(max(n, 1) - 1)) }
