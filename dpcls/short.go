package dpcls

import (
	"encoding/binary"

	"pollux/flow"
)

// Short is the short form of a key: what the header bytes of a packet of the
// usual shapes look like where such packets differ, in eight words, one cache line. The first cache reads it
// from a packet with a few loads, no key extracted and no byte swapped; a
// flow keeps it beside its key to be compared with it.
//
// The usual shapes are Ethernet with at most one tag, then IPv4 without
// options or IPv6 without extension headers, not a fragment, then TCP, UDP,
// SCTP or ICMP but no neighbour discovery, fresh from a port numbered below 65,536.
// The bytes are those of the packet without its tag; words are read little-endian:
//
//	word   IPv4                               IPv6
//	0      Pack: port, tag, TCP flags         the same
//	1      0–7: dl_dst, dl_src                the same
//	2      8–15: dl_src, dl_type, nw_tos      8–15: dl_src, dl_type, class, label
//	3      16–23: nw_ttl, nw_proto            16–23: label, nw_proto, nw_ttl, ipv6_src, and 56–57 (tp_dst) in place of 18–19
//	4      24–31: nw_src, nw_dst              24–31: addresses
//	5      32–39: nw_dst, tp_src, tp_dst      32–39: addresses
//	6, 7   -                                  40–55: addresses, tp_src
//
// ICMP type and code stand where others have their ports, 16 bits each, as in a key.
//
// Why this is exact: whatever the key of such a packet has that its short form has
// not is 0 (metadata, tunnel, connection, inner tag, labels, fragment, the other family's addresses), and what the short form has,
// the flow has at the same place, since its short form is read from an image of
// a packet that its key is written into. So a flow whose key is 0 in all those other fields
// matches the packet exactly when the short forms agree under its mask. A flow whose key is not matches no such packet.
type Short [ShortWords]uint64

// ShortWords is the length of a short key; IPv4 uses the first ShortWords4.
const (
	ShortWords  = 8
	ShortWords4 = 6
)

// Family says by which of the two layouts a short key is meant, as a set of bits.
type Family uint8

// The families. A flow that looks at nothing behind the MAC addresses fits both.
const (
	IPv4 Family = 1 << iota
	IPv6
)

// Pack makes word 0 of a short key. tag is tpid and tci as in flow.WordVLAN, 0 for
// none; flags are bytes 12 and 13 of the TCP header as read little-endian, FlagBits of them, else 0.
func Pack(port uint32, tag uint32, flags uint16) uint64 {
	return uint64(port)<<48 | uint64(tag)<<16 | uint64(flags)
}

// FlagBits are the bits of Pack's flags that are TCP flags.
const FlagBits = 0xff0f

// DstPort6 is the part of word 3 of an IPv6 packet that makes room for its destination port.
const DstPort6 = 0xffff << 16

// Short returns the flow's short key and its mask for one family. To be compared with only if Fits has the family.
func (f *Flow) Short(family Family) (key, mask *Short) {
	if family == IPv4 {
		return &f.short, &f.sub.short4
	}
	return &f.short, &f.sub.short6
}

// Fits reports the families whose packets the flow can be compared with by
// their short keys; none when it is dead.
func (f *Flow) Fits() Family { return f.fits }

// ShortenMask gives the short forms of a mask for both families.
func ShortenMask(m *flow.Mask) (v4, v6 Short) {
	return shorten4((*[flow.Words]uint64)(m)), shorten6((*[flow.Words]uint64)(m))
}

// image is a packet's header bytes.
type image [64]byte

var (
	be = binary.BigEndian
	le = binary.LittleEndian
)

// link writes what both families have and returns word 0.
func (b *image) link(k *[flow.Words]uint64) uint64 {
	be.PutUint64(b[6:], k[flow.WordEthSrc])
	var dst [8]byte
	be.PutUint64(dst[:], k[flow.WordEthDst])
	copy(b[:6], dst[:6])
	copy(b[12:14], dst[6:])
	flags := uint16(k[flow.WordEthSrc])
	return Pack(uint32(k[flow.WordPort]>>32)&0xffff, uint32(k[flow.WordVLAN]>>32), flags<<8|flags>>8&0xf)
}

