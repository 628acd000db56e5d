package memport

import (
	"pollux/packet"
	"pollux/rxtx"
)

// Bench is a port on a workbench: a test puts packets in and finds what was
// sent. One goroutine drives the test and the switch.
type Bench struct {
	port
	bench
}

type bench struct {
	owner
	in   [][]byte
	sent [][]byte
}

// NewBench makes a bench port.
func NewBench(name string) *Bench {
	b := &Bench{port: port{name: name, mode: "bench"}}
	b.queues = []rxtx.Queue{&b.bench}
	return b
}

// Put lets the port receive a copy of data.
func (b *Bench) Put(data []byte) { b.in = append(b.in, append([]byte(nil), data...)) }

// Waiting is the number of packets put but not yet received.
func (b *Bench) Waiting() int { return len(b.in) }

// Take returns what was sent since the last Take, oldest first.
func (b *Bench) Take() [][]byte {
	s := b.sent
	b.sent = nil
	return s
}

func (b *bench) Receive(batch *packet.Batch) {
	n := min(batch.Room(), len(b.in))
	for _, data := range b.in[:n] {
		b.deliver(batch, data)
	}
	b.in = b.in[n:]
}

func (b *bench) Send(batch *packet.Batch) {
	for _, p := range batch.Packets() {
		data := make([]byte, p.Len())
		p.CopyTo(data)
		b.sent = append(b.sent, data)
	}
	b.owner.Send(batch)
}
