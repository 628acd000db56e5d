package ofproto

import (
	"math/rand/v2"
	"slices"
	"sync"

	"pollux/action"
	"pollux/dpcls"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto/table"
	"pollux/ofproto/xlate"
)

// flows is the books about one thread's flows: what was asked of the thread, and what must be known to do
// it again. A flow is kept sparse, its mask shared with all others that have the same: some 300 bytes with
// the usual rules instead of the 1,300 of a key and a mask.
type flows struct {
	mu     sync.Mutex
	list   []*record
	byID   map[FlowID]*record
	byHash map[uint64]*record // of the masked key; others with the same hash hang on next
	masks  map[flow.Mask]*shared
	bound  *dpcls.MaskSet
}

// shared is a mask that flows of a thread have.
type shared struct {
	mask  flow.Mask
	words []uint8 // those that are not zero
	seed  uint64
	uses  int
}

// record is one flow.
type record struct {
	id     FlowID
	mask   *shared
	values []uint64 // of the key, in mask.words
	hash   uint64
	next   *record
	at     int // its index in flows.list

	actions action.List
	created clock.Time
	counted FlowStats // what has been credited

	// What translation went by, and what it says of every packet of the flow.
	seq, macSeq uint64
	visited     xlate.TableSet
	macs        []uint16
	rules       []*table.Rule
	learn       []xlate.Learn
	points      []*xlate.Point
	frozen      []*xlate.Frozen
}

var flowSeed = rand.Uint64()

func newFlows(maxMasks int) *flows {
	return &flows{byID: map[FlowID]*record{}, byHash: map[uint64]*record{}, masks: map[flow.Mask]*shared{}, bound: dpcls.NewMaskSet(maxMasks)}
}

// share returns the mask's shared form, rounded up to a more exact mask if the thread has many.
func (f *flows) share(m *flow.Mask) *shared {
	if s := f.masks[*m]; s != nil {
		return s
	}
	rounded := f.bound.Round(m)
	s := f.masks[rounded]
	if s == nil {
		s = newShared(&rounded, len(f.masks))
		f.masks[rounded] = s
	}
	return s
}

func newShared(m *flow.Mask, n int) *shared {
	s := &shared{mask: *m, seed: flowSeed + uint64(n)<<32}
	for w, bits := range m {
		if bits != 0 {
			s.words = append(s.words, uint8(w))
		}
	}
	return s
}

// newRecord makes a record of the key under the mask, which is in no list yet.
func newRecord(s *shared, key *flow.Key) *record {
	r := &record{mask: s, values: make([]uint64, len(s.words))}
	for i, w := range s.words {
		r.values[i] = key[w] & s.mask[w]
	}
	r.hash = flow.HashWords(r.values, s.seed)
	return r
}

// key writes the flow's key: what its mask looks at, and zeros.
func (r *record) key(k *flow.Key) {
	*k = flow.Key{}
	for i, w := range r.mask.words {
		k[w] = r.values[i]
	}
}

// find returns the flow with the same key and mask as r.
func (f *flows) find(r *record) *record {
	for o := f.byHash[r.hash]; o != nil; o = o.next {
		if o.mask == r.mask && slices.Equal(o.values, r.values) {
			return o
		}
	}
	return nil
}

func (f *flows) add(r *record) {
	r.at, r.next = len(f.list), f.byHash[r.hash]
	f.list = append(f.list, r)
	f.byHash[r.hash], f.byID[r.id] = r, r
	r.mask.uses++
	f.bound.Add(&r.mask.mask)
}

func (f *flows) remove(r *record) {
	last := len(f.list) - 1
	f.list[r.at] = f.list[last]
	f.list[r.at].at = r.at
	f.list[last] = nil
	f.list = f.list[:last]
	delete(f.byID, r.id)
	if first := f.byHash[r.hash]; first != r {
		for first.next != r {
			first = first.next
		}
		first.next = r.next
	} else if r.next != nil {
		f.byHash[r.hash] = r.next
	} else {
		delete(f.byHash, r.hash)
	}
	f.bound.Remove(&r.mask.mask)
	if r.mask.uses--; r.mask.uses == 0 {
		delete(f.masks, r.mask.mask)
	}
}

// learnt makes r remember what translation said.
func (r *record) learnt(res *xlate.Result) {
	r.seq, r.macSeq, r.visited = res.Seq, res.MACSeq, res.Visited
	r.macs = append(r.macs[:0], res.MACs...)
	r.rules = append(r.rules[:0], res.Rules...)
	r.learn = append(r.learn[:0], res.Learn...)
	r.points = append(r.points[:0], res.Points...)
	r.frozen = append(r.frozen[:0], res.Frozen...)
}

// outdated reports whether translating the flow again might give something else.
func (b *Bridge) outdated(r *record, v *xlate.View) bool {
	if r.seq < v.Seq {
		if r.seq < v.PortsSeq {
			return true
		}
		for t := range r.visited.Each {
			if r.seq < v.TableSeq[t] {
				return true
			}
		}
		r.seq = v.Seq
	}
	if r.macSeq < b.macs.Changes() {
		now := b.macs.Changes()
		for _, c := range r.macs {
			if r.macSeq < b.macs.LastChange(c) {
				return true
			}
		}
		r.macSeq = now
	}
	return false
}

// credit adds what the flow has counted since the last time to the rules that it
// comes from, and keeps the addresses that it teaches fresh.
func (b *Bridge) credit(r *record, s FlowStats) {
	if s.Packets == r.counted.Packets {
		return
	}
	packets, bytes := s.Packets-r.counted.Packets, s.Bytes-r.counted.Bytes
	r.counted = s
	for _, rule := range r.rules {
		rule.Stats.Add(packets, bytes, s.Used)
	}
	b.learn(r.learn, s.Used)
}

// learn notes where addresses were heard at time now, on ports that are still there.
func (b *Bridge) learn(list []xlate.Learn, now clock.Time) {
	for _, l := range list {
		if b.View().Ports.Number(l.Port) != nil && b.macs.Learn(l.Address, l.Port, now) {
			b.notify()
		}
	}
}
