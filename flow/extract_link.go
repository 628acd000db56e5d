package flow

import "pollux/packet"

// extractLink goes on where the type of the frame is not plain IP: up to two VLAN
// tags, a length instead of a type. It returns where the network header begins and its type.
func extractLink(b []byte, k *Key, typ uint16) (off int, inner uint16) {
	off = 14
	shift := 32 // the outer tag goes into the upper half of the word
	for (typ == EthTypeVLAN || typ == EthTypeQinQ) && shift >= 0 && len(b) >= off+4 {
		tag := uint64(typ)<<16 | uint64(be.Uint16(b[off:])|VLANPresent)
		k[WordVLAN] |= tag << shift
		typ = be.Uint16(b[off+2:])
		off, shift = off+4, shift-32
	}
	if typ < ethTypeMin {
		off, typ = snap(b, off)
	}
	k[WordEthDst] = k[WordEthDst]&^0xffff | uint64(typ)
	return off, typ
}

// snap looks for the type of a frame with a length in an LLC and SNAP header (RFC 1042).
func snap(b []byte, off int) (int, uint16) {
	const header = 0xaaaa03000000 << 16
	if len(b) < off+8 || be.Uint64(b[off:])&^0xffff != header {
		return off, EthTypeNone
	}
	typ := be.Uint16(b[off+6:])
	if typ < ethTypeMin {
		typ = EthTypeNone
	}
	return off + 8, typ
}

// extractMPLS reads the label stack at off (RFC 3032): three entries go into
// the key, and p.L3 is where the stack ends.
func extractMPLS(p *packet.Packet, b []byte, off int, k *Key) {
	for n := 0; len(b) >= off+4; n++ {
		entry := uint64(be.Uint32(b[off:]))
		off += 4
		switch n {
		case 0:
			k[WordMPLS] = entry << 32
		case 1:
			k[WordMPLS] |= entry
		case 2:
			k[WordMPLS2] = entry << 32
		}
		if entry&mplsBottom != 0 {
			break
		}
	}
	p.L3 = uint16(off)
}

// mplsBottom is the bit of a label stack entry that says it is the last.
const mplsBottom = 1 << 8

// extractNSH reads a network service header (RFC 8300).
func extractNSH(p *packet.Packet, b []byte, off int, k *Key) {
	h := b[off:]
	if len(h) < 8 {
		return
	}
	first := be.Uint16(h) // version 2, O bit and one unused 2, TTL 6, length in words 6
	length := int(first&0x3f) * 4
	if first>>14 != 0 || length > len(h) {
		return
	}
	mdtype := uint64(h[2])
	switch {
	case mdtype == 1: // four words of context
		if length != 24 {
			return
		}
		k[WordNSHC12], k[WordNSHC34] = be.Uint64(h[8:]), be.Uint64(h[16:])
	case mdtype == 2 && length < 8:
		return // of other types Open vSwitch asks no length
	}
	p.L3 = uint16(off)
	path := uint64(be.Uint32(h[4:])) // spi 24, si 8
	k[WordNSH] = path<<32 | uint64(first>>12&3)<<24 | uint64(first>>6&0x3f)<<16 | mdtype<<8 | uint64(h[3])
}
