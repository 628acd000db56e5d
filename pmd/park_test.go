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
					if p, since := k.take(list[i].handle); p != list[i].p || since != list[i].deadline-parkTime {
						t.Fatalf("seed %d step %d: took another packet", seed, step)
					}
					gone = append(gone, list[i])
					list = append(list[:i], list[i+1:]...)
				}
				wrong := []uint64{r.Uint64()>>r.IntN(64) | 1<<63} // an old handle, a made-up one
				if len(gone) > 0 {
					wrong = append(wrong, gone[r.IntN(len(gone))].handle)
				}
				for _, h := range wrong {
					if p, _ := k.take(h); p != nil {
						t.Fatalf("seed %d step %d: handle %#x found a packet", seed, step, h)
					}
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
