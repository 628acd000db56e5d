package wrap

import (
	"fmt"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx"
)

// Hook sees what passes a queue. It is called on the thread of the queue.
type Hook interface {
	// Received gets what just came in and may change it: change packets, give some back
	// to the pool (and count them), add others while there is room.
	Received(b *packet.Batch, o *Owner)
	// Sending likewise, before the port gets b.
	Sending(b *packet.Batch, o *Owner)
}

// Owner is what the thread gave the queue when it attached it.
type Owner struct {
	Pool  *packet.Pool
	Count *counter.Port
	Port  uint32
	Queue int
}

// Port puts hooks around every queue of p; hook is asked once for each queue.
func Port(p rxtx.Port, hook func(queue int) Hook) rxtx.Port {
	w := &port{Port: p}
	for i := range p.Queues() {
		w.queues = append(w.queues, &queue{Queue: p.Queue(i), hook: hook(i), owner: Owner{Queue: i}})
	}
	return w
}

type port struct {
	rxtx.Port
	queues []*queue
}

func (p *port) Queue(i int) rxtx.Queue { return p.queues[i] }

type queue struct {
	rxtx.Queue
	hook  Hook
	owner Owner
	fresh packet.Batch // for what comes into a batch that is not empty
}

func (q *queue) Attach(pool *packet.Pool, c *counter.Port, n uint32) error {
	if err := q.Queue.Attach(pool, c, n); err != nil {
		return fmt.Errorf("attach wrapped queue: %w", err)
	}
	q.owner.Pool, q.owner.Count, q.owner.Port = pool, c, n
	return nil
}

func (q *queue) Receive(b *packet.Batch) {
	had := b.Len()
	q.Queue.Receive(b)
	switch {
	case b.Len() == had:
	case had == 0:
		q.hook.Received(b, &q.owner)
	default:
		q.receivedBehind(b, had)
	}
}

// receivedBehind shows the hook what came in behind the first had packets of b.
func (q *queue) receivedBehind(b *packet.Batch, had int) {
	fresh := b.Packets()[had:]
	b.Truncate(had)
	q.fresh.Limit(b.Room())
	for _, p := range fresh {
		q.fresh.Append(p)
	}
	q.hook.Received(&q.fresh, &q.owner)
	for _, p := range q.fresh.Packets() {
		b.Append(p)
	}
	q.fresh.Reset()
}

func (q *queue) Send(b *packet.Batch) {
	q.hook.Sending(b, &q.owner)
	if b.Len() > 0 {
		q.Queue.Send(b)
	}
}

// drop ends a packet under reason.
func (o *Owner) drop(p *packet.Packet, reason counter.Drop) {
	o.Count.Drops[reason].Add(1)
	o.Pool.Put(p)
}
