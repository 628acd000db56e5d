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

// List is a list of actions in words.
type List []uint64

// Op says what an action does.
type Op uint8

// The operations. arg and payload are named beside each.
const (
	Invalid     Op = iota
	Output         // arg: datapath port
	Set            // field: flow field id; payload: value hi, value lo, mask hi, mask lo
	PushVLAN       // arg: tpid<<16 | tci (bit 0x1000 is ignored on the wire: it is the DEI bit's place in a key)
	PopVLAN        //
	PushMPLS       // arg: label stack entry; payload: one word, ethertype
	PopMPLS        // arg: ethertype of what is below
	Recirculate    // arg: recirculation id
	Userspace      // arg: cookie index; payload: reason<<32 | max bytes, cookie 64: copy of the packet to the control process
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
