package memport

import (
	"fmt"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx"
)

// replay receives the same packets over and over, each copied into a fresh
// frame as a driver would. The packets lie one behind the other in memory,
// so that reading them costs what reading descriptors costs and not more.
type replay struct {
	owner
	packets [][]byte
	next    int
	left    uint64 // bursts stop after so many packets
}

// NewReplay makes a port that receives packets in turn, from the first again after the last, until
// limit packets have come (0: without end). What it is sent it throws away. A packet must
// fit one frame of the memory it will be attached to.
func NewReplay(name string, packets [][]byte, limit uint64) (rxtx.Port, error) {
	if len(packets) == 0 {
		return nil, fmt.Errorf("make replay port %s: no packets", name)
	}
	if limit == 0 {
		limit = ^uint64(0)
	}
	total := 0
	for i, p := range packets {
		if total += len(p); len(p) == 0 {
			return nil, fmt.Errorf("make replay port %s: packet %d is empty", name, i)
		}
	}
	all := make([]byte, 0, total)
	r := &replay{left: limit}
	for _, p := range packets {
		all = append(all, p...)
		r.packets = append(r.packets, all[len(all)-len(p):len(all):len(all)])
	}
	return &port{name: name, mode: "replay", queues: []rxtx.Queue{r}}, nil
}

func (r *replay) Attach(pool *packet.Pool, c *counter.Port, port uint32) error {
	room := pool.Memory().FrameSize() - packet.Headroom
	for i, p := range r.packets {
		if len(p) > room {
			return fmt.Errorf("attach replay: packet %d has %d bytes, a frame takes %d", i, len(p), room)
		}
	}
	return r.owner.Attach(pool, c, port)
}

func (r *replay) Receive(b *packet.Batch) {
	want := int(min(uint64(b.Room()), r.left))
	bytes, n := 0, 0
	for ; n < want; n++ {
		p := r.pool.Get()
		if p == nil {
			break
		}
		data := r.packets[r.next]
		if r.next++; r.next == len(r.packets) {
			r.next = 0
		}
		p.Set(data)
		p.Port = r.port
		bytes += len(data)
		b.Append(p)
	}
	if n < want {
		r.count.Drops[counter.RxNoFrame].Add(1)
		r.count.RxPackets.Add(1)
	}
	r.left -= uint64(n)
	r.count.RxPackets.Add(uint64(n))
	r.count.RxBytes.Add(uint64(bytes))
}
