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

// Make puts a copy of b into as many frames as it takes, the packet's metadata
// empty; nil when there are not enough frames or b would take more than MaxFragments.
func (p *Pool) Make(b []byte) *Packet {
	var first, last *Packet
	total := len(b)
	for n := 0; n == 0 || len(b) > 0; n++ {
		c := p.Get()
		if c == nil || n == MaxFragments {
			p.Put(c)
			p.Put(first)
			return nil
		}
		k := min(len(b), c.Room())
		c.Set(b[:k])
		b = b[k:]
		if first == nil {
			first = c
		} else {
			last.Next = c
		}
		last = c
	}
	if first.Next != nil {
		first.Total = uint32(total)
	}
	return first
}

// Trim cuts the packet to at most n bytes, freeing fragments that are not needed any more.
func (p *Pool) Trim(pkt *Packet, n int) {
	if n >= pkt.Len() {
		return
	}
	left := n
	for f := pkt; ; f = f.Next {
		if left <= int(f.length) {
			f.length = uint16(left)
			p.Put(f.Next)
			f.Next = nil
			break
		}
		left -= int(f.length)
	}
	pkt.Total = uint32(n)
	if pkt.Next == nil {
		pkt.Total = 0
	}
}
