package ofproto

import (
	"pollux/action"
	"pollux/flow"
	"pollux/internal/clock"
)

// FlowID names a flow of a thread; 0 is none.
type FlowID uint32

// FlowStats is what a flow has counted since it was put.
type FlowStats struct {
	Packets, Bytes uint64
	Used           clock.Time // of the last packet, 0 before the first
	TCPFlags       uint16     // all that were seen
}

// Installer is the datapath as a bridge needs it. Any goroutine may call it,
// for one thread several at once.
type Installer interface {
	// PutFlow asks a thread for a flow. key has no bit outside mask. The actions
	// are copied. The thread may still refuse it, which Bridge.Lost is told.
	PutFlow(thread int, key *flow.Key, mask *flow.Mask, actions action.List) (FlowID, error)
	// SetActions gives a flow other actions; its counters go on.
	SetActions(thread int, id FlowID, actions action.List) error
	// DeleteFlow ends a flow. When the thread counts no more packets for it, last is called once with
	// what it has counted in the end; before that the id is not given to another flow.
	DeleteFlow(thread int, id FlowID, last func(FlowStats))
	// Stats reads the counters of a flow.
	Stats(thread int, id FlowID) FlowStats
}
