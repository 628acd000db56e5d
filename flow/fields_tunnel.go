package flow

import "fmt"

// The tunnel a packet came through, or will leave by.
var tunnelFields = []Field{
	{ID: FieldTunID, Name: "tun_id", Aliases: []string{"tunnel_id"}, Bits: 64, Word: WordTunID, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: both("NXM_NX_TUN_ID", 16, "OXM_OF_TUNNEL_ID", 38, since13)},
	{ID: FieldTunSrc, Name: "tun_src", Bits: 32, Word: WordTunIP, Shift: 32, Maskable: MaskBitwise, Writable: true, Format: IPv4Address,
		OXM: nxm("NXM_NX_TUN_IPV4_SRC", 31)},
	{ID: FieldTunDst, Name: "tun_dst", Bits: 32, Word: WordTunIP, Shift: 0, Maskable: MaskBitwise, Writable: true, Format: IPv4Address,
		OXM: nxm("NXM_NX_TUN_IPV4_DST", 32)},
	{ID: FieldTunIPv6Src, Name: "tun_ipv6_src", Bits: 128, Word: WordTunIP6SrcHi, Maskable: MaskBitwise, Writable: true, Format: IPv6Address,
		OXM: nxm("NXM_NX_TUN_IPV6_SRC", 109)},
	{ID: FieldTunIPv6Dst, Name: "tun_ipv6_dst", Bits: 128, Word: WordTunIP6DstHi, Maskable: MaskBitwise, Writable: true, Format: IPv6Address,
		OXM: nxm("NXM_NX_TUN_IPV6_DST", 110)},
	{ID: FieldTunFlags, Name: "tun_flags", Bits: 16, Stored: 1, Word: WordTunMeta, Shift: 48, Maskable: MaskBitwise, Writable: true, Format: TunFlagSet,
		OXM: nxm("NXM_NX_TUN_FLAGS", 104)},
	{ID: FieldTunFlagsAll, Name: "tun_all_flags", Bits: 4, Word: WordTunMeta, Shift: 48, Maskable: MaskBitwise, Format: TunFlagSet, Hidden: true},
	{ID: FieldTunTOS, Name: "tun_tos", Bits: 8, Word: WordTunMeta, Shift: 40},
	{ID: FieldTunTTL, Name: "tun_ttl", Bits: 8, Word: WordTunMeta, Shift: 32},
	{ID: FieldTunGBPID, Name: "tun_gbp_id", Bits: 16, Word: WordTunMeta, Shift: 16, Maskable: MaskBitwise, Writable: true,
		OXM: nxm("NXM_NX_TUN_GBP_ID", 38)},
	{ID: FieldTunGBPFlags, Name: "tun_gbp_flags", Bits: 8, Word: WordTunMeta, Shift: 8, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: nxm("NXM_NX_TUN_GBP_FLAGS", 39)},
	{ID: FieldTunErspanVer, Name: "tun_erspan_ver", Bits: 4, Word: WordTunMeta, Shift: 0, Maskable: MaskBitwise, Writable: true,
		OXM: nxm("NXOXM_ET_ERSPAN_VER", 12)},
	{ID: FieldTunErspanIdx, Name: "tun_erspan_idx", Bits: 20, Word: WordTunErspan, Shift: 32, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: nxm("NXOXM_ET_ERSPAN_IDX", 11)},
	{ID: FieldTunErspanDir, Name: "tun_erspan_dir", Bits: 1, Word: WordTunErspan, Shift: 24, Maskable: MaskBitwise, Writable: true,
		OXM: nxm("NXOXM_ET_ERSPAN_DIR", 13)},
	{ID: FieldTunErspanHWID, Name: "tun_erspan_hwid", Bits: 6, Word: WordTunErspan, Shift: 16, Maskable: MaskBitwise, Writable: true, Format: Hex,
		OXM: nxm("NXOXM_ET_ERSPAN_HWID", 14)},
	{ID: FieldTunGTPUFlags, Name: "tun_gtpu_flags", Aliases: []string{"gtpu_flags"}, Bits: 8, Word: WordTunErspan, Shift: 8, Maskable: MaskBitwise, Format: Hex,
		OXM: nxm("NXOXM_ET_GTPU_FLAGS", 15)},
	{ID: FieldTunGTPUMsgType, Name: "tun_gtpu_msgtype", Aliases: []string{"gtpu_msgtype"}, Bits: 8, Word: WordTunErspan, Shift: 0, Maskable: MaskBitwise,
		OXM: nxm("NXOXM_ET_GTPU_MSGTYPE", 16)},
}

// tunnelOptions are tun_metadata0 to 63. In Open vSwitch a controller maps
// Geneve options to them, up to 124 bytes each and 256 in all; here each has a fixed place of
// 32 bits, the 256 bytes shared out evenly, which is what OVN's option takes.
func tunnelOptions() (t []Field) {
	for i := range 2 * TunOptWords {
		t = append(t, Field{ID: FieldTunMetadata0 + FieldID(i), Name: fmt.Sprintf("tun_metadata%d", i), Bits: 32, Word: WordTunOpts + i/2, Shift: 32 * (1 - i%2),
			Maskable: MaskBitwise, Writable: true, Format: Hex, OXM: nxm(fmt.Sprintf("NXM_NX_TUN_METADATA%d", i), uint8(40+i))})
	}
	return t
}
