package openflow

import "net/netip"

// NoTable is the table of a Ct that does not recirculate.
const NoTable = 255

// Ct sends the packet through connection tracking.
type Ct struct {
	Commit, Force bool
	Zone          uint16   // if ZoneSrc has no bits
	ZoneSrc       Subfield // where to read the zone, Bits 0 for nowhere
	Table         uint8    // where a copy of the packet goes on, NoTable for nowhere
	ALG           string   // "ftp", "tftp" or none
	NAT           *NAT
	Exec          []Action // on the connection: sets ct_mark and ct_label
}

// CtClear forgets what connection tracking said.
type CtClear struct{}

// NAT says which addresses a new connection gets. Src and Dst false: what its connection already has.
type NAT struct {
	Src, Dst                 bool
	Persistent, Hash, Random bool
	Low, High                netip.Addr // the range of addresses, invalid for none; one address has High equal Low
	PortLow, PortHigh        uint16     // 0 for none; one port has PortHigh equal PortLow
}
