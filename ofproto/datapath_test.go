package ofproto

import (
	"errors"
	"fmt"
	"sync"

	"pollux/action"
	"pollux/flow"
	"pollux/internal/clock"
)

// datapath is an Installer that keeps flows in a list and counts packets by hand: the slow twin of the fast tower.
type datapath struct {
	mu     sync.Mutex
	flows  map[FlowID]*dpFlow
	lastID FlowID
	full   bool
	puts   int
	lost   int // packets that no flow has counted
}

type dpFlow struct {
	thread  int
	match   flow.Match
	actions action.List
	stats   FlowStats
}

func newDatapath() *datapath { return &datapath{flows: map[FlowID]*dpFlow{}} }

func (d *datapath) PutFlow(thread int, key *flow.Key, mask *flow.Mask, actions action.List) (FlowID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return 0, errors.New("the datapath is full")
	}
	for w := range key {
		if key[w]&^mask[w] != 0 {
			panic(fmt.Sprintf("put flow: word %d of the key has bits outside the mask", w))
		}
	}
	if err := action.Validate(actions, 1000); err != nil {
		panic(err)
	}
	d.lastID++
	d.puts++
	d.flows[d.lastID] = &dpFlow{thread: thread, match: flow.Match{Key: *key, Mask: *mask}, actions: append(action.List(nil), actions...)}
	return d.lastID, nil
}

func (d *datapath) SetActions(thread int, id FlowID, actions action.List) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flows[id].actions = append(action.List(nil), actions...)
	return nil
}

func (d *datapath) DeleteFlow(thread int, id FlowID, last func(FlowStats)) {
	d.mu.Lock()
	f := d.flows[id]
	delete(d.flows, id)
	d.mu.Unlock()
	last(f.stats)
}

func (d *datapath) Stats(thread int, id FlowID) FlowStats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flows[id].stats
}

// find returns a flow that knows the packet, nil if none does. d.mu is held.
func (d *datapath) find(thread int, key *flow.Key) *dpFlow {
	for _, f := range d.flows {
		if f.thread == thread && f.match.Matches(key) {
			return f
		}
	}
	return nil
}

// send passes packets of a key through the datapath: by the flow that knows them, or one that an upcall makes. It reports
// whether there was an upcall.
func (d *datapath) send(b *Bridge, thread int, key *flow.Key, packets, length int, now clock.Time) (dec Decision, missed bool) {
	d.mu.Lock()
	f := d.find(thread, key)
	if f == nil {
		d.mu.Unlock()
		dec = b.Upcall(thread, key, length, now)
		d.mu.Lock()
		missed = true
		if f = d.flows[dec.Flow]; f == nil {
			if dec.Flow != 0 {
				d.lost += packets // the flow was gone before its first packet
			}
			d.mu.Unlock()
			return dec, true
		}
	}
	defer d.mu.Unlock()
	f.stats.Packets += uint64(packets)
	f.stats.Bytes += uint64(packets * length)
	f.stats.Used = now
	return Decision{Flow: dec.Flow, Actions: f.actions}, missed
}

// sink is an Installer that keeps nothing.
type sink struct{ puts int }

func (s *sink) PutFlow(int, *flow.Key, *flow.Mask, action.List) (FlowID, error) {
	s.puts++
	return FlowID(s.puts), nil
}
func (s *sink) SetActions(int, FlowID, action.List) error        { return nil }
func (s *sink) DeleteFlow(_ int, _ FlowID, last func(FlowStats)) { last(FlowStats{}) }
func (s *sink) Stats(int, FlowID) FlowStats                      { return FlowStats{} }
