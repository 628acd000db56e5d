package dpcls

import "pollux/flow"

// Short is the short form of a key: the eight words in which packets of the
// usual shapes differ, one cache line. It is what the first cache computes from the bytes of
// a packet without extracting a key, and what a flow keeps beside its key to be
// compared with it.
//
// The usual shapes are Ethernet with at most one tag, then IPv4 or IPv6, not
// a fragment, then TCP, UDP or ICMP, fresh from a port. Whatever a key has besides
// the short words is 0 in the key of such a packet, but for the IPv6 label. So a flow matches the packet
// exactly when the short words agree under its mask, the rest of its key is
// 0, and its mask does not look at the label. Fits says per flow whether the latter two hold.
//
//	word   IPv4                                              IPv6
//	0      in_port 32, tag: tpid 16, tci 16                   the same
//	1      dl_dst 48, dl_type 16                              the same
//	2      dl_src 48, tcp_flags 16                            the same
//	3      nw_proto, nw_tos, nw_ttl, nw_frag, tp_src, tp_dst  the same
//	4      nw_src, nw_dst                                     ipv6_src, upper 64
//	5–7    -                                                  ipv6_src lower, ipv6_dst
type Short [ShortWords]uint64

// ShortWords is the length of a short key; IPv4 uses the first ShortWords4.
const (
	ShortWords  = 8
	ShortWords4 = 5
)

// Family says by which of the two layouts a short key is meant, as a set of bits.
type Family uint8

// The families. A flow that looks at neither addresses nor dl_type fits both.
const (
	IPv4 Family = 1 << iota
	IPv6
)

// Fits4 reports whether the flow is alive and matches the packet of family IPv4 whose short key is w.
func (f *Flow) Fits4(w *Short) bool {
	if f.fits&IPv4 == 0 {
		return false
	}
	m, v := &f.sub.short4, &f.short
	return (w[0]&m[0])^v[0]|(w[1]&m[1])^v[1]|(w[2]&m[2])^v[2]|(w[3]&m[3])^v[3]|(w[4]&m[4])^v[4] == 0
}

// Fits6 reports whether the flow is alive and matches the packet of family IPv6 whose short key is w.
func (f *Flow) Fits6(w *Short) bool {
	if f.fits&IPv6 == 0 {
		return false
	}
	m, v := &f.sub.short6, &f.short
	return (w[0]&m[0])^v[0]|(w[1]&m[1])^v[1]|(w[2]&m[2])^v[2]|(w[3]&m[3])^v[3]|
		(w[4]&m[4])^v[4]|(w[5]&m[5])^v[5]|(w[6]&m[6])^v[6]|(w[7]&m[7])^v[7] == 0
}

// Fits reports the families whose packets the flow can be compared with by
// their short keys; none when it is dead.
func (f *Flow) Fits() Family { return f.fits }

// ShortenMask gives the short forms of a mask for both families.
func ShortenMask(m *flow.Mask) (v4, v6 Short) { return shorten((*[flow.Words]uint64)(m)) }

func shorten(k *[flow.Words]uint64) (v4, v6 Short) {
	v4 = Short{k[flow.WordPort]&^lower | k[flow.WordVLAN]>>32, k[flow.WordEthDst], k[flow.WordEthSrc], k[flow.WordIPProto], k[flow.WordIP]}
	v6 = v4
	v6[4], v6[5], v6[6], v6[7] = k[flow.WordIP6SrcHi], k[flow.WordIP6SrcLo], k[flow.WordIP6DstHi], k[flow.WordIP6DstLo]
	return v4, v6
}

const lower = 1<<32 - 1

// label is where the IPv6 label lies in WordMPLS2.
const label = 1<<20 - 1

// setShort computes short and fits from the key, which has no bit outside the mask.
func (f *Flow) setShort(k *flow.Key, m *flow.Mask) {
	rest := k[flow.WordPort]&lower | k[flow.WordVLAN]&lower
	for i, w := range k[:flow.DatapathWords] {
		switch i {
		case flow.WordPort, flow.WordVLAN, flow.WordEthDst, flow.WordEthSrc, flow.WordIPProto, flow.WordIP,
			flow.WordIP6SrcHi, flow.WordIP6SrcLo, flow.WordIP6DstHi, flow.WordIP6DstLo:
		default:
			rest |= w
		}
	}
	v4, v6 := shorten((*[flow.Words]uint64)(k))
	f.short, f.fits = v4, 0
	if rest != 0 {
		return
	}
	if v6[4]|v6[5]|v6[6]|v6[7] == 0 {
		f.fits |= IPv4
	} else {
		f.short = v6
	}
	if k[flow.WordIP] == 0 && m[flow.WordMPLS2]&label == 0 {
		f.fits |= IPv6
	}
}
