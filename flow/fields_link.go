package flow

// Where the tag's halves lie in WordVLAN.
const (
	tciShift  = 32 // outer tag control information
	tciTagged = uint64(VLANPresent) << tciShift
)

// Ethernet, VLAN tags, MPLS labels.
var linkFields = []Field{
	{ID: FieldEthSrc, Name: "eth_src", Aliases: []string{"dl_src"}, Bits: 48, Word: WordEthSrc, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedEthernet, Format: MACAddress, OXM: both("NXM_OF_ETH_SRC", 2, "OXM_OF_ETH_SRC", 4, since12)},
	{ID: FieldEthDst, Name: "eth_dst", Aliases: []string{"dl_dst"}, Bits: 48, Word: WordEthDst, Shift: 16, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedEthernet, Format: MACAddress, OXM: both("NXM_OF_ETH_DST", 1, "OXM_OF_ETH_DST", 3, since12)},
	{ID: FieldEthType, Name: "eth_type", Aliases: []string{"dl_type"}, Bits: 16, Word: WordEthDst, Shift: 0,
		Prereq: NeedEthernet, Format: Hex, Digits: 4, OXM: both("NXM_OF_ETH_TYPE", 3, "OXM_OF_ETH_TYPE", 5, since12)},

	{ID: FieldVLANTCI, Name: "vlan_tci", Bits: 16, Word: WordVLAN, Shift: tciShift, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedEthernet, Format: Hex, Digits: 4, OXM: nxm("NXM_OF_VLAN_TCI", 4)},
	{ID: FieldDLVLAN, Name: "dl_vlan", Bits: 12, Word: WordVLAN, Shift: tciShift, Writable: true, Prereq: NeedEthernet,
		AlsoValue: tciTagged, AlsoMask: tciTagged},
	{ID: FieldDLVLANPCP, Name: "dl_vlan_pcp", Bits: 3, Word: WordVLAN, Shift: tciShift + 13, Writable: true, Prereq: NeedEthernet,
		AlsoValue: tciTagged, AlsoMask: tciTagged},
	{ID: FieldVLANVID, Name: "vlan_vid", Bits: 12, Stored: 13, Word: WordVLAN, Shift: tciShift, Maskable: MaskBitwise, Writable: true,
		Prereq: NeedEthernet, OXM: oxm("OXM_OF_VLAN_VID", 6, since12)},
	{ID: FieldVLANPCP, Name: "vlan_pcp", Bits: 3, Word: WordVLAN, Shift: tciShift + 13, Writable: true,
		Prereq: NeedVLAN, OXM: oxm("OXM_OF_VLAN_PCP", 7, since12), AlsoValue: tciTagged, AlsoMask: tciTagged},
	{ID: FieldVLANTPID, Name: "vlan_tpid", Bits: 16, Word: WordVLAN, Shift: 48, Maskable: MaskBitwise, Format: Hex, Hidden: true},
	{ID: FieldVLAN2TPID, Name: "vlan_tpid1", Bits: 16, Word: WordVLAN, Shift: 16, Maskable: MaskBitwise, Format: Hex, Hidden: true},
	{ID: FieldVLAN2TCI, Name: "vlan_tci1", Bits: 16, Word: WordVLAN, Shift: 0, Maskable: MaskBitwise, Format: Hex, Digits: 4, Hidden: true},

	{ID: FieldMPLSLabel, Name: "mpls_label", Bits: 20, Word: WordMPLS, Shift: 32 + 12, Writable: true, Prereq: NeedMPLS,
		OXM: oxm("OXM_OF_MPLS_LABEL", 34, since12)},
	{ID: FieldMPLSTC, Name: "mpls_tc", Bits: 3, Word: WordMPLS, Shift: 32 + 9, Writable: true, Prereq: NeedMPLS,
		OXM: oxm("OXM_OF_MPLS_TC", 35, since12)},
	{ID: FieldMPLSBOS, Name: "mpls_bos", Bits: 1, Word: WordMPLS, Shift: 32 + 8, Prereq: NeedMPLS,
		OXM: oxm("OXM_OF_MPLS_BOS", 36, since13)},
	{ID: FieldMPLSTTL, Name: "mpls_ttl", Bits: 8, Word: WordMPLS, Shift: 32, Writable: true, Prereq: NeedMPLS,
		OXM: nxm("NXM_NX_MPLS_TTL", 30)},
	{ID: FieldMPLS2, Name: "mpls_lse1", Bits: 32, Word: WordMPLS, Shift: 0, Maskable: MaskBitwise, Format: Hex, Hidden: true},
	{ID: FieldMPLS3, Name: "mpls_lse2", Bits: 32, Word: WordMPLS2, Shift: 32, Maskable: MaskBitwise, Format: Hex, Hidden: true},
}
