package flow

import "fmt"

// Prereq is what a packet must be for a field to mean anything; a match on
// the field must say so too. "Prerequisites" in ovs-fields(7).
type Prereq uint8

// The prerequisites.
const (
	NeedNothing  Prereq = iota
	NeedEthernet        // packet_type (0,0), which is also the default
	NeedVLAN            // a tag
	NeedMPLS
	NeedIPv4
	NeedIPv6
	NeedIP  // either
	NeedARP // or RARP
	NeedNSH
	NeedTCP // over either IP
	NeedUDP
	NeedSCTP
	NeedICMPv4
	NeedICMPv6
	NeedND // neighbour solicitation or advertisement
	NeedNDSolicit
	NeedNDAdvert
	NeedCt // ct_state says that the packet belongs to a connection
)

// What to write for a prerequisite to be stated.
var prereqWords = [...]string{
	NeedNothing: "nothing", NeedEthernet: "an Ethernet packet (packet_type=(0,0))", NeedVLAN: "a VLAN tag (dl_vlan or vlan_tci=0x1000/0x1000)",
	NeedMPLS: "mpls or mplsm", NeedIPv4: "ip", NeedIPv6: "ipv6", NeedIP: "ip or ipv6", NeedARP: "arp or rarp", NeedNSH: "dl_type=0x894f",
	NeedTCP: "tcp or tcp6", NeedUDP: "udp or udp6", NeedSCTP: "sctp or sctp6", NeedICMPv4: "icmp", NeedICMPv6: "icmp6",
	NeedND: "icmp6 with icmp_type=135 or icmp_type=136", NeedNDSolicit: "icmp6 with icmp_type=135", NeedNDAdvert: "icmp6 with icmp_type=136",
	NeedCt: "a ct_state of a known connection, such as +est or +trk-inv",
}

// facts are what prerequisites ask about. A number is negative when it may be any.
type facts struct {
	typ, proto, kind, code int // Ethernet type, IP protocol, ICMP type and code
	ethernet, tagged, ct   bool
}

// Holds reports whether a packet with key k is what p says.
func (p Prereq) Holds(k *Key) bool {
	w := k[WordIPProto]
	f := facts{typ: int(k[WordEthDst] & 0xffff), proto: int(w >> 56), kind: int(w >> 16 & 0xff), code: int(w & 0xff),
		ethernet: uint32(k[WordCtProto]) == 0, tagged: k[WordVLAN]&tciTagged != 0}
	state := FieldCtState.Field().Get(k).Lo
	f.ct = state&ctConnection != 0 || state&CtTracked != 0 && state&CtInvalid == 0
	if !f.ethernet && uint32(k[WordCtProto])>>16 == 1 {
		f.typ = int(k[WordCtProto] & 0xffff)
	}
	return f.meet(p)
}

// AddTo adds to m the bits at which Holds looks: who acts by p must know them.
func (p Prereq) AddTo(m *Mask) {
	full := func(ids ...FieldID) {
		for _, id := range ids {
			id.Field().SetMask(m, id.Field().Ones())
		}
	}
	switch p {
	case NeedNothing:
	case NeedEthernet:
		full(FieldPacketType)
	case NeedVLAN:
		m[WordVLAN] |= tciTagged
	case NeedCt:
		full(FieldCtState)
	case NeedMPLS, NeedIPv4, NeedIPv6, NeedIP, NeedARP, NeedNSH:
		full(FieldEthType)
	case NeedND, NeedNDSolicit, NeedNDAdvert:
		full(FieldEthType, FieldIPProto, FieldTCPSrc, FieldTCPDst)
	default:
		full(FieldEthType, FieldIPProto)
	}
}

