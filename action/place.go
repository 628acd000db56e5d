package action

import "pollux/flow"

// layer is the header from which a field's offset counts.
type layer uint8

const (
	nowhere layer = iota // not in the packet, or not to be written
	ethernet
	tag   // the outer VLAN tag
	label // the outer MPLS label stack entry
	ipv4
	ipv6
	arp
	nsh
	tcp
	udp
	sctp
	icmpv4
	icmpv6
	neighbour // ICMPv6, if it is neighbour discovery
	metadata  // beside the bytes of the packet
)

// place is where a field lies in a packet: the number in size bytes (1, 2,
// 4, 6 or 16) from off on has the field's bits above shift.
type place struct {
	layer  layer
	off    uint8
	size   uint8
	shift  uint8
	bits   uint8
	pseudo bool   // part of the pseudo-header that transport checksums cover
	v6     *place // where it lies in IPv6, for the fields that both versions of IP have
}

// places is the one table of what Set can write. A transport field is
// written only in a packet of its own protocol.
var places = [flow.NumFields]place{
	flow.FieldEthDst:     {layer: ethernet, off: 0, size: 6, bits: 48},
	flow.FieldEthSrc:     {layer: ethernet, off: 6, size: 6, bits: 48},
	flow.FieldVLANTCI:    {layer: tag, off: 0, size: 2, bits: 16},
	flow.FieldVLANVID:    {layer: tag, off: 0, size: 2, bits: 12},
	flow.FieldDLVLAN:     {layer: tag, off: 0, size: 2, bits: 12},
	flow.FieldVLANPCP:    {layer: tag, off: 0, size: 1, bits: 3, shift: 5},
	flow.FieldDLVLANPCP:  {layer: tag, off: 0, size: 1, bits: 3, shift: 5},
	flow.FieldMPLSLabel:  {layer: label, off: 0, size: 4, bits: 20, shift: 12},
	flow.FieldMPLSTC:     {layer: label, off: 2, size: 1, bits: 3, shift: 1},
	flow.FieldMPLSTTL:    {layer: label, off: 3, size: 1, bits: 8},
	flow.FieldNWSrc:      {layer: ipv4, off: 12, size: 4, bits: 32, pseudo: true},
	flow.FieldNWDst:      {layer: ipv4, off: 16, size: 4, bits: 32, pseudo: true},
	flow.FieldIPTOS:      {layer: ipv4, off: 1, size: 1, bits: 8, v6: &tosOfIPv6},
	flow.FieldNWTOS:      {layer: ipv4, off: 1, size: 1, bits: 8, v6: &tosOfIPv6},
	flow.FieldIPDSCP:     {layer: ipv4, off: 1, size: 1, bits: 6, shift: 2, v6: &dscpOfIPv6},
	flow.FieldNWECN:      {layer: ipv4, off: 1, size: 1, bits: 2, v6: &ecnOfIPv6},
	flow.FieldNWTTL:      {layer: ipv4, off: 8, size: 1, bits: 8, v6: &ttlOfIPv6},
	flow.FieldIPv6Src:    {layer: ipv6, off: 8, size: 16, bits: 128, pseudo: true},
	flow.FieldIPv6Dst:    {layer: ipv6, off: 24, size: 16, bits: 128, pseudo: true},
	flow.FieldIPv6Label:  {layer: ipv6, off: 0, size: 4, bits: 20},
	flow.FieldARPOp:      {layer: arp, off: 6, size: 2, bits: 16},
	flow.FieldARPSHA:     {layer: arp, off: 8, size: 6, bits: 48},
	flow.FieldARPSPA:     {layer: arp, off: 14, size: 4, bits: 32},
	flow.FieldARPTHA:     {layer: arp, off: 18, size: 6, bits: 48},
	flow.FieldARPTPA:     {layer: arp, off: 24, size: 4, bits: 32},
	flow.FieldNSHFlags:   {layer: nsh, off: 0, size: 2, bits: 2, shift: 12},
	flow.FieldNSHTTL:     {layer: nsh, off: 0, size: 2, bits: 6, shift: 6},
	flow.FieldNSHSPI:     {layer: nsh, off: 4, size: 4, bits: 24, shift: 8},
	flow.FieldNSHSI:      {layer: nsh, off: 7, size: 1, bits: 8},
	flow.FieldNSHC1:      {layer: nsh, off: 8, size: 4, bits: 32},
	flow.FieldNSHC2:      {layer: nsh, off: 12, size: 4, bits: 32},
	flow.FieldNSHC3:      {layer: nsh, off: 16, size: 4, bits: 32},
	flow.FieldNSHC4:      {layer: nsh, off: 20, size: 4, bits: 32},
	flow.FieldTCPSrc:     {layer: tcp, off: 0, size: 2, bits: 16},
	flow.FieldTCPDst:     {layer: tcp, off: 2, size: 2, bits: 16},
	flow.FieldUDPSrc:     {layer: udp, off: 0, size: 2, bits: 16},
	flow.FieldUDPDst:     {layer: udp, off: 2, size: 2, bits: 16},
	flow.FieldSCTPSrc:    {layer: sctp, off: 0, size: 2, bits: 16},
	flow.FieldSCTPDst:    {layer: sctp, off: 2, size: 2, bits: 16},
	flow.FieldICMPType:   {layer: icmpv4, off: 0, size: 1, bits: 8},
	flow.FieldICMPCode:   {layer: icmpv4, off: 1, size: 1, bits: 8},
	flow.FieldICMPv6Type: {layer: icmpv6, off: 0, size: 1, bits: 8},
	flow.FieldICMPv6Code: {layer: icmpv6, off: 1, size: 1, bits: 8},

	flow.FieldNDReserved:    {layer: neighbour, off: 4, size: 4, bits: 32},
	flow.FieldNDTarget:      {layer: neighbour, off: 8, size: 16, bits: 128},
	flow.FieldNDSLL:         {layer: neighbour, off: 2, size: 6, bits: 48}, // in an option
	flow.FieldNDTLL:         {layer: neighbour, off: 2, size: 6, bits: 48},
	flow.FieldNDOptionsType: {layer: neighbour, off: 0, size: 1, bits: 8},

	flow.FieldPktMark:     {layer: metadata, bits: 32},
	flow.FieldSKBPriority: {layer: metadata, bits: 32},
	flow.FieldDPHash:      {layer: metadata, bits: 32},
}

var (
	tosOfIPv6  = place{layer: ipv6, off: 0, size: 2, bits: 8, shift: 4}
	dscpOfIPv6 = place{layer: ipv6, off: 0, size: 2, bits: 6, shift: 6}
	ecnOfIPv6  = place{layer: ipv6, off: 0, size: 2, bits: 2, shift: 4}
	ttlOfIPv6  = place{layer: ipv6, off: 7, size: 1, bits: 8}
)

// Settable reports whether Set can write the field.
func Settable(id flow.FieldID) bool { return id < flow.NumFields && places[id].layer != nowhere }
