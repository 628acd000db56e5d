package action

import "pollux/flow"

// The text of a list is what ovs-appctl dpctl/dump-flows shows behind "actions:":
//
//	set(eth(dst=01:02:03:04:05:06)),set(ipv4(ttl=63)),push_vlan(vid=10,pcp=0),2
//
// Open vSwitch sets all fields of a header with one action, here each field has an action of its own; those of one header
// that follow each other are shown as one set. ParseODP reads the text back: it makes the same
// packets and prints as the same text, though the actions may not be the same, since TOS has several fields for its bits.
// Printer and parser work from the tables below.

// textKind is how the value of a part is written.
type textKind uint8

const (
	textDecimal textKind = iota
	textHex
	textMAC
	textIPv4
	textIPv6
)

// textPart is a named part of set(group(name=value/mask)).
type textPart struct {
	name string
	id   flow.FieldID
	kind textKind
}

// textGroup is a header that set writes.
type textGroup struct {
	name  string
	parts []textPart
}

var textGroups = []textGroup{
	{"eth", []textPart{{"src", flow.FieldEthSrc, textMAC}, {"dst", flow.FieldEthDst, textMAC}}},
	{"vlan", []textPart{{"tci", flow.FieldVLANTCI, textHex}}},
	{"mpls", []textPart{{"label", flow.FieldMPLSLabel, textDecimal}, {"tc", flow.FieldMPLSTC, textDecimal}, {"ttl", flow.FieldMPLSTTL, textDecimal}}},
	{"ipv4", []textPart{{"src", flow.FieldNWSrc, textIPv4}, {"dst", flow.FieldNWDst, textIPv4}, {"tos", flow.FieldIPTOS, textHex}, {"ttl", flow.FieldNWTTL, textDecimal}}},
	{"ipv6", []textPart{{"src", flow.FieldIPv6Src, textIPv6}, {"dst", flow.FieldIPv6Dst, textIPv6}, {"label", flow.FieldIPv6Label, textHex},
		{"tclass", flow.FieldIPTOS, textHex}, {"hlimit", flow.FieldNWTTL, textDecimal}}},
	{"arp", []textPart{{"sip", flow.FieldARPSPA, textIPv4}, {"tip", flow.FieldARPTPA, textIPv4}, {"op", flow.FieldARPOp, textDecimal},
		{"sha", flow.FieldARPSHA, textMAC}, {"tha", flow.FieldARPTHA, textMAC}}},
	{"nsh", []textPart{{"flags", flow.FieldNSHFlags, textDecimal}, {"ttl", flow.FieldNSHTTL, textDecimal}, {"spi", flow.FieldNSHSPI, textHex}, {"si", flow.FieldNSHSI, textDecimal},
		{"c1", flow.FieldNSHC1, textHex}, {"c2", flow.FieldNSHC2, textHex}, {"c3", flow.FieldNSHC3, textHex}, {"c4", flow.FieldNSHC4, textHex}}},
	{"tcp", []textPart{{"src", flow.FieldTCPSrc, textDecimal}, {"dst", flow.FieldTCPDst, textDecimal}}},
	{"udp", []textPart{{"src", flow.FieldUDPSrc, textDecimal}, {"dst", flow.FieldUDPDst, textDecimal}}},
	{"sctp", []textPart{{"src", flow.FieldSCTPSrc, textDecimal}, {"dst", flow.FieldSCTPDst, textDecimal}}},
	{"icmp", []textPart{{"type", flow.FieldICMPType, textDecimal}, {"code", flow.FieldICMPCode, textDecimal}}},
	{"icmpv6", []textPart{{"type", flow.FieldICMPv6Type, textDecimal}, {"code", flow.FieldICMPv6Code, textDecimal}}},
	{"nd", []textPart{{"target", flow.FieldNDTarget, textIPv6}, {"sll", flow.FieldNDSLL, textMAC}, {"tll", flow.FieldNDTLL, textMAC}}},
	{"nd_ext", []textPart{{"nd_reserved", flow.FieldNDReserved, textHex}, {"nd_options_type", flow.FieldNDOptionsType, textDecimal}}},
}

// textSingles are set(name(value)): what has no header.
var textSingles = []textPart{{"skb_priority", flow.FieldSKBPriority, textHex}, {"skb_mark", flow.FieldPktMark, textHex}, {"dp_hash", flow.FieldDPHash, textHex}}

// textIndex is where a field stands in textGroups. What IPv4 and IPv6 have in common is in both; the index knows the first.
type textIndex struct{ group, part int8 }

var (
	textAt   = indexText()
	inGroup6 = textAt[flow.FieldIPv6Src].group
	inGroup4 = textAt[flow.FieldNWSrc].group
)

func indexText() (at [flow.NumFields]textIndex) {
	for i := range at {
		at[i] = textIndex{-1, -1}
	}
	for g, group := range textGroups {
		for i, part := range group.parts {
			if at[part.id].group < 0 {
				at[part.id] = textIndex{int8(g), int8(i)}
			}
		}
	}
	return at
}

// bits are the bits that a value of the part may have.
func (p textPart) bits() flow.Value { return flow.Ones(int(places[p.id].bits)) }

// asTextField turns fields that are parts of others in text (the halves of TOS, those of the tag) into those.
func asTextField(id flow.FieldID, v, mask flow.Value) (flow.FieldID, flow.Value, flow.Value) {
	mask = mask.And(flow.Ones(int(places[id].bits)))
	switch id {
	case flow.FieldNWTOS:
		mask.Lo &= 0xfc
		id = flow.FieldIPTOS
	case flow.FieldIPDSCP:
		v, mask, id = v.Shl(2), mask.Shl(2), flow.FieldIPTOS
	case flow.FieldNWECN:
		id = flow.FieldIPTOS
	case flow.FieldARPOp:
		if mask.Lo == 0xff { // all that a key has of it
			v.Lo, mask.Lo = v.Lo&0xff, 0xffff
		}
	case flow.FieldVLANVID, flow.FieldDLVLAN:
		id = flow.FieldVLANTCI
	case flow.FieldVLANPCP, flow.FieldDLVLANPCP:
		v, mask, id = v.Shl(13), mask.Shl(13), flow.FieldVLANTCI
	}
	return id, v.And(mask), mask
}

// hashNames are the algorithms of Hash.
var hashNames = []string{"l4", "sym_l4"}
