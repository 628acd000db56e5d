package action

import (
	"pollux/flow"
	"pollux/packet"
)

// Where headers are follows from p.L3 and p.L4 as flow.Extract leaves them:
// they are set only when the whole header is there. The type of the
// network header stands in the two bytes before it, in an Ethernet header, a VLAN tag
// or a SNAP header alike. Behind MPLS labels these bytes are the end of the last entry: the lowest bit of
// the first of them is set, which of the types that we look for only NSH's has.

// located returns the bytes of the packet from the header of layer l on, nil when it has none.
func located(p *packet.Packet, l layer) []byte {
	b := p.Bytes()
	switch l {
	case ethernet:
		if len(b) < 14 {
			return nil
		}
		return b
	case tag:
		if len(b) < 18 || !isTag(be.Uint16(b[12:])) {
			return nil
		}
		return b[14:]
	case label:
		at := linkEnd(p)
		if at == 0 || len(b) < at+4 || !isMPLS(be.Uint16(b[at-2:])) {
			return nil
		}
		return b[at:]
	case ipv4, ipv6, arp, nsh:
		h, is := network(p)
		if is != l {
			return nil
		}
		return h
	}
	if l == transportOf(p) {
		return b[p.L4:]
	}
	return nil
}

// network returns the bytes from the network header on and which it is, nowhere if it is none that we edit.
func network(p *packet.Packet) ([]byte, layer) {
	b := p.Bytes()
	at := int(p.L3)
	if at > len(b) || at < 14 {
		return nil, nowhere
	}
	h := b[at:]
	switch be.Uint16(b[at-2:]) {
	case flow.EthTypeIPv4:
		if len(h) >= packet.IPv4Len {
			return h, ipv4
		}
	case flow.EthTypeIPv6:
		if len(h) >= packet.IPv6Len {
			return h, ipv6
		}
	case flow.EthTypeARP, flow.EthTypeRARP:
		if len(h) >= packet.ARPLen {
			return h, arp
		}
	case flow.EthTypeNSH:
		if linkEnd(p) != at {
			return nil, nowhere
		}
		if len(h) >= nshBytes && h[2] == nshFixedContext {
			return h, nsh
		}
		if len(h) >= nshBase {
			return h[:nshBase], nsh
		}
	}
	return nil, nowhere
}

// The lengths of a network service header with and without the four words of context that are fields (RFC 8300, 2.4).
const (
	nshBase         = 8
	nshBytes        = 24
	nshFixedContext = 1 // metadata type
)

// transportOf is which transport header the packet has at L4. It has all bytes that editing it needs.
func transportOf(p *packet.Packet) layer {
	h, is := network(p)
	if p.L4 == packet.NoLayer || p.L4 < p.L3 {
		return nowhere
	}
	var l layer
	switch is {
	case ipv4:
		l = transportOfIPv4[h[9]]
	case ipv6:
		l = transportOfIPv6[lastHeader(h, int(p.L4-p.L3))]
	}
	if l == nowhere || len(p.Bytes()) < int(p.L4)+transportBytes[l] {
		return nowhere
	}
	return l
}

var (
	transportOfIPv4 = [256]layer{flow.ProtoTCP: tcp, flow.ProtoUDP: udp, flow.ProtoSCTP: sctp, flow.ProtoICMP: icmpv4}
	transportOfIPv6 = [256]layer{flow.ProtoTCP: tcp, flow.ProtoUDP: udp, flow.ProtoSCTP: sctp, flow.ProtoICMPv6: icmpv6}

	// transportBytes is the least that extraction takes for a header.
	transportBytes = [...]int{tcp: 20, udp: 8, sctp: 12, icmpv4: 8, icmpv6: 8}
)

// Extension headers of IPv6 that are not counted in units of 8 bytes, or of interest.
const (
	routing  = 43
	fragment = 44
	authn    = 51
)

// lastHeader walks the extension headers of an IPv6 header up to the transport
// header at end, and returns its protocol.
func lastHeader(h []byte, end int) uint8 {
	next, at := h[6], packet.IPv6Len
	for at < end && at+2 <= len(h) {
		next, at = h[at], at+extensionBytes(next, h[at+1])
	}
	return next
}

// extensionBytes is how long an extension header is.
func extensionBytes(kind, length uint8) int {
	switch kind {
	case fragment:
		return 8
	case authn:
		return (int(length) + 2) * 4
	}
	return (int(length) + 1) * 8
}

// routed reports whether a routing header says that the destination in the
// IPv6 header is not yet the last; then it is not in the pseudo-header (RFC 8200, 8.1).
func routed(h []byte, end int) bool {
	next, at := h[6], packet.IPv6Len
	for at < end && at+4 <= len(h) {
		if next == routing && h[at+3] != 0 {
			return true
		}
		next, at = h[at], at+extensionBytes(next, h[at+1])
	}
	return false
}

// linkEnd is where what the link header carries begins: a network header or
// labels. The packet's type stands before it. It is 0 for a packet without Ethernet header.
func linkEnd(p *packet.Packet) int {
	b := p.Bytes()
	if len(b) < 14 {
		return 0
	}
	at := 14
	for isTag(be.Uint16(b[at-2:])) && len(b) >= at+4 {
		at += 4
	}
	const lengths, snap = 0x600, 0xaaaa03000000 << 16
	if be.Uint16(b[at-2:]) < lengths && len(b) >= at+8 && be.Uint64(b[at:])&^0xffff == snap {
		at += 8
	}
	return min(at, int(p.L3)) // extraction looks behind two tags; a third is what they carry
}

func isTag(typ uint16) bool { return typ == flow.EthTypeVLAN || typ == flow.EthTypeQinQ }

func isMPLS(typ uint16) bool { return typ == flow.EthTypeMPLS || typ == flow.EthTypeMPLSMcst }
