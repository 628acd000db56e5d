package action

import "pollux/packet"

// Numbers of the protocols whose headers are edited.
const (
	typeVLAN   = 0x8100
	typeQinQ   = 0x88a8
	typeARP    = 0x0806
	typeRARP   = 0x8035
	typeIPv4   = 0x0800
	typeIPv6   = 0x86dd
	typeMPLS   = 0x8847
	typeMPLSmc = 0x8848

	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoSCTP   = 132
)

// typeAt is the offset of the EtherType behind all VLAN tags, and the type.
func typeAt(b []byte) (at int, typ uint16) {
	for at = 12; at+2 <= len(b); at += 4 {
		if typ = be.Uint16(b[at:]); typ != typeVLAN && typ != typeQinQ {
			return at, typ
		}
	}
	return at, 0
}

// locate returns the packet's bytes from the header of a layer on, nil if it
// has no such header.
func locate(p *packet.Packet, l layer) []byte {
	b := p.Bytes()
	switch l {
	case ethernet:
		return b
	case tag:
		if len(b) >= 16 && isVLAN(be.Uint16(b[12:])) {
			return b[14:]
		}
		return nil
	case label:
		if at, typ := typeAt(b); (typ == typeMPLS || typ == typeMPLSmc) && len(b) >= at+6 {
			return b[at+2:]
		}
		return nil
	case ipv4, ipv6, arp:
		return network(p, b, l)
	}
	return transport(p, b, l)
}

func isVLAN(typ uint16) bool { return typ == typeVLAN || typ == typeQinQ }

func network(p *packet.Packet, b []byte, l layer) []byte {
	if p.L3 == packet.NoLayer || int(p.L3) >= len(b) {
		return nil
	}
	h := b[p.L3:]
	_, typ := typeAt(b)
	switch {
	case l == ipv4 && typ == typeIPv4 && len(h) >= 20 && h[0]>>4 == 4,
		l == ipv6 && typ == typeIPv6 && len(h) >= 40 && h[0]>>4 == 6,
		l == arp && (typ == typeARP || typ == typeRARP) && len(h) >= 28:
		return h
	}
	return nil
}

// layerOf are the transports by protocol number.
func layerOf(proto uint8, v6 bool) layer {
	switch {
	case proto == protoTCP:
		return tcp
	case proto == protoUDP:
		return udp
	case proto == protoSCTP:
		return sctp
	case proto == protoICMP && !v6:
		return icmp
	case proto == protoICMPv6 && v6:
		return icmpv6
	}
	return nowhere
}

// headerBytes is the least that a transport header must have to be edited.
var headerBytes = [meta]int{tcp: 20, udp: 8, sctp: 12, icmp: 4, icmpv6: 4}

func transport(p *packet.Packet, b []byte, l layer) []byte {
	if p.L4 == packet.NoLayer || int(p.L4) >= len(b) || transportOf(p) != l {
		return nil
	}
	if h := b[p.L4:]; len(h) >= headerBytes[l] {
		return h
	}
	return nil
}

// transportOf is which transport header the packet has at L4.
func transportOf(p *packet.Packet) layer {
	b := p.Bytes()
	if p.L4 == packet.NoLayer {
		return nowhere
	}
	if h := network(p, b, ipv4); h != nil {
		return layerOf(h[9], false)
	}
	if h := network(p, b, ipv6); h != nil {
		return layerOf(lastHeader(h, int(p.L4)-int(p.L3)), true)
	}
	return nowhere
}

// lastHeader walks the extension headers of an IPv6 header up to the transport
// header at end, and returns its protocol.
func lastHeader(h []byte, end int) uint8 {
	next, at := h[6], 40
	for at < end && at+8 <= len(h) {
		n := 8 * (int(h[at+1]) + 1)
		switch next {
		case 44:
			n = 8
		case 51:
			n = 4 * (int(h[at+1]) + 2)
		}
		next, at = h[at], at+n
	}
	return next
}
