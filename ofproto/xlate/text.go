package xlate

import "pollux/flow"

// FlowText is a packet's key as ofproto/trace shows it: every field of its headers, and of the rest what is not zero. The port
// in it is an openflow.Port.
func FlowText(key *flow.Key) string {
	m := flow.Match{Key: *key}
	for w, v := range key {
		switch {
		case v == 0 || (w >= flow.WordEthDst && w < flow.DatapathWords):
		case w == flow.WordMetadata, w == flow.WordTunID, w >= flow.WordTunOpts && w < flow.WordEthDst:
			m.Mask[w] = ^uint64(0)
		default:
			m.Mask[w] = nonZeroHalves(v)
		}
	}
	m.Mask[flow.WordPort] = 0xffffffff<<32 | m.Mask[flow.WordPort]&0xffffffff
	for w := flow.WordEthDst; w < flow.DatapathWords; w++ {
		m.Mask[w] = ^uint64(0)
	}
	m.Mask[flow.WordVLAN] = 0xffff << 32
	hideAbsent(key, &m.Mask)
	return string(m.Append(nil, nil))
}

// hideAbsent clears the mask of headers that a packet of this kind has not.
func hideAbsent(key *flow.Key, m *flow.Mask) {
	typ, proto := uint16(key[flow.WordEthDst]), key[flow.WordIPProto]>>56
	if !isMPLS(typ) {
		m[flow.WordMPLS] = 0
	}
	switch typ {
	case flow.EthTypeIPv4, flow.EthTypeIPv6:
	case flow.EthTypeARP, flow.EthTypeRARP:
		m[flow.WordIPProto] = 0xff << 56 // arp_op
		return
	case flow.EthTypeNSH:
		return
	default:
		clear(m[flow.WordIP:flow.DatapathWords])
		return
	}
	if typ := uint8(key[flow.WordIPProto] >> 16); proto != flow.ProtoICMPv6 || (typ != neighbourSolicit && typ != neighbourAdvert) {
		clear(m[flow.WordNDTargetHi : flow.WordND+1])
	}
	switch proto {
	case flow.ProtoTCP, flow.ProtoUDP, flow.ProtoSCTP, flow.ProtoICMP, flow.ProtoICMPv6:
		if key[flow.WordIPProto]>>32&flow.FragLater == 0 {
			return
		}
	}
	m[flow.WordIPProto] = m[flow.WordIPProto] >> 32 << 32
}

// nonZeroHalves is the mask of those 32-bit halves of a word that are not zero: two fields often share a word.
func nonZeroHalves(v uint64) (m uint64) {
	if v>>32 != 0 {
		m = 0xffffffff << 32
	}
	if uint32(v) != 0 {
		m |= 0xffffffff
	}
	return m
}

// MegaflowText is the flow of a packet as ofproto/trace shows it.
func MegaflowText(key *flow.Key, mask *flow.Mask) string {
	m := flow.Match{Key: *key, Mask: *mask}
	m.Normalize()
	return string(m.Append(nil, nil))
}
