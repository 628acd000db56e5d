package flow

import "strconv"

// The text of a match is what ovs-ofctl dump-flows shows: the old names (dl_src, nw_src, tp_dst), a word for the protocol
// where there is one, in the order in which Open vSwitch has always printed them. ParseMatch reads it back.
// One difference: a mask is shown wherever there is one. Of the hidden fields only the inner tag is shown, as dl_vlan1 and dl_vlan_pcp1.

// named is a field under the name by which it is printed.
type named struct {
	name string
	id   FieldID
}

// The fields that are printed whatever the protocol, before its word, and between it and the VLAN tag.
var (
	beforeProtocol = []named{
		{"pkt_mark", FieldPktMark}, {"recirc_id", FieldRecircID}, {"dp_hash", FieldDPHash}, {"conj_id", FieldConjID}, {"skb_priority", FieldSKBPriority},
		{"actset_output", FieldActsetOutput}, {"ct_state", FieldCtState}, {"ct_zone", FieldCtZone}, {"ct_mark", FieldCtMark}, {"ct_label", FieldCtLabel},
		{"ct_nw_src", FieldCtNWSrc}, {"ct_ipv6_src", FieldCtIPv6Src}, {"ct_nw_dst", FieldCtNWDst}, {"ct_ipv6_dst", FieldCtIPv6Dst},
		{"ct_nw_proto", FieldCtNWProto}, {"ct_tp_src", FieldCtTPSrc}, {"ct_tp_dst", FieldCtTPDst},
	}
	afterProtocol = []named{
		{"tun_id", FieldTunID}, {"tun_src", FieldTunSrc}, {"tun_dst", FieldTunDst}, {"tun_ipv6_src", FieldTunIPv6Src}, {"tun_ipv6_dst", FieldTunIPv6Dst},
		{"tun_gbp_id", FieldTunGBPID}, {"tun_gbp_flags", FieldTunGBPFlags}, {"tun_tos", FieldTunTOS}, {"tun_ttl", FieldTunTTL},
		{"tun_erspan_ver", FieldTunErspanVer}, {"tun_erspan_idx", FieldTunErspanIdx}, {"tun_erspan_dir", FieldTunErspanDir}, {"tun_erspan_hwid", FieldTunErspanHWID},
		{"gtpu_flags", FieldTunGTPUFlags}, {"gtpu_msgtype", FieldTunGTPUMsgType}, {"tun_flags", FieldTunFlags},
	}
	beforeVLAN = []named{{"metadata", FieldMetadata}, {"in_port", FieldInPort}}
)

// The fields of each kind of packet.
var (
	addressesOf = map[int][]named{
		EthTypeIPv6: {{"ipv6_src", FieldIPv6Src}, {"ipv6_dst", FieldIPv6Dst}, {"ipv6_label", FieldIPv6Label}},
		EthTypeARP:  {{"arp_spa", FieldARPSPA}, {"arp_tpa", FieldARPTPA}},
		EthTypeRARP: {{"arp_spa", FieldARPSPA}, {"arp_tpa", FieldARPTPA}},
		EthTypeNSH: {{"nsh_flags", FieldNSHFlags}, {"nsh_ttl", FieldNSHTTL}, {"nsh_mdtype", FieldNSHMDType}, {"nsh_np", FieldNSHNP}, {"nsh_spi", FieldNSHSPI},
			{"nsh_si", FieldNSHSI}, {"nsh_c1", FieldNSHC1}, {"nsh_c2", FieldNSHC2}, {"nsh_c3", FieldNSHC3}, {"nsh_c4", FieldNSHC4}},
	}
	otherAddresses = []named{{"nw_src", FieldNWSrc}, {"nw_dst", FieldNWDst}}
	hardwareOfARP  = []named{{"arp_sha", FieldARPSHA}, {"arp_tha", FieldARPTHA}}
	aboveAddresses = []named{{"nw_tos", FieldNWTOS}, {"nw_ecn", FieldNWECN}, {"nw_ttl", FieldNWTTL}, {"mpls_label", FieldMPLSLabel}, {"mpls_tc", FieldMPLSTC},
		{"mpls_ttl", FieldMPLSTTL}, {"mpls_bos", FieldMPLSBOS}, {"nw_frag", FieldIPFrag}}
	portsOfIP    = []named{{"tp_src", FieldTCPSrc}, {"tp_dst", FieldTCPDst}}
	kindOfICMP   = []named{{"icmp_type", FieldTCPSrc}, {"icmp_code", FieldTCPDst}}
	neighbourOf6 = []named{{"nd_target", FieldNDTarget}, {"nd_sll", FieldNDSLL}, {"nd_tll", FieldNDTLL}, {"nd_reserved", FieldNDReserved}, {"nd_options_type", FieldNDOptionsType}}
	flagsOfTCP   = []named{{"tcp_flags", FieldTCPFlags}}
)

// matchText is a match being printed.
type matchText struct {
	dst   []byte
	m     *Match
	ports PortNames
}

// String is the match as ovs-ofctl dump-flows prints it, with ports as numbers. A match on everything is empty.
func (m *Match) String() string { return string(m.Append(nil, nil)) }

