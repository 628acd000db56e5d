// Package action is what the datapath does to a packet: the list of actions
// that a flow carries, the header edits, and the text form that
// ovs-dpctl(8) shows. What a controller asks for is an OpenFlow action
// and lives in package openflow.
//
// A list is a fixed-layout value, 64-bit words without pointers, so that it lies in
// shared memory as it is and a thread walks it without decoding. Each action
// is one word of header,
//
//	op 8 | field 8 | words 16 | arg 32      (most significant first)
//
// followed by words-1 words of payload. Nested lists (clone, sample) are
// the payload of their action. Lists from the other process are checked once by
// Validate and never again.
package action

import "pollux/flow"

// List is a list of actions in words.
type List []uint64

// Op says what an action does.
type Op uint8

// The operations. arg and payload are named beside each.
const (
	Invalid     Op = iota
	Output         // arg: datapath port
	Set            // field: flow.FieldID; payload: value hi, value lo, mask hi, mask lo
	PushVLAN       // arg: tpid<<16 | tci (without bit 0x1000, which says in a key that there is a tag and is not written)
	PopVLAN        //
	PushMPLS       // arg: label stack entry; payload: one word, ethertype
	PopMPLS        // arg: ethertype of what is below
	Recirculate    // arg: recirculation id
	Userspace      // payload: reason<<32 | max bytes, cookie: a copy of the packet goes to the control process
	Truncate       // arg: bytes at most, for the next output only
	Clone          // payload: a list worked on a copy
	Sample         // arg: probability of 2^32-1; payload: a list
	Meter          // arg: meter id
	Hash           // arg: basis<<0; field: algorithm; sets dp_hash
	CheckLength    // arg: bytes; payload: first word n, then n words of the list if longer, then the list if not
	Conntrack      // payload: flags<<16|zone, mark value/mask, label..., nat...: package conntrack
	CtClear        //
	TunnelPush     // payload: package vtep
	TunnelPop      // arg: datapath port the inner packet comes in by
	Drop           // arg: counter.Drop
	numOps
)

// MaxWords is how long a list may be in words, nested lists included.
const MaxWords = 4096

// Header packs the header word of an action of words words in all.
func Header(op Op, field uint8, words int, arg uint32) uint64 {
	return uint64(op)<<56 | uint64(field)<<48 | uint64(uint16(words))<<32 | uint64(arg)
}

// Action is one action of a list, unpacked. Payload points into the list.
type Action struct {
	Op      Op
	Field   uint8
	Arg     uint32
	Payload []uint64
}

// First unpacks the first action of l and returns what follows it. The list
// has been validated and is not empty.
func (l List) First() (a Action, rest List) {
	h := l[0]
	n := int(uint16(h >> 32))
	return Action{Op: Op(h >> 56), Field: uint8(h >> 48), Arg: uint32(h), Payload: l[1:n]}, l[n:]
}

// Append adds an action with the given payload.
func (l List) Append(op Op, field uint8, arg uint32, payload ...uint64) List {
	return append(append(l, Header(op, field, 1+len(payload), arg)), payload...)
}

// Output adds an output to a datapath port.
func (l List) Output(port uint32) List { return l.Append(Output, 0, port) }

// Set adds a write of the bits of a field that mask has.
func (l List) Set(id flow.FieldID, v, mask flow.Value) List {
	return l.Append(Set, uint8(id), 0, v.Hi, v.Lo, mask.Hi, mask.Lo)
}

// Written is what a Set writes.
func (a *Action) Written() (id flow.FieldID, v, mask flow.Value) {
	return flow.FieldID(a.Field), flow.Value{Hi: a.Payload[0], Lo: a.Payload[1]}, flow.Value{Hi: a.Payload[2], Lo: a.Payload[3]}
}

// Userspace adds a copy to the control process of at most maxLen bytes of the
// packet. reason and cookie mean something to the control process alone.
func (l List) Userspace(reason, maxLen uint32, cookie uint64) List {
	return l.Append(Userspace, 0, 0, uint64(reason)<<32|uint64(maxLen), cookie)
}

// ToUserspace is what a Userspace was made of.
func (a *Action) ToUserspace() (reason, maxLen uint32, cookie uint64) {
	return uint32(a.Payload[0] >> 32), uint32(a.Payload[0]), a.Payload[1]
}

// CheckLength adds a list for packets longer than n bytes and one for the others.
func (l List) CheckLength(n uint32, longer, others List) List {
	l = append(l, Header(CheckLength, 0, 2+len(longer)+len(others), n), uint64(len(longer)))
	return append(append(l, longer...), others...)
}

// Branches are the two lists of a CheckLength.
func (a *Action) Branches() (longer, others List) {
	n := 1 + int(a.Payload[0])
	return a.Payload[1:n], a.Payload[n:]
}
