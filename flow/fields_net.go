package flow

// IPv4, IPv6, ARP.
var netFields = []Field{
	{ID: FieldNWSrc, Name: "ip_src", Aliases: []string{"nw_src"}, Bits: 32, Word: WordIP, Shift: 32, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedIPv4, Format: IPv4Address, OXM: both("NXM_OF_IP_SRC", 7, "OXM_OF_IPV4_SRC", 11, since12)},
	{ID: FieldNWDst, Name: "ip_dst", Aliases: []string{"nw_dst"}, Bits: 32, Word: WordIP, Shift: 0, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedIPv4, Format: IPv4Address, OXM: both("NXM_OF_IP_DST", 8, "OXM_OF_IPV4_DST", 12, since12)},
	{ID: FieldIPv6Src, Name: "ipv6_src", Bits: 128, Word: WordIP6SrcHi, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedIPv6, Format: IPv6Address, OXM: both("NXM_NX_IPV6_SRC", 19, "OXM_OF_IPV6_SRC", 26, since12)},
	{ID: FieldIPv6Dst, Name: "ipv6_dst", Bits: 128, Word: WordIP6DstHi, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedIPv6, Format: IPv6Address, OXM: both("NXM_NX_IPV6_DST", 20, "OXM_OF_IPV6_DST", 27, since12)},
	{ID: FieldIPv6Label, Name: "ipv6_label", Bits: 20, Stored: 32, Word: WordMPLS2, Shift: 0, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedIPv6, Format: Hex, OXM: both("NXM_NX_IPV6_LABEL", 27, "OXM_OF_IPV6_FLABEL", 28, since12)},

	{ID: FieldIPProto, Name: "nw_proto", Aliases: []string{"ip_proto"}, Bits: 8, Word: WordIPProto, Shift: 56,
		Prereq: NeedIP, OXM: both("NXM_OF_IP_PROTO", 6, "OXM_OF_IP_PROTO", 10, since12)},
	{ID: FieldNWTOS, Name: "nw_tos", Bits: 8, Word: WordIPProto, Shift: 48, Writable: true,
		Prereq: NeedIP, OXM: nxm("NXM_OF_IP_TOS", 5)},
	{ID: FieldIPDSCP, Name: "ip_dscp", Bits: 6, Word: WordIPProto, Shift: 50, Writable: true,
		Prereq: NeedIP, OXM: oxm("OXM_OF_IP_DSCP", 8, since12)},
	{ID: FieldNWECN, Name: "nw_ecn", Aliases: []string{"ip_ecn"}, Bits: 2, Word: WordIPProto, Shift: 48, Writable: true,
		Prereq: NeedIP, OXM: both("NXM_NX_IP_ECN", 28, "OXM_OF_IP_ECN", 9, since12)},
	{ID: FieldNWTTL, Name: "nw_ttl", Bits: 8, Word: WordIPProto, Shift: 40, Writable: true,
		Prereq: NeedIP, OXM: nxm("NXM_NX_IP_TTL", 29)},
	{ID: FieldIPFrag, Name: "ip_frag", Aliases: []string{"nw_frag"}, Bits: 2, Stored: 8, Word: WordIPProto, Shift: 32, Maskable: MaskBitwise,
		Prereq: NeedIP, Format: FragKind, OXM: nxm("NXM_NX_IP_FRAG", 26)},

	{ID: FieldARPOp, Name: "arp_op", Bits: 16, Stored: 8, Word: WordIPProto, Shift: 56, Writable: true,
		Prereq: NeedARP, OXM: both("NXM_OF_ARP_OP", 15, "OXM_OF_ARP_OP", 21, since12)},
	{ID: FieldARPSPA, Name: "arp_spa", Bits: 32, Word: WordIP, Shift: 32, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedARP, Format: IPv4Address, OXM: both("NXM_OF_ARP_SPA", 16, "OXM_OF_ARP_SPA", 22, since12)},
	{ID: FieldARPTPA, Name: "arp_tpa", Bits: 32, Word: WordIP, Shift: 0, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedARP, Format: IPv4Address, OXM: both("NXM_OF_ARP_TPA", 17, "OXM_OF_ARP_TPA", 23, since12)},
	{ID: FieldARPSHA, Name: "arp_sha", Bits: 48, Word: WordARPSHA, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedARP, Format: MACAddress, OXM: both("NXM_NX_ARP_SHA", 17, "OXM_OF_ARP_SHA", 24, since12)},
	{ID: FieldARPTHA, Name: "arp_tha", Bits: 48, Word: WordARPTHA, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedARP, Format: MACAddress, OXM: both("NXM_NX_ARP_THA", 18, "OXM_OF_ARP_THA", 25, since12)},
}
