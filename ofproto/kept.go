package ofproto

import (
	"sync"

	"pollux/internal/clock"
	"pollux/ofproto/xlate"
)

// What flows refer to by a number that the datapath sends back: places from which packets go to controllers, and
// ways of packets that were frozen. The number is a hash of the content, so nothing is counted or freed: a thing
// is kept as long as a flow speaks of it and a while longer, for packets that are on their way.

// keepFor is how long a thing is kept that no flow speaks of.
const keepFor = 30 * clock.Second

type kept[K comparable, V any] struct {
	mu   sync.RWMutex
	byID map[K]keptThing[V]
}

type keptThing[V any] struct {
	thing V
	noted clock.Time // when a flow was last found to speak of it
}

func (k *kept[K, V]) note(id K, v V, now clock.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byID == nil {
		k.byID = map[K]keptThing[V]{}
	}
	k.byID[id] = keptThing[V]{v, now}
}

func (k *kept[K, V]) get(id K) (V, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	x, ok := k.byID[id]
	return x.thing, ok
}

func (k *kept[K, V]) sweep(now clock.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, x := range k.byID {
		if x.noted+keepFor < now {
			delete(k.byID, id)
		}
	}
}

// note keeps what a flow refers to.
func (b *Bridge) note(points []*xlate.Point, frozen []*xlate.Frozen, now clock.Time) {
	for _, p := range points {
		b.points.note(p.ID(), p, now)
	}
	for _, f := range frozen {
		b.frozen.note(f.ID(), f, now)
	}
}

// Point returns the place in the rules from which a packet was sent to a controller, by
// the cookie of its upcall.
func (b *Bridge) Point(cookie uint64) (*xlate.Point, bool) { return b.points.get(cookie) }

// thaw is the xlate.Thaw of the bridge's views.
func (b *Bridge) thaw(id uint32) *xlate.Frozen {
	f, _ := b.frozen.get(id)
	return f
}
