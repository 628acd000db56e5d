package flow

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
	NeedCt // ct_state=+trk and an IP packet
)
