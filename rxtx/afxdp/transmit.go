package afxdp

import (
	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/packet"
)

// Send takes all packets of b and empties it. Nothing reaches the device before Flush, unless
// the ring is full.
func (q *Queue) Send(b *packet.Batch) {
	pkts := b.Packets()
	if q.down || q.mute {
		q.refuse(pkts, counter.TxDown)
		b.Reset()
		return
	}
	frames := 0
	for _, p := range pkts {
		frames++
		if p.Next != nil {
			frames += q.squeeze(p)
		}
	}
	free := q.txRoom(frames)
	if free < frames {
		q.Flush()
		free = q.txRoom(frames)
	}
	longest := int(q.port.longest.Load())
	var used, packets, bytes int
	for i, p := range pkts {
		length := p.Len()
		if length > longest || len(p.Bytes()) < shortest || p.Next != nil && !q.port.multiFrame {
			q.refuse(pkts[i:i+1], oddLength(length, longest))
			continue
		}
		n := q.enqueue(p, used, free)
		if n == 0 {
			q.refuse(pkts[i:i+1], counter.TxQueueFull)
			continue
		}
		used += n
		packets++
		bytes += length
	}
	q.tx.publish(used)
	q.counters.TxPackets.Add(uint64(packets))
	q.counters.TxBytes.Add(uint64(bytes))
	b.Reset()
}

func oddLength(length, longest int) counter.Drop {
	if length < shortest || length <= longest {
		return counter.TxError
	}
	return counter.TxTooLong
}

// squeeze takes empty frames out of a chain, which the kernel would not send, and
// returns how many there are behind the first.
func (q *Queue) squeeze(p *packet.Packet) (n int) {
	for p.Next != nil {
		if next := p.Next; len(next.Bytes()) == 0 {
			p.Next, next.Next = next.Next, nil
			q.pool.Put(next)
		} else {
			p = next
			n++
		}
	}
	return n
}

// txRoom is how many frames of n may go on the transmit ring.
func (q *Queue) txRoom(n int) int {
	return min(q.tx.reserve(n), q.txMost-q.inTx.n)
}

// enqueue writes the descriptors of one packet from slot used on and
// returns their number, 0 if there are not enough among free.
func (q *Queue) enqueue(p *packet.Packet, used, free int) int {
	n := 0
	if p.Next == nil {
		if used == free {
			return 0
		}
		q.describe(q.tx.slot(used), q.warm.copyOf(p, q.pool), 0)
		return 1
	}
	for f := p; f != nil; f = f.Next {
		n++
	}
	if used+n > free {
		return 0
	}
	at := used
	for p != nil {
		next := p.Next
		more := uint32(unix.XDP_PKT_CONTD)
		if next == nil {
			more = 0
		}
		q.describe(q.tx.slot(at), p, more)
		at++
		p = next
	}
	return n
}

// describe gives one frame to the kernel to be sent.
func (q *Queue) describe(d *unix.XDPDesc, p *packet.Packet, options uint32) {
	*d = unix.XDPDesc{Addr: q.memory.Addr(p), Len: uint32(len(p.Bytes())), Options: options}
	p.Next = nil
	q.inTx.add(p)
}

// refuse drops packets for one reason.
func (q *Queue) refuse(pkts []*packet.Packet, why counter.Drop) {
	for _, p := range pkts {
		q.pool.Put(p)
	}
	q.counters.Drops[why].Add(uint64(len(pkts)))
}

// Flush tells the kernel of what was sent, if it wants to be told, and takes back the frames
// that it has finished with.
func (q *Queue) Flush() {
	switch {
	case q.down && q.sleepy > 0:
		q.sleepy--
	case q.down:
		q.kick()
	case q.inTx.n == 0:
		return
	case q.tx.needWakeup() && q.tx.pending() > 0:
		q.kick()
	}
	q.reap()
}

// A device that is down is tried again after this many flushes.
const downFlushes = 1024

// kick makes the kernel send. In copy mode it sends during the call, and asks to be called again by
// EAGAIN while there is more. EBUSY and ENOBUFS say that the device cannot take more now, which the
// next Flush finds out again.
func (q *Queue) kick() {
	for before := q.tx.pending(); ; {
		e := q.kernel.kickTx()
		if q.down = gone(e); q.down {
			q.sleepy = downFlushes
		}
		after := q.tx.pending()
		if e != unix.EAGAIN || after >= before {
			return
		}
		before = after
	}
}

// reap takes back the frames that the kernel has finished with.
func (q *Queue) reap() {
	for q.inTx.n > 0 {
		n := q.done.peek(packet.BatchSize)
		for i := range n {
			if p := q.memory.At(*q.done.slot(i)); p != nil && q.inTx.remove(p) && !q.warm.keep(p) {
				q.pool.Put(p)
			}
		}
		q.done.release(n)
		if n < packet.BatchSize {
			return
		}
	}
}
