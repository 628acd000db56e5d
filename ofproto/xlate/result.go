package xlate

import (
	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/ofproto/mac"
	"pollux/ofproto/table"
	"pollux/openflow"
)

// Result is what translation makes of a packet: what the datapath shall do with it and its like, and
// what else follows from it. It refers to the Translator that made it until that makes the next one.
type Result struct {
	// Actions and Mask are the flow: every packet whose key agrees under Mask is to get
	// these actions. Mask is over datapath keys, in which the port is a DatapathPort.
	Actions action.List
	Mask    flow.Mask
	// Drop is why nothing is sent anywhere, counter.Forwarded if something is.
	Drop counter.Drop
	// Failure says in words why translation gave up and drops the packet, "" if it did not.
	Failure string

	// Rules are those the packet met, in that order, once each time; its packets and bytes are theirs as well.
	Rules []*table.Rule
	// Visited are the tables that were looked up: while they, the ports and the
	// answers for the MACs stay, so does the translation.
	Visited TableSet
	// MACs are the classes of addresses that were looked up when MACSeq was the count of changes.
	MACs   []uint16
	MACSeq uint64
	Seq    uint64 // of the view

	// Learn is what the packet teaches NORMAL.
	Learn []Learn
	// Points are the places from which packets go to controllers.
	Points []*Point
	// Frozen are the rests of the packet's way for which the actions recirculate it.
	Frozen []*Frozen
}

// Learn is an address heard on a port.
type Learn struct {
	mac.Address
	Port openflow.Port
}

// TableSet is a set of table numbers.
type TableSet [4]uint64

// Add puts t into the set.
func (s *TableSet) Add(t uint8) { s[t/64] |= 1 << (t % 64) }

// Each calls yield for the tables of the set by rising number.
func (s *TableSet) Each(yield func(uint8) bool) {
	for i, w := range s {
		for t := i * 64; w != 0; t, w = t+1, w>>1 {
			if w&1 != 0 && !yield(uint8(t)) {
				return
			}
		}
	}
}
