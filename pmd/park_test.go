package pmd

import (
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/internal/clock"
	"pollux/packet"
)

// Parking and a naive list fed the same random parks, takes and waits agree.
func TestParkingAgainstList(t *testing.T) {
	type waiting struct {
		handle   uint64
		p        *packet.Packet
		deadline clock.Time
	}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 9))
		const places, ports, quota = 16, 4, 6
		k := newParking(places, ports, quota)
		var list, gone []waiting
		var now clock.Time
		onPort := func(n uint32) (c int) {
			for _, w := range list {
				if w.p.Port == n {
					c++
				}
			}
			return c
		}
		for step := range 3000 {
			now += clock.Time(r.IntN(int(parkTime / 10)))
			switch r.IntN(3) {
			case 0:
				p := &packet.Packet{Port: uint32(r.IntN(ports))}
				h, why := k.park(p, now)
				want := counter.Forwarded
				if onPort(p.Port) >= quota {
					want = counter.UpcallQueueFull
				} else if len(list) == places {
					want = counter.ParkingFull
				}
				if why != want || (h == 0) != (want != counter.Forwarded) {
					t.Fatalf("seed %d step %d: parked as %#x, %v; want %v", seed, step, h, why, want)
				}
				if h != 0 {
					list = append(list, waiting{h, p, now + parkTime})
				}
			case 1:
				if len(list) > 0 {
					i := r.IntN(len(list))
					if k.take(list[i].handle) != list[i].p {
						t.Fatalf("seed %d step %d: took another packet", seed, step)
					}
					gone = append(gone, list[i])
					list = append(list[:i], list[i+1:]...)
				}
				if len(gone) > 0 && k.take(gone[r.IntN(len(gone))].handle) != nil {
					t.Fatalf("seed %d step %d: an old handle found a packet", seed, step)
				}
				if k.take(r.Uint64()>>r.IntN(64)|1<<63) != nil {
					t.Fatalf("seed %d step %d: a made-up handle found a packet", seed, step)
				}
			case 2:
				p := k.overdue(now)
				if len(list) > 0 && list[0].deadline <= now {
					if p != list[0].p {
						t.Fatalf("seed %d step %d: the overdue packet is another", seed, step)
					}
					gone, list = append(gone, list[0]), list[1:]
				} else if p != nil {
					t.Fatalf("seed %d step %d: a packet is overdue before its time", seed, step)
				}
			}
			if k.n != len(list) {
				t.Fatalf("seed %d step %d: %d parked, not %d", seed, step, k.n, len(list))
			}
		}
	}
}