// Meets reports whether every packet that matches is what p says.
func (m *Match) Meets(p Prereq) bool {
	v, mask := FieldCtState.Field().Get(&m.Key).Lo, FieldCtState.Field().GetMask(&m.Mask).Lo
	f := facts{typ: m.etherType(), proto: m.ipProto(), kind: m.exact(FieldICMPType), code: m.exact(FieldICMPCode),
		ethernet: m.Mask[WordCtProto]&m.Key[WordCtProto]&0xffffffff == 0,
		tagged:   m.Key[WordVLAN]&tciTagged != 0,
		// one of the states that only a tracked connection has, or tracked and not invalid
		ct: v&ctConnection != 0 || v&CtTracked != 0 && mask&CtInvalid != 0 && v&CtInvalid == 0}
	return f.meet(p)
}

// ctConnection are the states that only packets of a connection have.
const ctConnection = CtNew | CtEstablished | CtRelated | CtReply | CtSrcNAT | CtDstNAT

func (f *facts) meet(p Prereq) bool {
	ip := f.typ == EthTypeIPv4 || f.typ == EthTypeIPv6
	icmp6 := f.typ == EthTypeIPv6 && f.proto == ProtoICMPv6
	nd := icmp6 && f.code <= 0
	switch p {
	case NeedEthernet:
		return f.ethernet
	case NeedVLAN:
		return f.tagged
	case NeedMPLS:
		return f.typ == EthTypeMPLS || f.typ == EthTypeMPLSMcst
	case NeedIPv4:
		return f.typ == EthTypeIPv4
	case NeedIPv6:
		return f.typ == EthTypeIPv6
	case NeedIP:
		return ip
	case NeedARP:
		return f.typ == EthTypeARP || f.typ == EthTypeRARP
	case NeedNSH:
		return f.typ == EthTypeNSH
	case NeedTCP:
		return ip && f.proto == ProtoTCP
	case NeedUDP:
		return ip && f.proto == ProtoUDP
	case NeedSCTP:
		return ip && f.proto == ProtoSCTP
	case NeedICMPv4:
		return f.typ == EthTypeIPv4 && f.proto == ProtoICMP
	case NeedICMPv6:
		return icmp6
	case NeedND:
		return nd && (f.kind == icmpv6Solicit || f.kind == icmpv6Advert)
	case NeedNDSolicit:
		return nd && f.kind == icmpv6Solicit
	case NeedNDAdvert:
		return nd && f.kind == icmpv6Advert
	case NeedCt:
		return f.ct
	}
	return true
}

// etherType is the type that every matching packet has, negative when it may be any.
func (m *Match) etherType() int {
	if pt := m.Key[WordCtProto]; uint32(m.Mask[WordCtProto]) == 0xffffffff && pt>>16&0xffff == 1 {
		return int(pt & 0xffff) // a packet without Ethernet header: its packet type has it
	}
	return m.exact(FieldEthType)
}

func (m *Match) ipProto() int { return m.exact(FieldIPProto) }

// exact is the value of a field that every matching packet has, negative when it may be any.
func (m *Match) exact(id FieldID) int {
	f := id.Field()
	if f.GetMask(&m.Mask) != f.Ones() {
		return -1
	}
	return int(f.Get(&m.Key).Lo)
}

// check is an error when the prerequisites of a field that a text called name are
// not stated. Some old names serve several fields of the same bits.
func (m *Match) check(id FieldID, name string) error {
	f := id.Field()
	if f.Prereq == NeedNothing || f.GetMask(&m.Mask).IsZero() || m.Meets(f.Prereq) {
		return nil
	}
	words := prereqWords[f.Prereq]
	var also []Prereq
	switch name {
	case "nw_src", "nw_dst", "nw_proto":
		also = []Prereq{NeedARP}
	case "tp_src", "tp_dst":
		also = []Prereq{NeedUDP, NeedSCTP, NeedICMPv4, NeedICMPv6}
	case "icmp_type", "icmp_code":
		also = []Prereq{NeedICMPv6}
	}
	for _, p := range also {
		if m.Meets(p) {
			return nil
		}
		words += ", " + prereqWords[p]
	}
	return fmt.Errorf("field %s: the match must also say %s", name, words)
}
