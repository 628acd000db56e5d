package emc

import (
	"encoding/binary"

	"pollux/dpcls"
	"pollux/flow"
	"pollux/packet"
)

// The bytes of a packet without a tag, by offset. A tag moves all from 12 on by tagLen.
//
//	0 dl_dst  6 dl_src  12 dl_type
//	IPv4: 14 0x45  15 tos  16 total length  20 fragment  22 ttl  23 proto  26 src  30 dst  34 ports  46 TCP flags
//	IPv6: 14 version, class, label  18 payload length  20 proto  21 ttl  22 src  38 dst  54 ports  66 TCP flags
const (
	ethLen  = 14
	ipLen   = 20
	ip6Len  = 40
	tagLen  = 4
	longest = tagLen + ethLen + ip6Len + 20 // of all headers read here
)

const (
	typeVLAN = 0x8100
	typeIPv4 = 0x0800
	typeIPv6 = 0x86dd
	icmp     = 1
	tcp      = 6
	udp      = 17
	icmp6    = 58
	sctp     = 132

	firstND, lastND = 133, 137 // types of ICMPv6 whose messages have more fields
)

// least4 and least6 give the shortest header of a transport protocol that is read here, over IPv4
// and IPv6; more than any packet has for the other protocols.
var (
	least4 = leasts(icmp)
	least6 = leasts(icmp6)
)

func leasts(icmp int) (least [256]uint32) {
	for i := range least {
		least[i] = 1 << 16
	}
	least[tcp], least[udp], least[sctp], least[icmp] = 20, 8, 12, 8
	return least
}

const macBits = ^uint64(0xffff)

// shorten reads the short key of p, fresh from a port, and says by which layout. It
// returns 0 when p is of no usual shape; that is never wrong, only slow.
//
// A packet is of a usual shape when extraction would read it without
// surprises up to its ports: the lengths it claims are there, at least one
// tag is 802.1Q at most, there are no IPv4 options and no IPv6 extension headers, it is no fragment
// and no neighbour discovery.
func shorten(p *packet.Packet, w *dpcls.Short) dpcls.Family {
	b := p.Bytes()
	if len(b) < ethLen+ipLen+8 || p.Meta != (packet.Meta{}) || p.Next != nil && len(b) < longest {
		return 0
	}
	size := p.Len() - ethLen
	w[0] = uint64(p.Port) << 32
	w[1] = binary.BigEndian.Uint64(b) & macBits
	w[2] = binary.BigEndian.Uint64(b[6:]) & macBits
	head := binary.BigEndian.Uint64(b[12:])
	if head>>48 == typeVLAN {
		w[0] |= head>>32 | flow.VLANPresent
		size -= tagLen
		b = b[tagLen:]
		if len(b) < ethLen+ipLen+8 {
			return 0
		}
		head = binary.BigEndian.Uint64(b[12:])
	}
	if head>>40 == typeIPv4<<8|0x45 {
		return shorten4(b, w, head, size)
	}
	if head>>44 == typeIPv6<<4|6 {
		return shorten6(b, w, head, size)
	}
	return 0
}

// shorten4 goes on with an IPv4 packet of size bytes, whose header begins at b[14].
func shorten4(b []byte, w *dpcls.Short, head uint64, size int) dpcls.Family {
	_ = b[ethLen+ipLen+7]
	next := binary.BigEndian.Uint64(b[20:]) // fragment 16, ttl 8, proto 8, checksum 16, source 16
	proto, total := uint8(next>>32), int(head>>16&0xffff)
	if next&(0x3fff<<48) != 0 || total > size || total < ipLen+int(least4[proto]) {
		return 0
	}
	ports := uint64(binary.BigEndian.Uint32(b[34:]))
	if proto == tcp {
		w[2] |= uint64(binary.BigEndian.Uint16(b[46:]) & 0xfff)
	} else if proto == icmp {
		ports = icmpPorts(ports)
	}
	w[1] |= typeIPv4
	w[3] = next<<24&(0xff<<56) | head<<16&(0xff<<48) | next&(0xff<<40) | ports
	w[4] = binary.BigEndian.Uint64(b[26:])
	return dpcls.IPv4
}

// shorten6 goes on with an IPv6 packet of size bytes, whose header begins at b[14].
func shorten6(b []byte, w *dpcls.Short, head uint64, size int) dpcls.Family {
	if len(b) < ethLen+ip6Len+8 {
		return 0
	}
	next := binary.BigEndian.Uint64(b[20:]) // proto 8, ttl 8, source 48
	proto, payload := uint8(next>>56), int(head&0xffff)
	if payload > size-ip6Len || payload < int(least6[proto]) {
		return 0
	}
	ports := uint64(binary.BigEndian.Uint32(b[54:]))
	if proto == tcp {
		w[2] |= uint64(binary.BigEndian.Uint16(b[66:]) & 0xfff)
	} else if proto == icmp6 {
		if typ := ports >> 24; typ >= firstND && typ <= lastND {
			return 0
		}
		ports = icmpPorts(ports)
	}
	w[1] |= typeIPv6
	w[3] = next&(0xff<<56) | head<<12&(0xff<<48) | next>>8&(0xff<<40) | ports
	w[4] = binary.BigEndian.Uint64(b[22:])
	w[5] = binary.BigEndian.Uint64(b[30:])
	w[6] = binary.BigEndian.Uint64(b[38:])
	w[7] = binary.BigEndian.Uint64(b[46:])
	return dpcls.IPv6
}

// icmpPorts makes type 8, code 8 of checksum 16 what a key has for ports.
func icmpPorts(w uint64) uint64 { return w>>24<<16 | w>>16&0xff }
