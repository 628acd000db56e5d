package memport

import (
	"pollux/counter"
	"pollux/internal/ring"
	"pollux/packet"
	"pollux/rxtx"
)

// A pair is a cable: what is sent at one end is received at the other, queue
// by queue. The bytes are copied into the cable and out of it, so that
// frames stay with the thread they belong to and the two ends may have different threads.

// cableBytes is the longest packet a cable carries.
const cableBytes = 9216 + 22

type cableSlot struct {
	length int
	data   [cableBytes]byte
}

type end struct {
	owner
	in  *ring.Consumer[cableSlot]
	out *ring.Producer[cableSlot]
}

// NewPair makes two joined ports with the given number of queues; each
// direction of a queue holds up to slots packets, a power of two.
func NewPair(a, b string, queues, slots int) (rxtx.Port, rxtx.Port) {
	p, q := &port{name: a, mode: "pair"}, &port{name: b, mode: "pair"}
	for range queues {
		p.queues, q.queues = appendPair(p.queues, q.queues, slots)
	}
	return p, q
}

func appendPair(p, q []rxtx.Queue, slots int) ([]rxtx.Queue, []rxtx.Queue) {
	pOut, qIn := ring.New[cableSlot](slots)
	qOut, pIn := ring.New[cableSlot](slots)
	return append(p, &end{in: pIn, out: pOut}), append(q, &end{in: qIn, out: qOut})
}

func (e *end) Receive(b *packet.Batch) {
	n := e.in.Peek(b.Room())
	if n == 0 { // an idle end writes nothing that the other one reads
		return
	}
	for i := range n {
		s := e.in.Slot(i)
		e.deliver(b, s.data[:s.length])
	}
	e.in.Release(n)
}

func (e *end) Send(b *packet.Batch) {
	n := e.out.Reserve(b.Len())
	sent := 0
	for _, p := range b.Packets() {
		switch {
		case p.Len() > cableBytes:
			e.count.Drops[counter.TxTooLong].Add(1)
		case sent == n:
			e.count.Drops[counter.TxQueueFull].Add(1)
		default:
			s := e.out.Slot(sent)
			s.length = p.CopyTo(s.data[:])
			e.count.TxBytes.Add(uint64(s.length))
			sent++
		}
	}
	e.count.TxPackets.Add(uint64(sent))
	e.out.Publish(sent)
	e.pool.PutBatch(b)
}
