package openflow

import "pollux/flow"

// CheckPktLarger sets the bit Dst if the packet is longer than Len bytes.
type CheckPktLarger struct {
	Len uint16
	Dst Subfield
}

// DeleteField takes a tunnel option away.
type DeleteField struct{ Field flow.FieldID }

// Conjunction says that the rule is clause K (from 1) of N of the conjunctive match ID.
type Conjunction struct {
	ID   uint32
	K, N uint8
}

// FinTimeout lowers the timeouts of its rule when a TCP FIN or RST passes.
type FinTimeout struct{ IdleSec, HardSec uint16 }

// Sample sends a sample of the packets to IPFIX collectors, Probability out of 65,535.
type Sample struct {
	Probability  uint16
	CollectorSet uint32
	ObsDomain    uint32
	ObsPoint     uint32
	SamplingPort Port // PortNone for none
	Direction    SampleDirection
}

// SampleDirection is at which end of the switch a packet is sampled.
type SampleDirection uint8

// The directions.
const (
	SampleDefault SampleDirection = iota
	SampleIngress
	SampleEgress
)

// HashFields are the fields that bundle and multipath hash.
type HashFields uint8

// The sets of fields, in Nicira's numbers.
const (
	HashEthSrc HashFields = iota
	HashSymmetricL4
	HashSymmetricL3L4
	HashSymmetricL3L4UDP
	HashNWSrc
	HashNWDst
	HashSymmetricL3
)

// BundleAlgorithm is how bundle chooses among its members.
type BundleAlgorithm uint8

// The algorithms.
const (
	ActiveBackup BundleAlgorithm = iota
	HighestRandomWeight
)

// Bundle chooses one of the Members that are up by a hash of the packet, and sends there, or with a Dst (Bits not 0)
// writes the port number there.
type Bundle struct {
	Fields    HashFields
	Basis     uint16
	Algorithm BundleAlgorithm
	Members   []Port
	Dst       Subfield
}

// MultipathAlgorithm is how multipath maps a hash to a link.
type MultipathAlgorithm uint8

// The algorithms.
const (
	ModuloN MultipathAlgorithm = iota
	HashThreshold
	HRW
	IterHash
)

// Multipath writes a number below Links, chosen by a hash of the packet, to Dst.
type Multipath struct {
	Fields    HashFields
	Basis     uint16
	Algorithm MultipathAlgorithm
	Links     uint16 // how many, at least 1
	Arg       uint32
	Dst       Subfield
}
