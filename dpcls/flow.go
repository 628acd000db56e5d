package dpcls

import (
	"pollux/action"
	"pollux/counter"
	"pollux/flow"
)

// NoOut as Flow.Out says that the actions are not a single output.
const NoOut = ^uint32(0)

// Flow is a datapath entry: key, mask, actions, counters. It lives in the
// slab of its classifier; the thread of the classifier is the only one to touch it.
// The first cache line is all that a hit in a cache reads after the comparison.
type Flow struct {
	Stats   *counter.Flow // where to count
	Actions action.List   // what to do
	Gen     uint32        // changes when the flow dies: what keeps a *Flow compares it
	Out     uint32        // the datapath port when Actions is a single output, else NoOut
	ID      uint32
	Slot    uint16    // scratch for the thread: the flow's group in the batch at hand
	Seen    uint16    // scratch for the thread: the batch in which Slot was set
	sub     *Subtable // the flow's mask; nil when the flow is dead
	more    uint32    // the words of the key that inline does not hold: index of a chunk, 0 for none
	fits    Family    // the short keys that may be compared with short; 0 when the flow is dead
	_       [3]uint8  // to the end of the line

	short Short // second line: what the first cache compares

	hash       uint64 // third line: under the flow's mask
	next, prev uint32 // slots of the neighbours in the subtable, 0 for none
	inline     [inlineWords]uint64
}

// inlineWords is how many words of its key a flow holds itself; it fills the third cache line.
const inlineWords = 6

// chunk holds further words of a flow's key.
type chunk struct {
	words [chunkWords]uint64
	next  uint32 // index of the next chunk, 0 for none
	_     uint32
}

const chunkWords = 7

// Alive reports whether the flow is in the classifier.
func (f *Flow) Alive() bool { return f.sub != nil }

// Mask is the mask of a live flow, shared by all flows of its subtable and
// valid until the flow dies; nil for a dead one.
func (f *Flow) Mask() *flow.Mask {
	if f.sub == nil {
		return nil
	}
	return &f.sub.mask
}

// setActions stores a list and whether it is a single output.
func (f *Flow) setActions(l action.List) {
	f.Actions, f.Out = l, NoOut
	if len(l) == 1 {
		if a, _ := l.First(); a.Op == action.Output {
			f.Out = a.Arg
		}
	}
}
