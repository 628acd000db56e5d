package memport

import (
	"fmt"
	"net"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx"
)

// port is what all kinds share: a name and queues.
type port struct {
	name   string
	mode   string
	mac    net.HardwareAddr
	queues []rxtx.Queue
}

func (p *port) Info() rxtx.Info {
	return rxtx.Info{Name: p.name, Kind: "memport", MAC: p.mac, Up: true, Queues: len(p.queues), Mode: p.mode}
}
func (p *port) Queues() int            { return len(p.queues) }
func (p *port) Queue(i int) rxtx.Queue { return p.queues[i] }
func (p *port) Close() error           { return nil }

// owner is what a queue knows of the thread that owns it.
type owner struct {
	pool  *packet.Pool
	count *counter.Port
	port  uint32
}

func (o *owner) Attach(pool *packet.Pool, c *counter.Port, port uint32) error {
	if o.pool != nil {
		return fmt.Errorf("attach queue of port %d: it is attached", o.port)
	}
	o.pool, o.count, o.port = pool, c, port
	return nil
}

func (o *owner) Receive(*packet.Batch) {}
func (o *owner) Flush()                {}
func (o *owner) Held() int             { return 0 }
func (o *owner) Detach()               { o.pool = nil }

// Send throws everything away, counted as sent: what a sink does.
func (o *owner) Send(b *packet.Batch) {
	bytes := 0
	for _, p := range b.Packets() {
		bytes += p.Len()
	}
	o.count.TxPackets.Add(uint64(b.Len()))
	o.count.TxBytes.Add(uint64(bytes))
	o.pool.PutBatch(b)
}

// deliver copies bytes into frames of the pool and appends the packet to b, counting it as received
// and, when frames have run out or it takes too many, as dropped.
func (o *owner) deliver(b *packet.Batch, data []byte) {
	o.count.RxPackets.Add(1)
	o.count.RxBytes.Add(uint64(len(data)))
	p := o.pool.Make(data)
	if p == nil {
		why := counter.RxNoFrame
		if len(data) > packet.MaxFragments*(o.pool.Memory().FrameSize()-packet.Headroom) {
			why = counter.RxTooManyFrags
		}
		o.count.Drops[why].Add(1)
		return
	}
	p.Port = o.port
	b.Append(p)
}

// NewSink makes a port that throws away what it is sent and receives nothing.
func NewSink(name string, queues int) rxtx.Port {
	p := &port{name: name, mode: "sink"}
	for range queues {
		p.queues = append(p.queues, new(owner))
	}
	return p
}
