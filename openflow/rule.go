package openflow

import "pollux/flow"

// DefaultPriority is the priority of a rule that names none.
const DefaultPriority = 32768

// Instructions say what to do with a packet that matches a rule, in this order.
// The zero value drops it.
type Instructions struct {
	Meter                  uint32   // 0 for none
	Apply                  []Action // now
	Clear                  bool     // empties the action set
	Write                  []Action // into the action set
	Metadata, MetadataMask uint64   // MetadataMask 0: leave the metadata
	Goto                   uint8    // the next table; 0 for none, since tables only lead onward
}

// Flags of a rule, in OpenFlow's bits (OpenFlow 1.3, A.3.4.1).
type Flags uint16

// The flags.
const (
	SendFlowRem Flags = 1 << iota
	CheckOverlap
	ResetCounts
	NoPacketCounts
	NoByteCounts
)

// Rule is an OpenFlow entry as a message value: what a flow_mod adds or a table shows, without the
// statistics. Timeouts of 0 mean never.
type Rule struct {
	Table          uint8
	Priority       uint16
	Cookie         uint64
	IdleTimeoutSec uint16
	HardTimeoutSec uint16
	Importance     uint16
	Flags          Flags
	Match          flow.Match
	Instructions   Instructions
}
