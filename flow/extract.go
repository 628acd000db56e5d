package flow

import (
	"encoding/binary"

	"pollux/counter"
	"pollux/packet"
)

// Extraction fills a key from a packet in one pass, front to back, after the
// rules of Open vSwitch (flow_extract): a header that is cut off or
// contradicts the length of the packet ends the pass, what was found up to there
// stands, the rest of the key is zero. So a bad IP header leaves an Ethernet
// packet of type 0x0800 with all network fields zero, which rules may match and
// forward; only a packet shorter than an Ethernet header is refused.
//
// The offsets it leaves in the packet are stricter than Open vSwitch's: L3
// is set when the network header is whole (always, for types we do not know), L4
// when the transport header that the key describes is whole, so that
// who rewrites a field needs no other check. A later fragment has no L4.
//
// The usual packets (Ethernet, IPv4 or IPv6, TCP or UDP) run straight down through Extract,
// extractIPv4 or extractIPv6, and transport. Headers lie in the first fragment of
// a chain; a header that does not is cut off.

var be = binary.BigEndian

// Extract fills all words of k from p: the fields of a datapath flow, with everything that p does not
// have, and the words that only translation uses, zero. It sets p.L3 and p.L4. It
// returns counter.Forwarded, or counter.RxTruncated for a packet with less than an Ethernet header; then only
// metadata is in the key. It never allocates.
func Extract(p *packet.Packet, k *Key) counter.Drop {
	*k = Key{}
	p.L3, p.L4 = packet.NoLayer, packet.NoLayer
	k[WordPort] = uint64(p.Port)<<32 | uint64(p.Meta.RecircID)
	k[WordHash] = uint64(p.Meta.DPHash)<<32 | uint64(p.Meta.Mark)
	k[WordCt] = uint64(p.Meta.Priority) << 32

	b := p.Bytes()
	if len(b) < 14 {
		return counter.RxTruncated
	}
	dst, src := be.Uint64(b), be.Uint64(b[6:])
	typ := uint16(src)
	k[WordEthDst] = dst&^0xffff | uint64(typ)
	k[WordEthSrc] = src &^ 0xffff
	off := 14
	if typ != EthTypeIPv4 && typ != EthTypeIPv6 {
		off, typ = extractLink(b, k, typ)
	}
	switch typ {
	case EthTypeIPv4:
		extractIPv4(p, b, off, k)
	case EthTypeIPv6:
		extractIPv6(p, b, off, k)
	case EthTypeARP, EthTypeRARP:
		extractARP(p, b, off, k)
	case EthTypeMPLS, EthTypeMPLSMcst:
		extractMPLS(p, b, off, k)
	case EthTypeNSH:
		extractNSH(p, b, off, k)
	default:
		p.L3 = uint16(off)
	}
	return counter.Forwarded
}

// extractIPv4 reads the IPv4 header at off (RFC 791).
func extractIPv4(p *packet.Packet, b []byte, off int, k *Key) {
	h := b[off:]
	if len(h) < 20 {
		return
	}
	length, total := int(h[0]&0x0f)*4, int(be.Uint16(h[2:]))
	if length < 20 || length > total || length > len(h) || total > p.Len()-off {
		return
	}
	p.L3 = uint16(off)
	k[WordIP] = be.Uint64(h[12:])
	w := uint64(h[9])<<56 | uint64(h[1])<<48 | uint64(h[8])<<40
	if frag := be.Uint16(h[6:]) & 0x3fff; frag != 0 {
		w |= FragAny << 32
		if frag&0x1fff != 0 {
			k[WordIPProto] = w | FragLater<<32
			return
		}
	}
	k[WordIPProto] = w
	transport(p, b[:min(off+total, len(b))], off+length, k, h[9])
}

// transport reads the transport header at off; b ends where the network
// header says that the packet does. Ports are next to each other in the key as on the wire.
func transport(p *packet.Packet, b []byte, off int, k *Key, proto uint8) {
	h := b[off:]
	switch proto {
	case ProtoTCP:
		if len(h) < 20 || int(h[12]>>4) < 5 || int(h[12]>>4)*4 > len(h) {
			return
		}
		k[WordEthSrc] |= uint64(be.Uint16(h[12:]) & 0x0fff)
		k[WordIPProto] |= uint64(be.Uint32(h))
	case ProtoUDP:
		if len(h) < 8 {
			return
		}
		k[WordIPProto] |= uint64(be.Uint32(h))
	case ProtoSCTP:
		if len(h) < 12 {
			return
		}
		k[WordIPProto] |= uint64(be.Uint32(h))
	case ProtoICMP, ProtoIGMP, ProtoICMPv6:
		if !extractControl(h, k, proto) {
			return
		}
	}
	p.L4 = uint16(off)
}

// extractARP reads an ARP or RARP packet for Ethernet and IPv4 (RFC 826).
func extractARP(p *packet.Packet, b []byte, off int, k *Key) {
	const ethernetAndIPv4 = 1<<48 | EthTypeIPv4<<32 | 6<<24 | 4<<16
	h := b[off:]
	if len(h) < 28 || be.Uint64(h)&^0xffff != ethernetAndIPv4 {
		return
	}
	p.L3 = uint16(off)
	k[WordIP] = uint64(be.Uint32(h[14:]))<<32 | uint64(be.Uint32(h[24:]))
	if op := be.Uint16(h[6:]); op <= 0xff {
		k[WordIPProto] = uint64(op) << 56
	}
	k[WordARPSHA] = be.Uint64(h[8:]) &^ 0xffff
	k[WordARPTHA] = be.Uint64(h[18:]) &^ 0xffff
}
