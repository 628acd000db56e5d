package openflow

import "pollux/flow"

// Action is an OpenFlow action: one of the structs of this package, as a
// value, told apart by a type switch.
type Action interface{ appendText(t *printer) }

// Output sends the packet to a port: an ordinary one, or a reserved one (NORMAL, FLOOD, ALL, IN_PORT, LOCAL, TABLE).
// For the controller there is Controller.
type Output struct{ Port Port }

// OutputReg sends to the port whose number is in a field.
type OutputReg struct{ Src Subfield }

// OutputTrunc sends at most MaxLen bytes of the packet to a port.
type OutputTrunc struct {
	Port   Port
	MaxLen uint32
}

// Enqueue sends to a port through one of its queues.
type Enqueue struct {
	Port  Port
	Queue uint32
}

// Controller sends the packet, or its first MaxLen bytes, to the controller as a packet-in.
type Controller struct {
	MaxLen   uint16 // 0xffff: all of it
	Reason   Reason
	ID       uint16 // of the controller connection; 0 is every one
	UserData []byte
	Pause    bool
	Meter    uint32 // 0 for none
}

// Reason is why a packet goes to the controller (OpenFlow 1.4, 7.4.1).
type Reason uint8

// The reasons. ReasonAction, an explicit action, is the zero value.
const (
	ReasonAction Reason = iota
	ReasonNoMatch
	ReasonInvalidTTL
	ReasonActionSet
	ReasonGroup
	ReasonPacketOut
)

// Spelling is how the action that sets a field was written.
type Spelling uint8

// The spellings. All mean the same.
const (
	AsSetField Spelling = iota // set_field:value/mask->field
	AsLoad                     // load:value->field[ofs..end]
	AsMod                      // mod_dl_src:value, set_tunnel:value, set_mpls_ttl(value): the field's own action
	AsTunnel64                 // set_tunnel64:value
)

// SetField writes the bits of Value that Mask has into a field, if the
// packet has the field. It stands for set_field, load, mod_dl_src and dst, mod_nw_src, dst, tos (upper six bits), ecn, ttl,
// mod_tp_src and dst (field tcp_src or tcp_dst; the packet's own transport counts), set_tunnel, set_mpls_label, tc, ttl.
// Value has no bit outside Mask.
type SetField struct {
	Field       flow.FieldID
	Value, Mask flow.Value
	Spelling    Spelling
}

// Move copies bits of one field to another.
type Move struct{ Src, Dst Subfield }

// Push puts bits of a field on the stack of the packet, Pop takes them off.
type (
	Push struct{ Src Subfield }
	Pop  struct{ Dst Subfield }
)

// SetVLANVID writes the VLAN id of the outer tag; without a tag it pushes
// one if PushIfNeeded (mod_vlan_vid), else does nothing (set_vlan_vid).
type SetVLANVID struct {
	VID          uint16
	PushIfNeeded bool
}

// SetVLANPCP does the same for the priority.
type SetVLANPCP struct {
	PCP          uint8
	PushIfNeeded bool
}

// PushVLAN pushes a tag of Ethertype 0x8100 or 0x88a8 with VLAN id 0; PopVLAN takes the outer tag off, if any.
type (
	PushVLAN struct{ Ethertype uint16 }
	PopVLAN  struct{ AsStrip bool } // AsStrip: spelled strip_vlan, OpenFlow 1.0's word
)

// PushMPLS pushes a label stack entry of Ethertype 0x8847 or 0x8848. PopMPLS takes the outer one off; what is below is of Ethertype.
type (
	PushMPLS struct{ Ethertype uint16 }
	PopMPLS  struct{ Ethertype uint16 }
)

// DecTTL decrements the TTL of IP. A packet for which it would reach 0 goes to
// the controllers with the given ids (none given: to id 0) instead of on.
type DecTTL struct{ ControllerIDs []uint16 }

// DecMPLSTTL does the same for the outer label stack entry, DecNSHTTL for NSH.
type (
	DecMPLSTTL struct{}
	DecNSHTTL  struct{}
)

// Resubmit looks the packet up again in Table, as if it had come in by Port (PortInPort: as it did), and goes on here afterwards.
// Ct: with the addresses that connection tracking saw first.
type Resubmit struct {
	Port  Port
	Table uint8 // 255: the table of the rule itself
	Ct    bool
}

// Clone works on a copy of the packet and leaves the packet as it was.
type Clone struct{ Actions []Action }

// Group hands the packet to a group.
type Group struct{ ID uint32 }

// SetQueue chooses the queue of the outputs that follow, PopQueue the default one.
type (
	SetQueue struct{ Queue uint32 }
	PopQueue struct{}
)

// Note does nothing; it carries bytes for whoever reads the rule: 6, 14, 22 and
// so on, as many as its action takes on the wire.
type Note struct{ Data []byte }

// Exit ends the packet's way through the tables, whatever rules are still waiting behind a resubmit.
type Exit struct{}
