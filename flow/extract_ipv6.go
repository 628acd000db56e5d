package flow

import "pollux/packet"

// extractIPv6 reads the IPv6 header at off and the extension headers behind it (RFC 8200).
func extractIPv6(p *packet.Packet, b []byte, off int, k *Key) {
	h := b[off:]
	if len(h) < 40 {
		return
	}
	end := off + 40 + int(be.Uint16(h[4:]))
	if end > p.Len() {
		return
	}
	p.L3 = uint16(off)
	k[WordIP6SrcHi], k[WordIP6SrcLo] = be.Uint64(h[8:]), be.Uint64(h[16:])
	k[WordIP6DstHi], k[WordIP6DstLo] = be.Uint64(h[24:]), be.Uint64(h[32:])
	first := be.Uint32(h) // version 4, traffic class 8, label 20
	w := uint64(first>>20&0xff)<<48 | uint64(h[7])<<40
	proto := h[6]
	b = b[:min(end, len(b))]
	off += 40
	if proto != ProtoTCP && proto != ProtoUDP {
		var frag uint64
		if off, proto, frag = skipExtensions(b, off, proto); off < 0 {
			return
		}
		w |= frag << 32
	}
	k[WordMPLS2] = uint64(first & 0xfffff)
	k[WordIPProto] = w | uint64(proto)<<56
	if w>>32&FragLater == 0 {
		transport(p, b, off, k, proto)
	}
}

// skipExtensions walks over extension headers to the first header that is
// none, at the offset it returns, and says whether one of them makes the
// packet a fragment. A later fragment is of protocol 44, since what it carries is not a header.
// A header that is cut off gives a negative offset.
func skipExtensions(b []byte, off int, proto uint8) (int, uint8, uint64) {
	var frag uint64
	for {
		switch proto {
		case protoHopByHop, protoRouting, protoDstOpts, protoAH, protoFragment:
		default:
			return off, proto, frag
		}
		if len(b) < off+8 {
			return -1, 0, 0
		}
		kind, length := proto, (int(b[off+1])+1)*8
		switch kind {
		case protoAH:
			length = (int(b[off+1]) + 2) * 4
		case protoFragment:
			length = 8
		}
		proto = b[off]
		if kind == protoFragment {
			if where := be.Uint16(b[off+2:]); where != 0 {
				frag = FragAny
				if where&^7 != 0 {
					return off + 8, protoFragment, FragAny | FragLater
				}
			}
		}
		if off += length; len(b) < off {
			return -1, 0, 0
		}
	}
}

// extractControl reads ICMP, IGMP and ICMPv6 (RFC 792, 2236, 4443): type and code stand in the key where others have their ports.
func extractControl(h []byte, k *Key, proto uint8) bool {
	if len(h) < 8 {
		return false
	}
	k[WordIPProto] |= uint64(h[0])<<16 | uint64(h[1])
	switch {
	case proto == ProtoIGMP:
		k[WordND] = uint64(be.Uint32(h[4:]))
	case proto == ProtoICMPv6 && h[1] == 0 && (h[0] == icmpv6Solicit || h[0] == icmpv6Advert):
		extractND(h, k)
	}
	return true
}

// extractND reads a neighbour solicitation or advertisement (RFC 4861, 4.3
// and 4.4). An option given twice makes all of it void; nd_options_type is the first link address that was given.
func extractND(h []byte, k *Key) {
	k[WordND] = uint64(be.Uint32(h[4:])) << 32
	if len(h) < 24 {
		return
	}
	target := [2]uint64{be.Uint64(h[8:]), be.Uint64(h[16:])}
	var link [2]uint64 // source, target
	var first uint64
	for h = h[24:]; len(h) >= 8; {
		kind, length := h[0], int(h[1])*8
		if length == 0 || length > len(h) {
			break
		}
		if (kind == ndSourceLink || kind == ndTargetLink) && length == 8 {
			if link[kind-1] != 0 {
				return
			}
			link[kind-1] = be.Uint64(h) << 16
			if first == 0 {
				first = uint64(kind)
			}
		}
		h = h[length:]
	}
	k[WordNDTargetHi], k[WordNDTargetLo] = target[0], target[1]
	k[WordARPSHA] = link[0] | first<<8
	k[WordARPTHA] = link[1]
}
