package flow

import "pollux/packet"

// Composing is the inverse of extraction: a key becomes a packet from which Extract would read the same
// header fields. Every key that Extract can make can be composed, those of broken packets too: what
// Extract left zero is a zero in a well-formed header, which reads the same. Lengths and checksums are right. Tracing,
// packets out of text and fuzzing start here; it allocates and is not for a polling thread.

// Compose returns the bytes of a packet with the header fields of k and payload behind its last header.
// Metadata (ports, registers, tunnels) leaves no trace. A fragment that is not the first has only payload behind its IP header.
// Payload that would be taken for a header is left out: behind neighbour discovery, whose options are in the key, and
// a SNAP header in a frame that the key says has none.
func Compose(k *Key, payload []byte) []byte {
	b := make([]byte, 12, 160+len(payload))
	putMAC(b, k[WordEthDst]>>16)
	putMAC(b[6:], k[WordEthSrc]>>16)
	b = composeTag(b, uint32(k[WordVLAN]>>32))
	b = composeTag(b, uint32(k[WordVLAN]))
	typ := uint16(k[WordEthDst])
	if typ < ethTypeMin {
		if _, snapType := snap(payload, 0); snapType != EthTypeNone {
			payload = nil
		}
		return append(be.AppendUint16(b, uint16(min(len(payload), 1500))), payload...)
	}
	b = be.AppendUint16(b, typ)
	switch typ {
	case EthTypeIPv4:
		return composeIPv4(b, k, payload)
	case EthTypeIPv6:
		return composeIPv6(b, k, payload)
	case EthTypeARP, EthTypeRARP:
		return append(composeARP(b, k), payload...)
	case EthTypeMPLS, EthTypeMPLSMcst:
		return append(composeMPLS(b, k), payload...)
	case EthTypeNSH:
		return append(composeNSH(b, k), payload...)
	case EthTypeVLAN, EthTypeQinQ:
		if k[WordVLAN]&VLANPresent == 0 {
			return b // a tag that is cut off; payload would be taken for it
		}
	}
	return append(b, payload...)
}

func putMAC(b []byte, mac uint64) {
	for i := range 6 {
		b[i] = byte(mac >> (40 - 8*i))
	}
}

// composeTag adds a tag, tpid 16 bits and tci 16 as the key has them, if there is one.
func composeTag(b []byte, tag uint32) []byte {
	if tag&VLANPresent == 0 {
		return b
	}
	if tag>>16 == 0 {
		tag |= EthTypeVLAN << 16
	}
	return be.AppendUint32(b, tag&^VLANPresent)
}

func composeARP(b []byte, k *Key) []byte {
	b = append(b, 0, 1, EthTypeIPv4>>8, EthTypeIPv4&0xff, 6, 4, 0, byte(k[WordIPProto]>>56))
	b = append(b, make([]byte, 20)...)
	h, _ := packet.AsARP(b[len(b)-packet.ARPLen:])
	putMAC(h.SHA()[:], k[WordARPSHA]>>16)
	putMAC(h.THA()[:], k[WordARPTHA]>>16)
	be.PutUint32(h.SPA()[:], uint32(k[WordIP]>>32))
	be.PutUint32(h.TPA()[:], uint32(k[WordIP]))
	return b
}

// composeMPLS adds entries up to the bottom of the stack, three at most.
func composeMPLS(b []byte, k *Key) []byte {
	for _, entry := range [...]uint64{k[WordMPLS] >> 32, k[WordMPLS], k[WordMPLS2] >> 32} {
		b = be.AppendUint32(b, uint32(entry))
		if entry&mplsBottom != 0 {
			break
		}
	}
	return b
}

func composeNSH(b []byte, k *Key) []byte {
	w := k[WordNSH]
	words := 2
	if byte(w>>8) == 1 {
		words = 6
	}
	b = be.AppendUint16(b, uint16(w>>24&3)<<12|uint16(w>>16&0x3f)<<6|uint16(words))
	b = append(b, byte(w>>8), byte(w))
	b = be.AppendUint32(b, uint32(w>>32))
	if words == 6 {
		b = be.AppendUint64(be.AppendUint64(b, k[WordNSHC12]), k[WordNSHC34])
	}
	return b
}

func composeIPv4(b []byte, k *Key, payload []byte) []byte {
	start := len(b)
	w := k[WordIPProto]
	var frag uint16
	if w>>32&FragAny != 0 {
		frag = 0x2000 // more fragments
	}
	if w>>32&FragLater != 0 {
		frag |= 100
	}
	b = append(b, 0x45, byte(w>>48), 0, 0, 0, 0, byte(frag>>8), byte(frag), byte(w>>40), byte(w>>56), 0, 0)
	b = be.AppendUint64(b, k[WordIP])
	if frag&0x1fff == 0 {
		src, dst := uint32(k[WordIP]>>32), uint32(k[WordIP])
		b = composeTransport(b, k, payload, func(n int) packet.Sum { return packet.PseudoIPv4(src, dst, byte(w>>56), n) })
	} else {
		b = append(b, payload...)
	}
	be.PutUint16(b[start+2:], uint16(len(b)-start))
	h, _ := packet.AsIPv4(b[start:])
	h.UpdateChecksum()
	return b
}

func composeIPv6(b []byte, k *Key, payload []byte) []byte {
	start := len(b)
	w := k[WordIPProto]
	proto, frag := byte(w>>56), w>>32&3
	b = be.AppendUint32(b, 6<<28|uint32(w>>48&0xff)<<20|uint32(k[WordMPLS2]&0xfffff))
	b = append(b, 0, 0, proto, byte(w>>40))
	for _, half := range [...]uint64{k[WordIP6SrcHi], k[WordIP6SrcLo], k[WordIP6DstHi], k[WordIP6DstLo]} {
		b = be.AppendUint64(b, half)
	}
	switch {
	case frag&FragLater != 0:
		const noNextHeader = 59
		b[start+6] = protoFragment
		b = append(append(b, noNextHeader, 0, 100>>5, 100<<3&0xff|1, 0, 0, 0, 0), payload...)
	case isExtension(proto): // of a chain that is cut off
	default:
		if frag&FragAny != 0 {
			b[start+6] = protoFragment
			b = append(b, proto, 0, 0, 1, 0, 0, 0, 0)
		}
		src, dst := (*[16]byte)(b[start+8:]), (*[16]byte)(b[start+24:])
		b = composeTransport(b, k, payload, func(n int) packet.Sum { return packet.PseudoIPv6(src, dst, proto, n) })
	}
	be.PutUint16(b[start+4:], uint16(len(b)-start-packet.IPv6Len))
	return b
}

func isExtension(proto byte) bool {
	switch proto {
	case protoHopByHop, protoRouting, protoDstOpts, protoAH, protoFragment:
		return true
	}
	return false
}
