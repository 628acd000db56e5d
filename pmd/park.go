package pmd

import (
	"pollux/counter"
	"pollux/dpif"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/packet"
)

// A packet that no flow knows is parked, and its key and bytes go to the
// control process. The answer is a mail that names the parking place. A place is
// named by its index and how often it was used, so that a late answer does not
// reach another packet. Each ingress port may have so many packets parked, so that
// a port which sprays new flows leaves room for the others.

// parkTime is how long a packet waits for an answer.
const parkTime = 2 * clock.Second

type parked struct {
	p        *packet.Packet
	deadline clock.Time
	use      uint32
	prev     uint32 // places in use, oldest first
	next     uint32
}

type parking struct {
	places []parked // place 0 is the end of the list of those in use
	free   []uint32
	byPort []uint16
	quota  uint16
	n      int
}

func newParking(places, ports, quota int) parking {
	k := parking{places: make([]parked, places+1), free: make([]uint32, 0, places), byPort: make([]uint16, ports), quota: uint16(quota)}
	for i := places; i > 0; i-- {
		k.free = append(k.free, uint32(i))
	}
	return k
}

// park keeps p; the handle is 0 and the reason says why if it cannot.
func (k *parking) park(p *packet.Packet, now clock.Time) (handle uint64, why counter.Drop) {
	if int64(p.Port) < int64(len(k.byPort)) && k.byPort[p.Port] >= k.quota {
		return 0, counter.UpcallQueueFull
	}
	if len(k.free) == 0 {
		return 0, counter.ParkingFull
	}
	i := k.free[len(k.free)-1]
	k.free = k.free[:len(k.free)-1]
	pl, end := &k.places[i], &k.places[0]
	pl.use++
	pl.p, pl.deadline = p, now+parkTime
	pl.prev, pl.next = end.prev, 0
	k.places[end.prev].next = i
	end.prev = i
	k.n++
	k.count(p, 1)
	return uint64(pl.use)<<32 | uint64(i), counter.Forwarded
}

// take returns the packet behind a handle and since when it has waited, nil if it does not
// wait there any more.
func (k *parking) take(handle uint64) (p *packet.Packet, since clock.Time) {
	i := uint32(handle)
	if i == 0 || int64(i) >= int64(len(k.places)) {
		return nil, 0
	}
	pl := &k.places[i]
	if pl.p == nil || pl.use != uint32(handle>>32) {
		return nil, 0
	}
	since = pl.deadline - parkTime
	return k.leave(i), since
}

// overdue returns a packet that has waited too long, nil if there is none.
func (k *parking) overdue(now clock.Time) *packet.Packet {
	i := k.places[0].next
	if i == 0 || k.places[i].deadline > now {
		return nil
	}
	return k.leave(i)
}

func (k *parking) leave(i uint32) *packet.Packet {
	pl := &k.places[i]
	p := pl.p
	k.places[pl.prev].next, k.places[pl.next].prev = pl.next, pl.prev
	pl.p = nil
	k.free = append(k.free, i)
	k.n--
	k.count(p, -1)
	return p
}

func (k *parking) count(p *packet.Packet, by int) {
	if int64(p.Port) < int64(len(k.byPort)) {
		k.byPort[p.Port] = uint16(int(k.byPort[p.Port]) + by)
	}
}

// upcall parks a packet and asks the control process what to do with it.
func (t *Thread) upcall(p *packet.Packet, key *flow.Key) {
	if p.Meta.RecircID != 0 && !t.dp.region.Attached() {
		t.drop(p, counter.RecirculationMiss)
		return
	}
	if !t.dp.region.Attached() {
		t.drop(p, counter.UpcallNoControl)
		return
	}
	if t.link.Upcalls.Reserve(1) == 0 {
		t.drop(p, counter.UpcallQueueFull)
		return
	}
	handle, why := t.parking.park(p, t.now)
	if why != counter.Forwarded {
		t.drop(p, why)
		return
	}
	u := t.link.Upcalls.Slot(0)
	u.Kind, u.Park, u.Cookie, u.Reason = dpif.UpcallMiss, handle, 0, 0
	t.fill(u, p)
	u.Key = *key
	t.publish()
}

// fill copies port, time and bytes of p into u.
func (t *Thread) fill(u *dpif.Upcall, p *packet.Packet) {
	u.Port, u.Time, u.Total = p.Port, t.now, uint32(p.Len())
	n := 0
	for f := p; f != nil; f = f.Next {
		n += copy(u.Data[n:], f.Bytes())
	}
	u.Length = uint32(n)
}

func (t *Thread) publish() {
	t.link.Upcalls.Publish(1)
	t.stats.Upcalls.Add(1)
	if t.dp.region.Wanted() {
		t.dp.wake()
	}
}

// expireParked drops what has waited too long, a few at a time.
func (t *Thread) expireParked(now clock.Time) {
	for range packet.BatchSize {
		p := t.parking.overdue(now)
		if p == nil {
			return
		}
		t.drop(p, counter.UpcallExpired)
	}
}
