// Package contract tests what every rxtx.Port promises, whatever kind it is: that it
// counts every packet once, loses no frame, touches nothing that is not its own,
// and allocates nothing. A kind of port gives a Factory and calls Test.
//
// Packets are told from what else may arrive (a kernel greets every new device) by
// their Ethernet type, which is one for local experiments, and a number. The
// test takes any time that Rig.Wait grants and never looks at a clock.
package contract

import (
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx"
)

// Rig is a port under test, all queues detached, and what can be done at its other side.
type Rig struct {
	Port rxtx.Port
	// Memory is where its frames must lie, nothing of which is handed out yet; nil if any will do.
	Memory *packet.Memory
	// Feed lets the port receive copies of packets by a queue, in order, at the next Receives. nil if
	// nothing can be made to come in.
	Feed func(queue int, packets [][]byte)
	// Endless says that packets come in all the time, at every Receive.
	Endless bool
	// Sent returns what left by a queue since it was last asked, in order. nil if nobody sees it.
	Sent func(queue int) [][]byte
	// Wait lets time pass while something is expected, and returns false when it is too late.
	// nil if everything that happens has happened when a call returns.
	Wait func() bool
	// Injects says that the port loses and spoils packets on purpose, counted as such: nothing is
	// compared, everything is counted.
	Injects bool
	// Allocates says that the port is for tests alone and may allocate.
	Allocates bool
}

// Factory makes a fresh Rig; what is to be cleaned up it leaves to t.Cleanup.
type Factory func(t *testing.T) Rig

// Test runs all tests on ports of one kind.
func Test(t *testing.T, f Factory) {
	for _, c := range []struct {
		name string
		test func(*desk)
	}{
		{"identity", identity},
		{"receive appends what fits", receiveAppends},
		{"receive gives fresh packets", receiveFresh},
		{"send takes everything", sendTakesAll},
		{"long packets", longPackets},
		{"no frames", noFrames},
		{"detach and attach", detach},
		{"anything in any order", anything},
		{"no allocations", noAllocations},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newDesk(t, f(t))) })
	}
}

func identity(d *desk) {
	p := d.rig.Port
	i := p.Info()
	if i.Name == "" || i.Kind == "" || i.Queues != p.Queues() || p.Queues() < 1 {
		d.t.Errorf("a port of %d queues describes itself as %+v", p.Queues(), i)
	}
	for q := range p.Queues() {
		if p.Queue(q) != p.Queue(q) {
			d.t.Errorf("queue %d is not always the same", q)
		}
	}
}

func receiveAppends(d *desk) {
	d.attach()
	for q := range d.queues {
		var b packet.Batch
		d.feed(q, 40)
		for room := range 3 * packet.BatchSize / 2 {
			b.Limit(1 + room%packet.BatchSize)
			for range room % 5 { // packets that are there already
				if b.Room() > 0 {
					b.Append(d.take())
				}
			}
			had := append([]*packet.Packet(nil), b.Packets()...)
			fits := b.Room()
			d.receive(q, &b)
			if n := b.Len() - len(had); n < 0 || n > fits || d.rig.Endless && !d.rig.Injects && n != fits {
				d.t.Fatalf("queue %d put %d packets where there was room for %d", q, n, fits)
			}
			for i, p := range had {
				if b.Packets()[i] != p {
					d.t.Fatalf("queue %d moved a packet that was in the batch before", q)
				}
			}
			d.giveBack(&b)
			d.check()
		}
	}
}

func receiveFresh(d *desk) {
	d.attach()
	for q := range d.queues {
		want := d.feed(q, 100)
		n := len(want)
		if d.rig.Endless {
			n = 100
		}
		got := d.collect(q, n, func(p *packet.Packet) {
			if p.Port != portNumber(q) || p.Meta != (packet.Meta{}) || p.L3 != packet.NoLayer || p.L4 != packet.NoLayer {
				d.t.Errorf("queue %d: a packet came in by port %d with layers at %d and %d and %+v", q, p.Port, p.L3, p.L4, p.Meta)
			}
			if p.Offset() < packet.Headroom {
				d.t.Errorf("queue %d: %d bytes of headroom", q, p.Offset())
			}
			p.Push(8) // as found, so left: what is done to a packet must not be seen in the next
			p.Meta.Mark, p.L3, p.L4 = 7, 22, 42
			clear(p.Bytes())
		})
		d.compare("received", got, want)
		d.check()
	}
}

