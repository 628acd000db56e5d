package pmd

import (
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/internal/clock"
	"pollux/packet"
)

const (
	testPlaces = 16
	testPorts  = 4
	testQuota  = 6
)

// parkTwin is a parking that keeps a list, oldest first.
type parkTwin struct {
	list, gone []waitingTwin
}

type waitingTwin struct {
	handle   uint64
	p        *packet.Packet
	deadline clock.Time
}

func (w *parkTwin) onPort(n uint32) (c int) {
	for _, x := range w.list {
		if x.p.Port == n {
			c++
		}
	}
	return c
}

// why is what parking p should say.
func (w *parkTwin) why(p *packet.Packet) counter.Drop {
	switch {
	case w.onPort(p.Port) >= testQuota:
		return counter.UpcallQueueFull
	case len(w.list) == testPlaces:
		return counter.ParkingFull
	}
	return counter.Forwarded
}

func (w *parkTwin) drop(i int) {
	w.gone = append(w.gone, w.list[i])
	w.list = append(w.list[:i], w.list[i+1:]...)
}

// Parking and a naive list fed the same random parks, takes and waits agree.
func TestParkingAgainstList(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 9))
		k := newParking(testPlaces, testPorts, testQuota)
		var twin parkTwin
		var now clock.Time
		for step := range 3000 {
			now += clock.Time(r.IntN(int(parkTime / 10)))
			if !parkStep(r, &k, &twin, now) || k.n != len(twin.list) {
				t.Fatalf("seed %d step %d: %d parked, the twin has %d", seed, step, k.n, len(twin.list))
			}
		}
	}
}

// parkStep does one random thing to both and reports whether they agree.
func parkStep(r *rand.Rand, k *parking, twin *parkTwin, now clock.Time) bool {
	switch r.IntN(3) {
	case 0:
		p := &packet.Packet{Port: uint32(r.IntN(testPorts))}
		want := twin.why(p)
		h, why := k.park(p, now)
		if h != 0 {
			twin.list = append(twin.list, waitingTwin{h, p, now + parkTime})
		}
		return why == want && (h == 0) == (want != counter.Forwarded)
	case 1:
		wrong := []uint64{r.Uint64()>>r.IntN(64) | 1<<63} // a made-up handle, an old one
		if len(twin.gone) > 0 {
			wrong = append(wrong, twin.gone[r.IntN(len(twin.gone))].handle)
		}
		for _, h := range wrong {
			if p, _ := k.take(h); p != nil {
				return false
			}
		}
		if len(twin.list) == 0 {
			return true
		}
		i := r.IntN(len(twin.list))
		want := twin.list[i]
		twin.drop(i)
		p, since := k.take(want.handle)
		return p == want.p && since == want.deadline-parkTime
	}
	p := k.overdue(now)
	if len(twin.list) > 0 && twin.list[0].deadline <= now {
		want := twin.list[0].p
		twin.drop(0)
		return p == want
	}
	return p == nil
}
