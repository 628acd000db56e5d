package action

import "pollux/flow"

// layer is what a field's offset counts from.
type layer uint8

const (
	nowhere layer = iota
	ethernet
	tag   // the first VLAN tag
	label // the first MPLS label stack entry
	ipv4
	ipv6
	arp
	tcp
	udp
	sctp
	icmp
	icmpv6
	meta // not in the packet's bytes
)

// place is where in a packet a field is: bytes from off on, of which the
// field is the bits above shift.
type place struct {
	layer  layer
	off    uint8
	bytes  uint8
	shift  uint8
	pseudo bool // part of the pseudo header that transport checksums cover
}

// places says where each field that can be set is. tp_src, icmp_type and the
// like name their transport: a packet of another one is not touched.
var places = [flow.NumFields]place{
	flow.FieldEthDst:  {layer: ethernet, off: 0, bytes: 6},
	flow.FieldEthSrc:  {layer: ethernet, off: 6, bytes: 6},
	flow.FieldVLANTCI: {layer: tag, off: 0, bytes: 2},
	flow.FieldVLANVID: {layer: tag, off: 0, bytes: 2},
	flow.FieldVLANPCP: {layer: tag, off: 0, bytes: 1, shift: 5},

	flow.FieldMPLSLabel: {layer: label, off: 0, bytes: 4, shift: 12},
	flow.FieldMPLSTC:    {layer: label, off: 2, bytes: 1, shift: 1},
	flow.FieldMPLSBOS:   {layer: label, off: 2, bytes: 1},
	flow.FieldMPLSTTL:   {layer: label, off: 3, bytes: 1},

	flow.FieldNWSrc:     {layer: ipv4, off: 12, bytes: 4, pseudo: true},
	flow.FieldNWDst:     {layer: ipv4, off: 16, bytes: 4, pseudo: true},
	flow.FieldIPTOS:     {layer: ipv4, off: 1, bytes: 1},
	flow.FieldNWTOS:     {layer: ipv4, off: 1, bytes: 1},
	flow.FieldIPDSCP:    {layer: ipv4, off: 1, bytes: 1, shift: 2},
	flow.FieldNWECN:     {layer: ipv4, off: 1, bytes: 1},
	flow.FieldNWTTL:     {layer: ipv4, off: 8, bytes: 1},
	flow.FieldIPv6Src:   {layer: ipv6, off: 8, bytes: 16, pseudo: true},
	flow.FieldIPv6Dst:   {layer: ipv6, off: 24, bytes: 16, pseudo: true},
	flow.FieldIPv6Label: {layer: ipv6, off: 0, bytes: 4},

	flow.FieldARPOp:  {layer: arp, off: 6, bytes: 2},
	flow.FieldARPSHA: {layer: arp, off: 8, bytes: 6},
	flow.FieldARPSPA: {layer: arp, off: 14, bytes: 4},
	flow.FieldARPTHA: {layer: arp, off: 18, bytes: 6},
	flow.FieldARPTPA: {layer: arp, off: 24, bytes: 4},

	flow.FieldTCPSrc:     {layer: tcp, off: 0, bytes: 2},
	flow.FieldTCPDst:     {layer: tcp, off: 2, bytes: 2},
	flow.FieldUDPSrc:     {layer: udp, off: 0, bytes: 2},
	flow.FieldUDPDst:     {layer: udp, off: 2, bytes: 2},
	flow.FieldSCTPSrc:    {layer: sctp, off: 0, bytes: 2},
	flow.FieldSCTPDst:    {layer: sctp, off: 2, bytes: 2},
	flow.FieldICMPType:   {layer: icmp, off: 0, bytes: 1},
	flow.FieldICMPCode:   {layer: icmp, off: 1, bytes: 1},
	flow.FieldICMPv6Type: {layer: icmpv6, off: 0, bytes: 1},
	flow.FieldICMPv6Code: {layer: icmpv6, off: 1, bytes: 1},
	flow.FieldNDReserved: {layer: icmpv6, off: 4, bytes: 4},
	flow.FieldNDTarget:   {layer: icmpv6, off: 8, bytes: 16},

	flow.FieldPktMark:     {layer: meta},
	flow.FieldSKBPriority: {layer: meta},
	flow.FieldDPHash:      {layer: meta},
}

func settable(id flow.FieldID) bool {
	return places[id].layer != nowhere || id == flow.FieldNDSLL || id == flow.FieldNDTLL
}
