package flow

// Key holds the fields of a packet that a lookup may see, as fixed 64-bit
// words in host order: a field is the same bits of the same word in every
// key, whatever the packet. Fields that the packet does not have are 0.
//
// The words stand in the order in which a packet gets them: what the
// datapath knows about it, the tunnel it came through, its headers from the
// outside in, and last what only translation uses (registers, metadata).
// Datapath flows match on the first DatapathWords only.
type Key [Words]uint64

// Mask says which bits of a key matter; 1 means compare.
type Mask [Words]uint64

// The words of a key. The comment gives the fields from the most significant bit down,
// with their widths in bits; the table of fields repeats the positions and a test compares the two.
const (
	WordPort       = iota // in_port 32 (datapath or OpenFlow port, by context), recirc_id 32
	WordHash              // dp_hash 32, pkt_mark 32
	WordCt                // skb_priority 32, ct_state 16 (8 used), ct_zone 16
	WordCtMark            // ct_mark 32, ct_tp_src 16, ct_tp_dst 16
	WordCtLabelHi         // ct_label, upper 64
	WordCtLabelLo         // ct_label, lower 64
	WordCtIP              // ct_nw_src 32, ct_nw_dst 32
	WordCtIP6SrcHi        // ct_ipv6_src, upper 64
	WordCtIP6SrcLo
	WordCtIP6DstHi
	WordCtIP6DstLo
	WordCtProto // ct_nw_proto 8, unused 24, packet_type 32 (namespace 16, type 16)
	WordTunID   // tun_id 64
	WordTunIP   // tun_src 32, tun_dst 32
	WordTunIP6SrcHi
	WordTunIP6SrcLo
	WordTunIP6DstHi
	WordTunIP6DstLo
	WordTunMeta   // tun_flags 16 (4 used), tun_tos 8, tun_ttl 8, tun_gbp_id 16, tun_gbp_flags 8, tun_erspan_ver 8 (4 used)
	WordTunErspan // tun_erspan_idx 32 (20 used), tun_erspan_dir 8 (1 used), tun_erspan_hwid 8 (6 used), tun_gtpu_flags 8, tun_gtpu_msgtype 8
	WordTunOpts   // the first of TunOptWords words of tun_metadata
)

// TunOptWords words hold tun_metadata0 to 63, 256 bytes in all as in Open vSwitch.
const TunOptWords = 32

// The words of the packet's own headers.
const (
	WordEthDst   = WordTunOpts + TunOptWords + iota // dl_dst 48, dl_type 16
	WordEthSrc                                      // dl_src 48, tcp_flags 16 (12 used)
	WordVLAN                                        // outer tpid 16, outer tci 16, inner tpid 16, inner tci 16; bit 0x1000 of a tci says that there is a tag
	WordMPLS                                        // outer label stack entry 32, second entry 32
	WordMPLS2                                       // third entry 32, ipv6_label 32 (20 used)
	WordIP                                          // nw_src 32, nw_dst 32 (arp_spa and arp_tpa for ARP)
	WordIPProto                                     // nw_proto 8 (arp_op for ARP), nw_tos 8, nw_ttl 8, nw_frag 8 (2 used), tp_src 16 (icmp_type), tp_dst 16 (icmp_code)
	WordIP6SrcHi                                    // ipv6_src
	WordIP6SrcLo
	WordIP6DstHi // ipv6_dst
	WordIP6DstLo
	WordNDTargetHi // nd_target
	WordNDTargetLo
	WordARPSHA // arp_sha or nd_sll 48, nd_options_type 8, unused 8
	WordARPTHA // arp_tha or nd_tll 48, unused 16
	WordND     // nd_reserved 32, igmp group 32 (not matchable in OpenFlow, used by snooping)
	WordNSH    // nsh_spi 24, nsh_si 8, nsh_flags 8, nsh_ttl 8, nsh_mdtype 8, nsh_np 8
	WordNSHC12 // nsh_c1 32, nsh_c2 32
	WordNSHC34 // nsh_c3 32, nsh_c4 32

	// DatapathWords is how many words a datapath flow may match on.
	DatapathWords
)

// The words that only translation uses.
const (
	WordMetadata = DatapathWords + iota // metadata 64
	WordConj                            // conj_id 32, actset_output 32
	WordReg0                            // reg0 32, reg1 32: xreg0; the pairs follow
	WordReg14    = WordReg0 + 7

	// Words is the length of a key.
	Words = WordReg14 + 1
)

// Bits of nw_frag, as in Open vSwitch.
const (
	FragAny   = 1 // the packet is a fragment
	FragLater = 2 // and not the first
)

// VLANPresent is the bit of a VLAN tci in a key that says there is a tag.
const VLANPresent = 0x1000

// And puts k masked by m into dst.
func (k *Key) And(m *Mask, dst *Key) {
	for i := range k {
		dst[i] = k[i] & m[i]
	}
}

// Matches reports whether k agrees with want wherever m has a bit set; want
// must have no bit outside m.
func (k *Key) Matches(want *Key, m *Mask) bool {
	for i := range k {
		if k[i]&m[i] != want[i] {
			return false
		}
	}
	return true
}

// Or adds the bits of o to m.
func (m *Mask) Or(o *Mask) {
	for i := range m {
		m[i] |= o[i]
	}
}

// Covers reports whether every bit of o is in m: a flow with mask m is at
// least as exact as one with mask o.
func (m *Mask) Covers(o *Mask) bool {
	for i := range m {
		if o[i]&^m[i] != 0 {
			return false
		}
	}
	return true
}

// MAC is a MAC address as the key holds it: the 48 bits of dl_dst or dl_src shifted down.
func MAC(b *[6]byte) uint64 {
	return uint64(b[0])<<40 | uint64(b[1])<<32 | uint64(b[2])<<24 | uint64(b[3])<<16 | uint64(b[4])<<8 | uint64(b[5])
}
