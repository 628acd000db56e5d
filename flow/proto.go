package flow

// Numbers of the protocols that extraction knows.
const (
	EthTypeIPv4     = 0x0800 // RFC 894
	EthTypeARP      = 0x0806 // RFC 826
	EthTypeRARP     = 0x8035 // RFC 903
	EthTypeVLAN     = 0x8100 // IEEE 802.1Q
	EthTypeQinQ     = 0x88a8 // IEEE 802.1ad
	EthTypeIPv6     = 0x86dd // RFC 2464
	EthTypeMPLS     = 0x8847 // RFC 5332
	EthTypeMPLSMcst = 0x8848
	EthTypeNSH      = 0x894f // RFC 8300

	// EthTypeNone stands for frames that carry a length instead of a type and no SNAP header (OpenFlow 1.0, 3.4).
	EthTypeNone = 0x05ff
	// ethTypeMin is the smallest type; what is below is a length (IEEE 802.3).
	ethTypeMin = 0x0600

	ProtoICMP   = 1
	ProtoIGMP   = 2
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoICMPv6 = 58
	ProtoSCTP   = 132

	// Extension headers of IPv6 (RFC 8200, RFC 4302).
	protoHopByHop = 0
	protoRouting  = 43
	protoFragment = 44
	protoAH       = 51
	protoDstOpts  = 60

	icmpv6Solicit = 135 // neighbour solicitation, RFC 4861
	icmpv6Advert  = 136
	ndSourceLink  = 1 // options of both
	ndTargetLink  = 2
)
