package flow

// ICMP types and codes are 8 bits wide and lie in the lower half of where other protocols have a port; the upper half is zero.
const (
	icmpTypeRest = uint64(0xff00) << 16
	icmpCodeRest = uint64(0xff00)
)

// TCP, UDP, SCTP, ICMP, neighbour discovery.
var transportFields = []Field{
	{ID: FieldTCPSrc, Name: "tcp_src", Aliases: []string{"tp_src"}, Bits: 16, Word: WordIPProto, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedTCP, OXM: both("NXM_OF_TCP_SRC", 9, "OXM_OF_TCP_SRC", 13, since12)},
	{ID: FieldTCPDst, Name: "tcp_dst", Aliases: []string{"tp_dst"}, Bits: 16, Word: WordIPProto, Shift: 0, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedTCP, OXM: both("NXM_OF_TCP_DST", 10, "OXM_OF_TCP_DST", 14, since12)},
	{ID: FieldTCPFlags, Name: "tcp_flags", Bits: 12, Word: WordEthSrc, Shift: 0, Maskable: MaskBitwise,
		Prereq: NeedTCP, Format: TCPFlagSet,
		OXM: []OXM{wire("NXM_NX_TCP_FLAGS", 34, since10), wire("ONFOXM_ET_TCP_FLAGS", 42, since13), wire("OXM_OF_TCP_FLAGS", 42, since15)}},
	{ID: FieldUDPSrc, Name: "udp_src", Bits: 16, Word: WordIPProto, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedUDP, OXM: both("NXM_OF_UDP_SRC", 11, "OXM_OF_UDP_SRC", 15, since12)},
	{ID: FieldUDPDst, Name: "udp_dst", Bits: 16, Word: WordIPProto, Shift: 0, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedUDP, OXM: both("NXM_OF_UDP_DST", 12, "OXM_OF_UDP_DST", 16, since12)},
	{ID: FieldSCTPSrc, Name: "sctp_src", Bits: 16, Word: WordIPProto, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedSCTP, OXM: oxm("OXM_OF_SCTP_SRC", 17, since12)},
	{ID: FieldSCTPDst, Name: "sctp_dst", Bits: 16, Word: WordIPProto, Shift: 0, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedSCTP, OXM: oxm("OXM_OF_SCTP_DST", 18, since12)},

	{ID: FieldICMPType, Name: "icmp_type", Bits: 8, Word: WordIPProto, Shift: 16, Writable: true, Prereq: NeedICMPv4,
		OXM: both("NXM_OF_ICMP_TYPE", 13, "OXM_OF_ICMPV4_TYPE", 19, since12), AlsoMask: icmpTypeRest},
	{ID: FieldICMPCode, Name: "icmp_code", Bits: 8, Word: WordIPProto, Shift: 0, Writable: true, Prereq: NeedICMPv4,
		OXM: both("NXM_OF_ICMP_CODE", 14, "OXM_OF_ICMPV4_CODE", 20, since12), AlsoMask: icmpCodeRest},
	{ID: FieldICMPv6Type, Name: "icmpv6_type", Bits: 8, Word: WordIPProto, Shift: 16, Writable: true, Prereq: NeedICMPv6,
		OXM: both("NXM_NX_ICMPV6_TYPE", 21, "OXM_OF_ICMPV6_TYPE", 29, since12), AlsoMask: icmpTypeRest},
	{ID: FieldICMPv6Code, Name: "icmpv6_code", Bits: 8, Word: WordIPProto, Shift: 0, Writable: true, Prereq: NeedICMPv6,
		OXM: both("NXM_NX_ICMPV6_CODE", 22, "OXM_OF_ICMPV6_CODE", 30, since12), AlsoMask: icmpCodeRest},

	{ID: FieldNDTarget, Name: "nd_target", Bits: 128, Word: WordNDTargetHi, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedND, Format: IPv6Address, OXM: both("NXM_NX_ND_TARGET", 23, "OXM_OF_IPV6_ND_TARGET", 31, since12)},
	{ID: FieldNDSLL, Name: "nd_sll", Bits: 48, Word: WordARPSHA, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedNDSolicit, Format: MACAddress, OXM: both("NXM_NX_ND_SLL", 24, "OXM_OF_IPV6_ND_SLL", 32, since12)},
	{ID: FieldNDTLL, Name: "nd_tll", Bits: 48, Word: WordARPTHA, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedNDAdvert, Format: MACAddress, OXM: both("NXM_NX_ND_TLL", 25, "OXM_OF_IPV6_ND_TLL", 33, since12)},
	{ID: FieldNDReserved, Name: "nd_reserved", Bits: 32, Word: WordND, Shift: 32, Writable: true,
		Prereq: NeedND, OXM: nxm("ERICOXM_OF_ICMPV6_ND_RESERVED", 1)},
	{ID: FieldNDOptionsType, Name: "nd_options_type", Bits: 8, Word: WordARPSHA, Shift: 8, Writable: true,
		Prereq: NeedND, OXM: nxm("ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE", 2)},
	{ID: FieldIGMPGroup, Name: "igmp_group", Bits: 32, Word: WordND, Shift: 0, Maskable: MaskBitwise, Format: IPv4Address, Hidden: true},
}

