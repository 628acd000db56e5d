package afxdp

import (
	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/packet"
)

// chain is a packet of several frames on its way in.
type chain struct {
	first, last *packet.Packet
	frames      int
	bytes       int
	bad         counter.Drop // why the packet will be dropped when its last frame has come
	more        bool         // the next descriptor belongs to it
}

// shortest is the length of an Ethernet header.
const shortest = 14

// Receive appends up to b.Room() packets to b.
func (q *Queue) Receive(b *packet.Batch) {
	n := q.rx.peek(b.Room())
	if n == 0 || !q.hold.take(n, b.Room()) {
		q.starved()
		return
	}
	for n > 0 {
		var packets, bytes int
		for i := range n {
			if size := q.arrived(b, q.rx.slot(i)); size > 0 {
				packets++
				bytes += size
			}
		}
		q.rx.release(n)
		q.counters.RxPackets.Add(uint64(packets))
		q.counters.RxBytes.Add(uint64(bytes))
		if !q.chain.more {
			break
		}
		n = q.rx.peek(b.Room()) // a packet of several frames: see if the rest is there
	}
	q.refill(refillBurst)
}

// arrived takes one descriptor. It returns the length of the packet that it ends and that is now in
// b, else 0.
func (q *Queue) arrived(b *packet.Batch, d *unix.XDPDesc) int {
	addr, length, more := d.Addr, int(d.Len), d.Options&unix.XDP_PKT_CONTD != 0
	p := q.memory.At(addr)
	switch {
	case p == nil || !q.inRx.remove(p):
		p = nil // not a frame that we gave away
	case !p.Place(int(addr)&(q.memory.FrameSize()-1), length):
		p.Next = nil
		q.pool.Put(p)
		p = nil
	}
	if !q.chain.more && !more && p != nil && length >= shortest { // nearly every packet
		return q.deliver(b, p, length)
	}
	return q.link(b, p, length, more)
}

// link adds one more frame to the packet that is on its way in. p is nil for a descriptor
// that cannot be believed.
func (q *Queue) link(b *packet.Batch, p *packet.Packet, length int, more bool) int {
	c := &q.chain
	if p == nil {
		c.bad = counter.RxTruncated
	} else if c.frames == packet.MaxFragments {
		c.bad = counter.RxTooManyFrags
		q.pool.Put(p)
	} else {
		if c.first == nil {
			c.first = p
		} else {
			c.last.Next = p
		}
		c.last = p
		c.frames++
	}
	c.bytes += length
	c.more = more
	if more {
		return 0
	}
	first, bytes, bad := c.first, c.bytes, c.bad
	if first != nil && first != c.last {
		first.Total = uint32(bytes)
	}
	*c = chain{}
	if bad == counter.Forwarded && len(first.Bytes()) < shortest {
		bad = counter.RxTruncated
	}
	if bad == counter.Forwarded {
		return q.deliver(b, first, bytes)
	}
	if first != nil {
		q.pool.Put(first)
	}
	q.counters.RxPackets.Add(1)
	q.counters.RxBytes.Add(uint64(bytes))
	q.counters.Drops[bad].Add(1)
	return 0
}

// deliver hands a whole packet to the caller.
func (q *Queue) deliver(b *packet.Batch, p *packet.Packet, length int) int {
	if q.port.halfDone {
		p.CompleteChecksum()
	}
	p.Port = q.number
	b.Append(p)
	return length
}

// Frames are given to the kernel when this many are wanted.
const refillBurst = 16

// refill gives the kernel frames until it has its share, if it lacks at least atLeast.
func (q *Queue) refill(atLeast int) {
	want := q.fillTarget - q.inRx.n
	if want < atLeast {
		return
	}
	want = q.fill.reserve(want)
	frameSize := uint64(q.memory.FrameSize())
	given := 0
	for given < want {
		p := q.pool.Get()
		if p == nil {
			break
		}
		*q.fill.slot(given) = uint64(p.Frame) * frameSize
		q.inRx.add(p)
		given++
	}
	q.fill.publish(given)
}

// starved does what is to be done when nothing has come: frames may have become
// free since the pool was last empty, and a driver may sleep until it is told of them.
func (q *Queue) starved() {
	q.refill(refillBurst)
	if q.fill.needWakeup() {
		q.kernel.kickRx()
	}
}
