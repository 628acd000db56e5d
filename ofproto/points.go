package ofproto

import (
	"sync"

	"pollux/internal/clock"
	"pollux/ofproto/xlate"
)

// points knows the places from which flows send packets to controllers, by the
// cookie that the datapath sends along. A point stays as long as a flow with it does and
// a while longer, for packets that are on their way.
type points struct {
	mu   sync.Mutex
	byID map[uint64]*point
}

type point struct {
	*xlate.Point
	noted clock.Time // when a flow with it was last made or looked at
}

// pointKept is how long a point is known that no flow speaks of.
const pointKept = 30 * clock.Second

func (p *points) note(list []*xlate.Point, now clock.Time) {
	if len(list) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = map[uint64]*point{}
	}
	for _, x := range list {
		p.byID[x.ID()] = &point{x, now}
	}
}

// sweep forgets what no flow has spoken of for a while.
func (p *points) sweep(now clock.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, x := range p.byID {
		if x.noted+pointKept < now {
			delete(p.byID, id)
		}
	}
}

// Point returns the place in the rules from which a packet was sent to a controller, by
// the cookie of its upcall.
func (b *Bridge) Point(cookie uint64) (*xlate.Point, bool) {
	b.points.mu.Lock()
	defer b.points.mu.Unlock()
	if x := b.points.byID[cookie]; x != nil {
		return x.Point, true
	}
	return nil, false
}
