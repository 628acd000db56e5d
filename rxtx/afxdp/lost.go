package afxdp

// Lost counts packets that the kernel dropped before they became ours. They are in no
// counter of the datapath; a device that loses needs larger rings, more frames or a faster thread.
type Lost struct {
	NoFrame  uint64 // no frame was there to receive into, or the packet does not fit those that were
	RingFull uint64 // the receive ring was full: the thread was too slow
}

func (l *Lost) add(s *socket) {
	k, err := statistics(s.fd)
	if err != nil {
		return
	}
	l.NoFrame += k.Rx_dropped
	l.RingFull += k.Rx_ring_full
}

// Lost returns what the kernel has dropped on the port's queues since Open. Any goroutine may call it.
func (p *Port) Lost() Lost {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lost
	for _, s := range p.live {
		l.add(s)
	}
	return l
}