func sendTakesAll(d *desk) {
	d.attach()
	for q := range d.queues {
		d.send(q, &packet.Batch{})
		for n := 1; n <= packet.BatchSize; n++ {
			b, want := d.fill(n)
			before := d.counts[q].TxPackets.Load()
			d.send(q, b)
			got := d.sent(q, int(d.counts[q].TxPackets.Load()-before))
			if d.rig.Sent != nil && len(got) == n {
				d.compare("sent", got, want)
			}
			d.check()
		}
	}
}

// longPackets are of several frames; whether they go is the port's to say, not whether they are counted.
func longPackets(d *desk) {
	d.attach()
	room := d.memory.FrameSize() - packet.Headroom
	for q := range d.queues {
		for _, n := range []int{room, room + 1, 2 * room, 9000, packet.MaxFragments * room} {
			b := new(packet.Batch)
			if p := d.make(d.marked(n)); p != nil {
				b.Append(p)
			}
			b.Append(d.take())
			before := d.counts[q].TxPackets.Load()
			d.send(q, b)
			d.sent(q, int(d.counts[q].TxPackets.Load()-before))
			d.check()
		}
	}
}

func noFrames(d *desk) {
	d.attach()
	var hoard []*packet.Packet
	for p := d.pool.Get(); p != nil; p = d.pool.Get() {
		hoard = append(hoard, p)
		d.hand++
	}
	for q := range d.queues {
		d.feed(q, 3*packet.BatchSize)
		for range 4 {
			var b packet.Batch
			d.receive(q, &b)
			d.check()
			d.giveBack(&b)
		}
	}
	for _, p := range hoard {
		d.pool.Put(p)
		d.hand--
	}
	for q := range d.queues {
		d.drain(q)
		want := d.feed(q, 10)
		d.compare("received when there were frames again", d.collect(q, len(want), nil), want)
	}
	d.check()
}

func detach(d *desk) {
	for range 3 {
		d.attach()
		for q := range d.queues {
			d.drain(q)
			want := d.feed(q, 5)
			d.compare("received", d.collect(q, len(want), nil), want)
			b, _ := d.fill(packet.BatchSize)
			d.send(q, b)
			d.feed(q, 5) // left lying
		}
		d.check()
		d.detach()
	}
}

func anything(d *desk) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	d.t.Logf("seed %d", seed)
	d.attach()
	for range 2000 {
		q := r.IntN(len(d.queues))
		switch r.IntN(5) {
		case 0:
			d.feed(q, r.IntN(10))
		case 1:
			b, _ := d.fill(r.IntN(packet.BatchSize + 1))
			d.send(q, b)
			d.sent(q, 0)
		case 2:
			d.queues[q].Flush()
		default:
			b := new(packet.Batch)
			b.Limit(1 + r.IntN(packet.BatchSize))
			d.receive(q, b)
			if r.IntN(2) == 0 { // send on what came in
				d.send(r.IntN(len(d.queues)), b)
			}
			d.giveBack(b)
		}
		d.check()
	}
}

func noAllocations(d *desk) {
	if d.rig.Allocates {
		return
	}
	const runs = 10
	d.attach()
	var b packet.Batch
	for q, queue := range d.queues {
		d.feed(q, (runs+1)*packet.BatchSize)
		if n := testing.AllocsPerRun(runs, func() { queue.Receive(&b); d.pool.PutBatch(&b) }); n != 0 {
			d.t.Errorf("queue %d: Receive allocates %v times", q, n)
		}
		data := d.marked(60)
		if n := testing.AllocsPerRun(runs, func() {
			for range packet.BatchSize {
				if p := d.pool.Make(data); p != nil {
					b.Append(p)
				}
			}
			queue.Send(&b)
			queue.Flush()
		}); n != 0 {
			d.t.Errorf("queue %d: Send and Flush allocate %v times", q, n)
		}
	}
}

func portNumber(q int) uint32 { return uint32(100 + q) }

// dropped are packets lost on the way in and on the way out.
func dropped(c *counter.Port) (in, out uint64) {
	for i := range c.Drops {
		if counter.Drop(i) <= counter.Malformed || counter.Drop(i) == counter.Injected {
			in += c.Drops[i].Load()
		} else {
			out += c.Drops[i].Load()
		}
	}
	return in, out
}
