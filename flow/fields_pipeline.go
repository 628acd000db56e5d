package flow

import "fmt"

// What the switch itself knows about a packet, and what translation notes down.
var pipelineFields = []Field{
	{ID: FieldInPort, Name: "in_port", Bits: 16, Stored: 32, Word: WordPort, Shift: 32, Writable: true, Format: PortNumber,
		OXM: nxm("NXM_OF_IN_PORT", 0)},
	{ID: FieldInPortOXM, Name: "in_port_oxm", Bits: 32, Word: WordPort, Shift: 32, Writable: true, Format: PortNumber,
		OXM: oxm("OXM_OF_IN_PORT", 0, since12)},
	{ID: FieldRecircID, Name: "recirc_id", Bits: 32, Word: WordPort, Shift: 0, Format: Hex, OXM: nxm("NXM_NX_RECIRC_ID", 36)},
	{ID: FieldDPHash, Name: "dp_hash", Bits: 32, Word: WordHash, Shift: 32, Maskable: MaskBitwise, Format: Hex,
		OXM: both("NXM_NX_DP_HASH", 35, "NXOXM_ET_DP_HASH", 0, since15)},
	{ID: FieldPktMark, Name: "pkt_mark", Bits: 32, Word: WordHash, Shift: 0, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: nxm("NXM_NX_PKT_MARK", 33)},
	{ID: FieldSKBPriority, Name: "skb_priority", Bits: 32, Word: WordCt, Shift: 32, Format: Hex},
	{ID: FieldPacketType, Name: "packet_type", Bits: 32, Word: WordCtProto, Shift: 0, Format: PacketTypePair,
		OXM: oxm("OXM_OF_PACKET_TYPE", 44, since15)},
	{ID: FieldConjID, Name: "conj_id", Bits: 32, Word: WordConj, Shift: 32, OXM: nxm("NXM_NX_CONJ_ID", 37)},
	{ID: FieldActsetOutput, Name: "actset_output", Bits: 32, Word: WordConj, Shift: 0, Format: PortNumber,
		OXM: []OXM{wire("ONFOXM_ET_ACTSET_OUTPUT", 43, since13), wire("OXM_OF_ACTSET_OUTPUT", 43, since15)}},
	{ID: FieldMetadata, Name: "metadata", Bits: 64, Word: WordMetadata, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: oxm("OXM_OF_METADATA", 2, since12)},
}

// What connection tracking said about the packet.
var ctFields = []Field{
	{ID: FieldCtState, Name: "ct_state", Bits: 32, Stored: 8, Word: WordCt, Shift: 16, Maskable: MaskBitwise, Format: CtStateSet,
		OXM: nxm("NXM_NX_CT_STATE", 105)},
	{ID: FieldCtZone, Name: "ct_zone", Bits: 16, Word: WordCt, Shift: 0, OXM: nxm("NXM_NX_CT_ZONE", 106)},
	{ID: FieldCtMark, Name: "ct_mark", Bits: 32, Word: WordCtMark, Shift: 32, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: nxm("NXM_NX_CT_MARK", 107)},
	{ID: FieldCtLabel, Name: "ct_label", Bits: 128, Word: WordCtLabelHi, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: nxm("NXM_NX_CT_LABEL", 108)},
	{ID: FieldCtNWSrc, Name: "ct_nw_src", Bits: 32, Word: WordCtIP, Shift: 32, Maskable: MaskBitwise, Prereq: NeedCt, Format: IPv4Address,
		OXM: nxm("NXM_NX_CT_NW_SRC", 120)},
	{ID: FieldCtNWDst, Name: "ct_nw_dst", Bits: 32, Word: WordCtIP, Shift: 0, Maskable: MaskBitwise, Prereq: NeedCt, Format: IPv4Address,
		OXM: nxm("NXM_NX_CT_NW_DST", 121)},
	{ID: FieldCtIPv6Src, Name: "ct_ipv6_src", Bits: 128, Word: WordCtIP6SrcHi, Maskable: MaskBitwise, Prereq: NeedCt, Format: IPv6Address,
		OXM: nxm("NXM_NX_CT_IPV6_SRC", 122)},
	{ID: FieldCtIPv6Dst, Name: "ct_ipv6_dst", Bits: 128, Word: WordCtIP6DstHi, Maskable: MaskBitwise, Prereq: NeedCt, Format: IPv6Address,
		OXM: nxm("NXM_NX_CT_IPV6_DST", 123)},
	{ID: FieldCtNWProto, Name: "ct_nw_proto", Bits: 8, Word: WordCtProto, Shift: 56, Prereq: NeedCt, OXM: nxm("NXM_NX_CT_NW_PROTO", 119)},
	{ID: FieldCtTPSrc, Name: "ct_tp_src", Bits: 16, Word: WordCtMark, Shift: 16, Maskable: MaskBitwise, Prereq: NeedCt,
		OXM: nxm("NXM_NX_CT_TP_SRC", 124)},
	{ID: FieldCtTPDst, Name: "ct_tp_dst", Bits: 16, Word: WordCtMark, Shift: 0, Maskable: MaskBitwise, Prereq: NeedCt,
		OXM: nxm("NXM_NX_CT_TP_DST", 125)},
}

// registers are reg0 to reg15 and the wider views of the same bits, xreg0 to xreg7 and xxreg0 to xxreg3.
func registers() (t []Field) {
	for i := range 16 {
		t = append(t, Field{ID: FieldReg0 + FieldID(i), Name: fmt.Sprintf("reg%d", i), Bits: 32, Word: WordReg0 + i/2, Shift: 32 * (1 - i%2),
			Maskable: MaskBitwise, Writable: true, Format: Hex, OXM: nxm(fmt.Sprintf("NXM_NX_REG%d", i), uint8(i))})
	}
	for i := range 8 {
		t = append(t, Field{ID: FieldXReg0 + FieldID(i), Name: fmt.Sprintf("xreg%d", i), Bits: 64, Word: WordReg0 + i,
			Maskable: MaskBitwise, Writable: true, Format: Hex, OXM: oxm(fmt.Sprintf("OXM_OF_PKT_REG%d", i), uint8(i), since13)})
	}
	for i := range 4 {
		t = append(t, Field{ID: FieldXXReg0 + FieldID(i), Name: fmt.Sprintf("xxreg%d", i), Bits: 128, Word: WordReg0 + 2*i,
			Maskable: MaskBitwise, Writable: true, Format: Hex, OXM: nxm(fmt.Sprintf("NXM_NX_XXREG%d", i), uint8(111+i))})
	}
	return t
}