// The network service header.
var nshFields = []Field{
	{ID: FieldNSHFlags, Name: "nsh_flags", Bits: 8, Digits: 2, Word: WordNSH, Shift: 24, Maskable: MaskBitwise, Writable: true, Prereq: NeedNSH, OXM: nxm("NXOXM_NSH_FLAGS", 1)},
	{ID: FieldNSHMDType, Name: "nsh_mdtype", Bits: 8, Word: WordNSH, Shift: 8, Prereq: NeedNSH, OXM: nxm("NXOXM_NSH_MDTYPE", 2)},
	{ID: FieldNSHNP, Name: "nsh_np", Bits: 8, Word: WordNSH, Shift: 0, Prereq: NeedNSH, OXM: nxm("NXOXM_NSH_NP", 3)},
	{ID: FieldNSHSPI, Name: "nsh_spi", Aliases: []string{"nsp"}, Bits: 24, Word: WordNSH, Shift: 40, Writable: true, Prereq: NeedNSH, Format: Hex, Digits: 1,
		OXM: nxm("NXOXM_NSH_SPI", 4)},
	{ID: FieldNSHSI, Name: "nsh_si", Aliases: []string{"nsi"}, Bits: 8, Word: WordNSH, Shift: 32, Writable: true, Prereq: NeedNSH, OXM: nxm("NXOXM_NSH_SI", 5)},
	{ID: FieldNSHC1, Name: "nsh_c1", Aliases: []string{"nshc1"}, Bits: 32, Word: WordNSHC12, Shift: 32, Maskable: MaskBitwise, Writable: true, Prereq: NeedNSH, Format: Hex, Digits: 1,
		OXM: nxm("NXOXM_NSH_C1", 6)},
	{ID: FieldNSHC2, Name: "nsh_c2", Aliases: []string{"nshc2"}, Bits: 32, Word: WordNSHC12, Shift: 0, Maskable: MaskBitwise, Writable: true, Prereq: NeedNSH, Format: Hex, Digits: 1,
		OXM: nxm("NXOXM_NSH_C2", 7)},
	{ID: FieldNSHC3, Name: "nsh_c3", Aliases: []string{"nshc3"}, Bits: 32, Word: WordNSHC34, Shift: 32, Maskable: MaskBitwise, Writable: true, Prereq: NeedNSH, Format: Hex, Digits: 1,
		OXM: nxm("NXOXM_NSH_C3", 8)},
	{ID: FieldNSHC4, Name: "nsh_c4", Aliases: []string{"nshc4"}, Bits: 32, Word: WordNSHC34, Shift: 0, Maskable: MaskBitwise, Writable: true, Prereq: NeedNSH, Format: Hex, Digits: 1,
		OXM: nxm("NXOXM_NSH_C4", 9)},
	{ID: FieldNSHTTL, Name: "nsh_ttl", Bits: 8, Word: WordNSH, Shift: 16, Writable: true, Prereq: NeedNSH, OXM: nxm("NXOXM_NSH_TTL", 10)},
}
