package flow

// The text of datapath flows, as ovs-appctl dpctl/dump-flows shows them for Open vSwitch's user-space datapath:
//
//	recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth(src=..,dst=..),eth_type(0x0800),ipv4(src=10.0.0.0/8,proto=6,frag=no),tcp(dst=80)
//
// It is a list of attributes, each a number or a group of named parts, in the order in which the packet has
// them. What the flow does not look at is not written. eth_type is the type
// in the outermost header: of a tagged packet it is the tag's, and what the tag holds is in encap(...).
//
// eth_type without vlan therefore says that there is no tag. Open vSwitch always looks whether there is one;
// for a flow of ours that does not, vlan(any) says so, and vlan(none) where there is
// no eth_type to say that there is no tag. Inside encap no vlan means that nobody looked.
// This text is parsed and printed from the same tables, below.

// odpKind is how a part is written.
type odpKind uint8

const (
	odpDecimal odpKind = iota // 80, 80/0xfff0
	odpHex                    // 0x10, 0x10/0xf0
	odpMAC
	odpIPv4
	odpIPv6
	odpFrag
	odpFlags // ct_state, tcp_flags, tunnel flags
	odpPort  // a number or a name
)

// odpPart is a named part of an attribute, or an attribute that is one value.
type odpPart struct {
	name string
	id   FieldID
	kind odpKind
}

// odpGroup is an attribute with parts in parentheses.
type odpGroup struct {
	name   string
	parts  []odpPart
	groups []odpGroup // inside, after the parts
}

var (
	odpBefore = []odpPart{{"skb_priority", FieldSKBPriority, odpHex}}
	odpTunnel = odpGroup{"tunnel", []odpPart{
		{"tun_id", FieldTunID, odpHex}, {"src", FieldTunSrc, odpIPv4}, {"dst", FieldTunDst, odpIPv4}, {"ipv6_src", FieldTunIPv6Src, odpIPv6},
		{"ipv6_dst", FieldTunIPv6Dst, odpIPv6}, {"tos", FieldTunTOS, odpHex}, {"ttl", FieldTunTTL, odpDecimal}}, []odpGroup{
		{"vxlan", nil, []odpGroup{{"gbp", []odpPart{{"id", FieldTunGBPID, odpDecimal}, {"flags", FieldTunGBPFlags, odpHex}}, nil}}},
		{"erspan", []odpPart{{"ver", FieldTunErspanVer, odpDecimal}, {"idx", FieldTunErspanIdx, odpHex},
			{"dir", FieldTunErspanDir, odpDecimal}, {"hwid", FieldTunErspanHWID, odpHex}}, nil},
		{"gtpu", []odpPart{{"flags", FieldTunGTPUFlags, odpHex}, {"msgtype", FieldTunGTPUMsgType, odpDecimal}}, nil},
		{"geneve", odpOptions(), nil},
		{"", []odpPart{{"flags", FieldTunFlagsAll, odpFlags}}, nil}}}
	odpMarks = []odpPart{
		{"skb_mark", FieldPktMark, odpHex}, {"ct_state", FieldCtState, odpFlags}, {"ct_zone", FieldCtZone, odpHex}, {"ct_mark", FieldCtMark, odpHex},
		{"ct_label", FieldCtLabel, odpHex}}
	odpCt4 = odpGroup{"ct_tuple4", []odpPart{{"src", FieldCtNWSrc, odpIPv4}, {"dst", FieldCtNWDst, odpIPv4}, {"proto", FieldCtNWProto, odpDecimal},
		{"tp_src", FieldCtTPSrc, odpDecimal}, {"tp_dst", FieldCtTPDst, odpDecimal}}, nil}
	odpCt6 = odpGroup{"ct_tuple6", []odpPart{{"src", FieldCtIPv6Src, odpIPv6}, {"dst", FieldCtIPv6Dst, odpIPv6}, {"proto", FieldCtNWProto, odpDecimal},
		{"tp_src", FieldCtTPSrc, odpDecimal}, {"tp_dst", FieldCtTPDst, odpDecimal}}, nil}
	odpIngress = []odpPart{{"recirc_id", FieldRecircID, odpHex}, {"dp_hash", FieldDPHash, odpHex}, {"in_port", FieldInPortOXM, odpPort}}
	odpEth     = odpGroup{"eth", []odpPart{{"src", FieldEthSrc, odpMAC}, {"dst", FieldEthDst, odpMAC}}, nil}
)

