package packet

// Pool is a stack of free frames, last in first out so that the next frame
// is one that the cache still knows. One thread owns it; no lock.
type Pool struct {
	memory *Memory
	free   []*Packet // with room for every frame there is, so that Put never allocates
}

func newPool(m *Memory) *Pool { return &Pool{memory: m, free: make([]*Packet, 0, m.Frames())} }

// Memory is the memory whose frames the pool holds.
func (p *Pool) Memory() *Memory { return p.memory }

// Len is the number of free frames held.
func (p *Pool) Len() int { return len(p.free) }

// Get takes a free frame, nil when there is none.
func (p *Pool) Get() *Packet {
	n := len(p.free) - 1
	if n < 0 {
		return nil
	}
	pkt := p.free[n]
	p.free = p.free[:n]
	return pkt
}

// Put gives a packet back, with every fragment that hangs on it.
func (p *Pool) Put(pkt *Packet) {
	for pkt != nil {
		next := pkt.Next
		pkt.Next = nil
		p.free = append(p.free, pkt)
		pkt = next
	}
}

// PutBatch gives all packets of b back and empties it.
func (p *Pool) PutBatch(b *Batch) {
	for _, pkt := range b.Packets() {
		p.Put(pkt)
	}
	b.Reset()
}

// MoveTo gives up to n free frames to another pool, at whose owner's side this
// one must then be: it is for start and stop, when nothing polls.
func (p *Pool) MoveTo(q *Pool, n int) int {
	moved := min(n, len(p.free))
	for range moved {
		q.Put(p.Get())
	}
	return moved
}

// Copy makes a copy of the whole packet src with its metadata out of frames
// of this pool, nil when they do not suffice.
func (p *Pool) Copy(src *Packet) *Packet {
	var first, last *Packet
	for s := src; s != nil; s = s.Next {
		c := p.Get()
		if c == nil {
			if first != nil {
				p.Put(first)
			}
			return nil
		}
		copy(c.mem[s.off:], s.Bytes())
		c.off, c.length, c.L3, c.L4, c.Port, c.Total, c.Meta = s.off, s.length, s.L3, s.L4, s.Port, s.Total, s.Meta
		c.Next = nil
		if first == nil {
			first = c
		} else {
			last.Next = c
		}
		last = c
	}
	return first
}