// Append writes String to dst, with the names that ports knows.
func (m *Match) Append(dst []byte, ports PortNames) []byte {
	start := len(dst)
	t := matchText{dst: dst, m: m, ports: ports}
	typ, proto := m.etherType(), m.ipProto()
	t.fields(beforeProtocol)
	protoSaid := t.protocol(typ, proto)
	for i := range FieldID(16) {
		t.field((FieldReg0 + i).String(), FieldReg0+i)
	}
	t.fields(afterProtocol)
	for i := range FieldID(64) {
		t.field((FieldTunMetadata0 + i).String(), FieldTunMetadata0+i)
	}
	t.fields(beforeVLAN)
	t.tag(FieldVLANTCI, "")
	t.tag(FieldVLAN2TCI, "1")
	t.field("dl_src", FieldEthSrc)
	t.field("dl_dst", FieldEthDst)
	if wordOf(typ, -1) == "" || m.exact(FieldEthType) < 0 {
		t.field("dl_type", FieldEthType)
	}
	t.network(typ, protoSaid)
	t.transport(typ, proto)
	if len(t.dst) > start {
		t.dst = t.dst[:len(t.dst)-1] // the last comma
	}
	return t.dst
}

func (t *matchText) fields(list []named) {
	for _, n := range list {
		t.field(n.name, n.id)
	}
}

// field writes "name=value," if the match looks at the field.
func (t *matchText) field(name string, id FieldID) {
	f := id.Field()
	mask := f.GetMask(&t.m.Mask)
	if mask.IsZero() {
		return
	}
	t.dst = append(append(t.dst, name...), '=')
	t.dst = append(AppendValue(t.dst, f, f.Get(&t.m.Key), mask, t.ports), ',')
}

// protocol writes the packet type and the word for the protocol, and reports whether the word says the IP protocol too.
func (t *matchText) protocol(typ, proto int) bool {
	switch megaflow := t.m.Mask[WordPort]&0xffffffff != 0; {
	case !t.m.Meets(NeedEthernet):
		t.field("packet_type", FieldPacketType)
	case megaflow: // it has a recirc_id; rules leave the default unsaid
		t.dst = append(t.dst, "eth,"...)
	}
	if t.m.exact(FieldEthType) < 0 {
		return false
	}
	word, said := wordOf(typ, proto), true
	if word == "" {
		word, said = wordOf(typ, -1), false
	}
	if word != "" {
		t.dst = append(append(t.dst, word...), ',')
	}
	return said && proto >= 0
}

// wordOf is the word that stands for a type and an IP protocol, or for the type alone if proto is negative.
func wordOf(typ, proto int) string {
	for _, w := range [...]string{"ip", "ipv6", "arp", "rarp", "mpls", "mplsm", "icmp", "tcp", "udp", "sctp", "icmp6", "tcp6", "udp6", "sctp6"} {
		if p := protocols[w]; int(p.typ) == typ && p.proto == proto {
			return w
		}
	}
	return ""
}

// tag writes a tag: as dl_vlan and dl_vlan_pcp where that says it all, else as vlan_tci; the inner tag's names end in 1.
func (t *matchText) tag(id FieldID, suffix string) {
	f := id.Field()
	v, mask := f.Get(&t.m.Key).Lo, f.GetMask(&t.m.Mask).Lo
	const vid, pcp = 0x0fff, 0xe000
	whole := (mask&vid == 0 || mask&vid == vid) && (mask&pcp == 0 || mask&pcp == pcp)
	if mask&v&VLANPresent == 0 || !whole || mask == VLANPresent {
		t.field("vlan_tci"+suffix, id)
		return
	}
	if mask&vid != 0 {
		t.number("dl_vlan"+suffix, v&vid)
	}
	if mask&pcp != 0 {
		t.number("dl_vlan_pcp"+suffix, v>>13)
	}
}

func (t *matchText) number(name string, n uint64) {
	t.dst = append(append(t.dst, name...), '=')
	t.dst = append(strconv.AppendUint(t.dst, n, 10), ',')
}

func (t *matchText) network(typ int, protoSaid bool) {
	arp := typ == EthTypeARP || typ == EthTypeRARP
	if list, ok := addressesOf[typ]; ok {
		t.fields(list)
	} else {
		t.fields(otherAddresses)
	}
	switch {
	case arp:
		t.field("arp_op", FieldARPOp)
		t.fields(hardwareOfARP)
	case !protoSaid:
		t.field("nw_proto", FieldIPProto)
	}
	t.fields(aboveAddresses)
}

func (t *matchText) transport(typ, proto int) {
	switch {
	case typ == EthTypeIPv4 && proto == ProtoICMP:
		t.fields(kindOfICMP)
	case typ == EthTypeIPv6 && proto == ProtoICMPv6:
		t.fields(kindOfICMP)
		t.fields(neighbourOf6)
	default:
		t.fields(portsOfIP)
	}
	if proto == ProtoTCP {
		t.fields(flagsOfTCP)
	}
}