// The attributes of each type of frame.
var odpNetwork = map[int]odpGroup{
	EthTypeIPv4: {"ipv4", []odpPart{{"src", FieldNWSrc, odpIPv4}, {"dst", FieldNWDst, odpIPv4}, {"proto", FieldIPProto, odpDecimal},
		{"tos", FieldIPTOS, odpHex}, {"ttl", FieldNWTTL, odpDecimal}, {"frag", FieldIPFrag, odpFrag}}, nil},
	EthTypeIPv6: {"ipv6", []odpPart{{"src", FieldIPv6Src, odpIPv6}, {"dst", FieldIPv6Dst, odpIPv6}, {"label", FieldIPv6Label, odpHex}, {"proto", FieldIPProto, odpDecimal},
		{"tclass", FieldIPTOS, odpHex}, {"hlimit", FieldNWTTL, odpDecimal}, {"frag", FieldIPFrag, odpFrag}}, nil},
	EthTypeARP:  odpARP,
	EthTypeRARP: odpARP,
	EthTypeMPLS: odpMPLS, EthTypeMPLSMcst: odpMPLS,
	EthTypeNSH: {"nsh", []odpPart{{"flags", FieldNSHFlags, odpDecimal}, {"ttl", FieldNSHTTL, odpDecimal}, {"mdtype", FieldNSHMDType, odpDecimal}, {"np", FieldNSHNP, odpDecimal},
		{"spi", FieldNSHSPI, odpHex}, {"si", FieldNSHSI, odpDecimal}, {"c1", FieldNSHC1, odpHex}, {"c2", FieldNSHC2, odpHex}, {"c3", FieldNSHC3, odpHex}, {"c4", FieldNSHC4, odpHex}}, nil},
}

var (
	odpARP = odpGroup{"arp", []odpPart{{"sip", FieldARPSPA, odpIPv4}, {"tip", FieldARPTPA, odpIPv4}, {"op", FieldARPOp, odpDecimal},
		{"sha", FieldARPSHA, odpMAC}, {"tha", FieldARPTHA, odpMAC}}, nil}
	odpMPLS = odpGroup{"mpls", []odpPart{{"label", FieldMPLSLabel, odpDecimal}, {"tc", FieldMPLSTC, odpDecimal}, {"ttl", FieldMPLSTTL, odpDecimal}, {"bos", FieldMPLSBOS, odpDecimal},
		{"lse1", FieldMPLS2, odpHex}, {"lse2", FieldMPLS3, odpHex}}, nil}
)

// The attributes of each transport protocol. Those of no known protocol stand under tp.
var (
	odpTransport = map[int]odpGroup{
		ProtoTCP:    {"tcp", odpPorts, nil},
		ProtoUDP:    {"udp", odpPorts, nil},
		ProtoSCTP:   {"sctp", odpPorts, nil},
		ProtoICMP:   {"icmp", odpKindAndCode, nil},
		ProtoICMPv6: {"icmpv6", odpKindAndCode, nil},
	}
	odpOtherTransport = odpGroup{"tp", odpPorts, nil}
	odpPorts          = []odpPart{{"src", FieldTCPSrc, odpDecimal}, {"dst", FieldTCPDst, odpDecimal}}
	odpKindAndCode    = []odpPart{{"type", FieldTCPSrc, odpDecimal}, {"code", FieldTCPDst, odpDecimal}}
	odpTCPFlags       = odpPart{"tcp_flags", FieldTCPFlags, odpFlags}
	odpND             = odpGroup{"nd", []odpPart{{"target", FieldNDTarget, odpIPv6}, {"sll", FieldNDSLL, odpMAC}, {"tll", FieldNDTLL, odpMAC}}, nil}
	odpNDExt          = odpGroup{"nd_ext", []odpPart{{"nd_reserved", FieldNDReserved, odpHex}, {"nd_options_type", FieldNDOptionsType, odpDecimal}}, nil}
)

// odpOptions are the tunnel options under their names in OpenFlow; the datapath's own have no classes.
func odpOptions() (parts []odpPart) {
	for i := range FieldID(2 * TunOptWords) {
		parts = append(parts, odpPart{(FieldTunMetadata0 + i).String(), FieldTunMetadata0 + i, odpHex})
	}
	return parts
}
