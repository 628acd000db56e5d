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

// Meets reports whether every packet that matches is what p says.
func (m *Match) Meets(p Prereq) bool {
	typ, proto, kind := m.etherType(), m.ipProto(), m.icmpType()
	ip := typ == EthTypeIPv4 || typ == EthTypeIPv6
	switch p {
	case NeedEthernet:
		return m.Mask[WordCtProto]&0xffffffff == 0 || m.Key[WordCtProto]&0xffffffff == 0
	case NeedVLAN:
		return m.Key[WordVLAN]&tciTagged != 0
	case NeedMPLS:
		return typ == EthTypeMPLS || typ == EthTypeMPLSMcst
	case NeedIPv4:
		return typ == EthTypeIPv4
	case NeedIPv6:
		return typ == EthTypeIPv6
	case NeedIP:
		return ip
	case NeedARP:
		return typ == EthTypeARP || typ == EthTypeRARP
	case NeedNSH:
		return typ == EthTypeNSH
	case NeedTCP:
		return ip && proto == ProtoTCP
	case NeedUDP:
		return ip && proto == ProtoUDP
	case NeedSCTP:
		return ip && proto == ProtoSCTP
	case NeedICMPv4:
		return typ == EthTypeIPv4 && proto == ProtoICMP
	case NeedICMPv6:
		return typ == EthTypeIPv6 && proto == ProtoICMPv6
	case NeedND:
		return m.Meets(NeedNDSolicit) || m.Meets(NeedNDAdvert)
	case NeedNDSolicit:
		return m.Meets(NeedICMPv6) && kind == icmpv6Solicit && m.exact(FieldICMPCode) <= 0
	case NeedNDAdvert:
		return m.Meets(NeedICMPv6) && kind == icmpv6Advert && m.exact(FieldICMPCode) <= 0
	case NeedCt:
		return m.ctKnown()
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

func (m *Match) ipProto() int  { return m.exact(FieldIPProto) }
func (m *Match) icmpType() int { return m.exact(FieldICMPType) }

// exact is the value of a field that every matching packet has, negative when it may be any.
func (m *Match) exact(id FieldID) int {
	f := id.Field()
	if f.GetMask(&m.Mask) != f.Ones() {
		return -1
	}
	return int(f.Get(&m.Key).Lo)
}

// ctKnown reports whether matching packets belong to a tracked connection: one of
// the states that only such a packet has, or tracked and not invalid.
func (m *Match) ctKnown() bool {
	f := FieldCtState.Field()
	v, mask := f.Get(&m.Key).Lo, f.GetMask(&m.Mask).Lo
	const connection = CtNew | CtEstablished | CtRelated | CtReply | CtSrcNAT | CtDstNAT
	return v&connection != 0 || v&CtTracked != 0 && mask&CtInvalid != 0 && v&CtInvalid == 0
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
