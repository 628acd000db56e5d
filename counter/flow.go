package counter

// Flow counts what one datapath flow did. Its thread is the only writer.
type Flow struct {
	Packets, Bytes Counter
	// Used is the clock.Time of the last packet, 0 before the first.
	Used Counter
	// TCPFlags are the TCP flags seen so far, or-ed.
	TCPFlags Counter
}
