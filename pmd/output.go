package pmd

import (
	"pollux/counter"
	"pollux/internal/ring"
	"pollux/packet"
	"pollux/rxtx"
)

// txPort is what a thread knows of a port it may send to: its own transmit
// queue there, or who owns one.
type txPort struct {
	port    uint32
	queue   rxtx.Queue // nil if the thread has none
	owner   int        // thread to hand packets to when queue is nil
	pending packet.Batch
	listed  bool // in Thread.dirty
}

// output gathers one packet for a port.
func (t *Thread) output(port uint32, p *packet.Packet) {
	if int64(port) >= int64(len(t.ports)) || t.ports[port] == nil {
		t.drop(p, counter.TxNoPort)
		return
	}
	out := t.ports[port]
	if !out.listed {
		out.listed = true
		t.dirty = append(t.dirty, out)
	}
	if out.pending.Room() == 0 {
		t.send(out)
	}
	out.pending.Append(p)
}

// send gives what is gathered for a port to its queue or its owner.
func (t *Thread) send(out *txPort) {
	n := out.pending.Len()
	if n == 0 {
		return
	}
	if out.queue == nil {
		t.handOver(out)
		return
	}
	t.stats.Sends.Add(1)
	t.stats.SentPackets.Add(uint64(n))
	out.queue.Send(&out.pending)
}

// flush sends everything gathered; once a turn.
func (t *Thread) flush() {
	for _, out := range t.dirty {
		t.send(out)
		out.listed = false
		if out.queue != nil {
			out.queue.Flush()
		}
	}
	t.dirty = t.dirty[:0]
}

// drop ends a packet.
func (t *Thread) drop(p *packet.Packet, reason counter.Drop) {
	t.stats.Drops[reason].Add(1)
	t.pool.Put(p)
}

// dropAll ends all packets of b.
func (t *Thread) dropAll(b *packet.Batch, reason counter.Drop) {
	t.stats.Drops[reason].Add(uint64(b.Len()))
	t.pool.PutBatch(b)
}

// A device with fewer queues than there are threads has threads without a
// queue of their own on it. They hand their packets to an owner over a ring
// for each pair of threads. The frames go along, and free ones come back the same way, so
// that no thread's pool runs dry: to says how many a thread owes.

// handed is a packet for a port, or a free frame on its way back.
type handed struct {
	p    *packet.Packet
	port uint32
}

const freeFrame = ^uint32(0) // the port of a free frame

type handover struct {
	to   []*ring.Producer[handed] // by thread; nil for oneself
	from []*ring.Consumer[handed]
	owed []int // frames owed to each thread
}

// handOver gives what is gathered for a port to the thread that owns a queue of it.
func (t *Thread) handOver(out *txPort) {
	to := t.hand.to[out.owner]
	n := to.Reserve(out.pending.Len())
	for i, p := range out.pending.Packets() {
		if i < n {
			*to.Slot(i) = handed{p, out.port}
			t.hand.owed[out.owner] -= frames(p)
		} else {
			t.drop(p, counter.HandoffFull)
		}
	}
	to.Publish(n)
	t.stats.HandedOver.Add(uint64(n))
	out.pending.Reset()
}

func frames(p *packet.Packet) (n int) {
	for ; p != nil; p = p.Next {
		n++
	}
	return n
}

// takeOver sends what other threads handed to this one and gives back the
// frames it owes them. It returns how many packets it took.
func (t *Thread) takeOver() (taken int) {
	for i, from := range t.hand.from {
		if from == nil {
			continue
		}
		n := from.Peek(packet.BatchSize)
		for j := range n {
			h := *from.Slot(j)
			t.hand.owed[i] += frames(h.p)
			if h.port == freeFrame {
				t.pool.Put(h.p)
				continue
			}
			t.output(h.port, h.p)
			taken++
		}
		if n > 0 {
			from.Release(n)
		}
		if t.hand.owed[i] >= packet.BatchSize {
			t.giveBack(i)
		}
	}
	t.stats.TakenOver.Add(uint64(taken))
	return taken
}

// giveBack returns a batch of frames to the thread it owes them to.
func (t *Thread) giveBack(i int) {
	to := t.hand.to[i]
	n := min(to.Reserve(packet.BatchSize), t.pool.Len())
	for j := range n {
		*to.Slot(j) = handed{t.pool.Get(), freeFrame}
	}
	to.Publish(n)
	t.hand.owed[i] -= n
}
