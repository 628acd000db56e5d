package counter

// Flow counts what one datapath flow did. Its thread is the only writer.
type Flow struct {
	Packets, Bytes Counter
	// Used is the clock.Time of the last packet, 0 before the first.
	Used Counter
	// TCPFlags are the TCP flags seen so far, or-ed.
	TCPFlags Counter
}

// Clear sets everything to 0. Only the owner calls it.
func (f *Flow) Clear() {
	f.Packets.Set(0)
	f.Bytes.Set(0)
	f.Used.Set(0)
	f.TCPFlags.Set(0)
}
