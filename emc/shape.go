package emc

import (
	"encoding/binary"
	"math/bits"

	"pollux/dpcls"
	"pollux/flow"
	"pollux/packet"
)

// The bytes of a packet without a tag, by offset. A tag moves all from 12 on by tagLen.
//
//	0 dl_dst  6 dl_src  12 dl_type
//	IPv4: 14 0x45  15 tos  16 total length  20 fragment  22 ttl  23 proto  26 src  30 dst  34 ports  46 TCP header length and flags
//	IPv6: 14 version, class, label  18 payload length  20 proto  21 ttl  22 src  38 dst  54 ports  66 TCP header length and flags
const (
	ethLen  = 14
	ipLen   = 20
	ip6Len  = 40
	tcpLen  = 20
	tagLen  = 4
	longest = tagLen + ethLen + ip6Len + 60 // of all headers read here
)

// Protocol numbers as they are read, little-endian.
const (
	wireVLAN = 0x0081
	wireIPv4 = 0x0008
	wireIPv6 = 0xdd86
)

// transport says what is usual of a protocol. The length of its header is least, or, of TCP, what bytes 12 and 13 say under
// flags, but no less than least.
type transport struct {
	fixed uint16 // bytes of a header without a length in it
	least uint16 // more than any packet has for protocols that are not read here
	flags uint16 // which bits of bytes 12 and 13 are read: header length and flags of TCP
	_     uint16
}

// transports are those that have ports, by protocol; control is ICMP, whose protocol depends on the family.
var (
	transports [256]transport
	control    = transport{fixed: 8}
)

func init() {
	for i := range transports {
		transports[i] = transport{fixed: 0, least: 0xffff}
	}
	transports[flow.ProtoTCP] = transport{least: tcpLen, flags: 0xffff}
	transports[flow.ProtoUDP] = transport{fixed: 8}
	transports[flow.ProtoSCTP] = transport{fixed: 12}
}

// length is how many bytes the transport header has; offset is bytes 12 and 13 of it under t.flags.
func (t *transport) length(offset uint16) uint32 { return uint32(offset>>2&0x3c | t.fixed) }

// shorten reads the short key of p and says by which layout; it sets p.L3 and p.L4 then. It
// returns 0 when p is of no usual shape; that is never wrong, only slow.
//
// A packet is of a usual shape when extraction would read it without
// surprises up to its ports: the lengths it states are there, it has one tag at most,
// no IPv4 options, no IPv6 extension headers, it is no fragment
// and no neighbour discovery. dpcls.Short says which words are read.
func shorten(p *packet.Packet, w *dpcls.Short) dpcls.Family {
	b := p.Bytes()
	if len(b) < least || !fresh(p) || p.Next != nil && len(b) < longest {
		return 0
	}
	var tag uint32
	h := b // the headers as if there were no tag; the MAC addresses are still in b
	if binary.LittleEndian.Uint16(b[12:]) == wireVLAN {
		tag = binary.BigEndian.Uint32(b[12:]) | flow.VLANPresent
		if h = b[tagLen:]; len(h) < least {
			return 0
		}
	}
	w[1] = binary.LittleEndian.Uint64(b)
	w[2] = uint64(binary.LittleEndian.Uint32(b[8:])) | uint64(binary.LittleEndian.Uint32(h[12:]))<<32
	size := uint32(p.Len() - (len(b) - len(h)) - ethLen)
	var flags uint16
	var family dpcls.Family
	var ip int
	switch binary.LittleEndian.Uint16(h[12:]) {
	case wireIPv4:
		family, flags, ip = dpcls.IPv4, shorten4(h, w, size), ipLen
	case wireIPv6:
		family, flags, ip = dpcls.IPv6, shorten6(h, w, size), ip6Len
	default:
		return 0
	}
	if flags == unusual {
		return 0
	}
	w[0] = dpcls.Pack(p.Port, tag, flags)
	p.L3 = uint16(len(b) - len(h) + ethLen)
	p.L4 = p.L3 + uint16(ip)
	return family
}

// least is the length of the shortest packet that is looked at; an Ethernet frame is never shorter than 60.
const least = 48

// fresh reports whether p comes from a port, one with a number that a short key has room for.
func fresh(p *packet.Packet) bool {
	return p.Meta.RecircID|p.Meta.DPHash|p.Meta.Mark|p.Meta.Priority|p.Port>>16 == 0
}

// unusual as flags says that the packet is of no usual shape.
const unusual = 0xffff

// shorten4 goes on with an IPv4 packet of size bytes, whose header begins at h[14].
func shorten4(h []byte, w *dpcls.Short, size uint32) (flags uint16) {
	_ = h[least-1]
	w[3] = binary.LittleEndian.Uint64(h[16:])
	w[4] = binary.LittleEndian.Uint64(h[24:])
	w[5] = binary.LittleEndian.Uint64(h[32:])
	t := &transports[h[23]]
	if h[23] == flow.ProtoICMP {
		t = &control
		w[5] = w[5]&0xffff | uint64(icmpPorts(h[34:36]))<<16
	}
	total := uint32(bits.ReverseBytes16(uint16(w[3])))
	flags = binary.LittleEndian.Uint16(h[46:]) & t.flags
	if length := t.length(flags); h[14] != 0x45 || w[3]&fragBits != 0 || total > size || total < ipLen+length || length < uint32(t.least) {
		return unusual
	}
	return flags & dpcls.FlagBits
}

// fragBits are the bits of word 3 that say an IPv4 packet is a fragment.
const fragBits = 0xff3f << 32

// shorten6 goes on with an IPv6 packet of size bytes, whose header begins at h[14].
func shorten6(h []byte, w *dpcls.Short, size uint32) (flags uint16) {
	if len(h) < ethLen+ip6Len+8 {
		return unusual
	}
	w[3] = binary.LittleEndian.Uint64(h[16:])&^dpcls.DstPort6 | uint64(binary.LittleEndian.Uint16(h[56:]))<<16
	w[4] = binary.LittleEndian.Uint64(h[24:])
	w[5] = binary.LittleEndian.Uint64(h[32:])
	w[6] = binary.LittleEndian.Uint64(h[40:])
	w[7] = binary.LittleEndian.Uint64(h[48:])
	t := &transports[h[20]]
	switch h[20] {
	case flow.ProtoTCP:
		if len(h) < ethLen+ip6Len+tcpLen {
			return unusual
		}
		flags = binary.LittleEndian.Uint16(h[66:])
	case flow.ProtoICMPv6:
		if h[54] >= firstND && h[54] <= lastND {
			return unusual
		}
		t = &control
		ports := icmpPorts(h[54:56])
		w[3] = w[3]&^dpcls.DstPort6 | uint64(ports>>16)<<16
		w[7] = w[7]&(1<<48-1) | uint64(ports)<<48
	}
	payload := uint32(binary.BigEndian.Uint16(h[18:]))
	if length := t.length(flags); h[14]>>4 != 6 || payload+ip6Len > size || payload < length || length < uint32(t.least) {
		return unusual
	}
	return flags & dpcls.FlagBits
}

// Types of ICMPv6 from router solicitation to redirect: some of these messages have more fields (RFC 4861).
const firstND, lastND = 133, 137

// icmpPorts puts type and code where ports would be: four bytes, read little-endian.
func icmpPorts(b []byte) uint32 { return uint32(b[0])<<8 | uint32(b[1])<<24 }