// shorten4 gives the short form of a key or mask for IPv4.
func shorten4(k *[flow.Words]uint64) Short {
	var b image
	pack := b.link(k)
	p := k[flow.WordIPProto]
	b[15], b[22], b[23] = byte(p>>48), byte(p>>40), byte(p>>56)
	be.PutUint64(b[26:], k[flow.WordIP])
	be.PutUint32(b[34:], uint32(p))
	return Short{pack, le.Uint64(b[0:]), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:]), le.Uint64(b[32:]) & (1<<48 - 1)}
}

// shorten6 gives the short form of a key or mask for IPv6.
func shorten6(k *[flow.Words]uint64) Short {
	var b image
	pack := b.link(k)
	p := k[flow.WordIPProto]
	be.PutUint32(b[14:], uint32(p>>48&0xff)<<20|uint32(k[flow.WordMPLS2]&label))
	b[20], b[21] = byte(p>>56), byte(p>>40)
	be.PutUint64(b[22:], k[flow.WordIP6SrcHi])
	be.PutUint64(b[30:], k[flow.WordIP6SrcLo])
	be.PutUint64(b[38:], k[flow.WordIP6DstHi])
	be.PutUint64(b[46:], k[flow.WordIP6DstLo])
	be.PutUint32(b[54:], uint32(p))
	return Short{pack, le.Uint64(b[0:]), le.Uint64(b[8:]), le.Uint64(b[16:]) | uint64(le.Uint16(b[56:]))<<16,
		le.Uint64(b[24:]), le.Uint64(b[32:]), le.Uint64(b[40:]), le.Uint64(b[48:])}
}

const (
	lower    = 1<<32 - 1
	label    = 1<<20 - 1    // the IPv6 label in WordMPLS2
	frag     = 0xff << 32   // nw_frag in WordIPProto
	portHigh = 0xffff << 48 // of in_port in WordPort
	noFlag   = 0xf000       // beside tcp_flags in WordEthSrc
)

// setShort computes short and fits from the key, which has no bit outside the mask of the flow.
func (f *Flow) setShort(k *flow.Key) {
	f.short, f.fits = Short{}, 0
	// What no packet of a usual shape has.
	rest := k[flow.WordPort]&(portHigh|lower) | k[flow.WordVLAN]&lower | k[flow.WordIPProto]&frag | k[flow.WordMPLS2]&^label | k[flow.WordEthSrc]&noFlag
	for i, w := range k[:flow.DatapathWords] {
		switch i {
		case flow.WordPort, flow.WordVLAN, flow.WordEthDst, flow.WordEthSrc, flow.WordMPLS2, flow.WordIPProto, flow.WordIP,
			flow.WordIP6SrcHi, flow.WordIP6SrcLo, flow.WordIP6DstHi, flow.WordIP6DstLo:
		default:
			rest |= w
		}
	}
	if rest != 0 {
		return
	}
	v4, v6 := shorten4((*[flow.Words]uint64)(k)), shorten6((*[flow.Words]uint64)(k))
	typ, typMask := k[flow.WordEthDst]&0xffff, f.sub.mask[flow.WordEthDst]&0xffff
	if typ == flow.EthTypeIPv4&typMask &&
		k[flow.WordIP6SrcHi]|k[flow.WordIP6SrcLo]|k[flow.WordIP6DstHi]|k[flow.WordIP6DstLo]|k[flow.WordMPLS2] == 0 {
		f.short, f.fits = v4, IPv4
	}
	if typ == flow.EthTypeIPv6&typMask && k[flow.WordIP] == 0 && (f.fits == 0 || v4 == v6) {
		f.short, f.fits = v6, f.fits|IPv6
	}
}
