package dpcls

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// Why Put refuses a flow. Nothing has changed then.
var (
	ErrTooManyMasks = errors.New("put flow: as many masks as the thread has room for")
	ErrExists       = errors.New("put flow: the id is taken or there is a flow with this key and mask")
	ErrFull         = errors.New("put flow: the id is beyond the flow limit")
)

// Config says how much a classifier has room for.
type Config struct {
	MaxMasks int    // masks in use at once, at least 1
	MaxFlows int    // flows, and the end of their ids; at least 1
	Seed     uint64 // of all hashes
}

// Classifier is the flows of one thread, which alone may call its methods.
type Classifier struct {
	order   []*Subtable // in use, the most often hit first
	flows   []Flow      // slot id+1; slot 0 is a flow that is always dead
	table   table
	left    [packet.BatchSize]uint8 // scratch of Lookup: keys still to be found
	pass    [packet.BatchSize]candidate
	count   int
	probed  uint64
	union   flow.Mask
	unionID uint32
	spare   int // how many Ranks in a row have found the union wider than need be

	subtables []Subtable
	free      []*Subtable // not in use
	chunks    []chunk     // chunk 0 is none
	freeChunk uint32      // list of chunks that were used
	newChunk  uint32      // first chunk that never was
	secrets   [flow.DatapathWords + 1]uint64
	rand      *rand.PCG
}

// candidate is a key that passed the filter of a subtable.
type candidate struct {
	hash uint64
	key  int
}

// New makes a classifier. It panics on a limit below 1.
func New(c Config) *Classifier {
	if c.MaxMasks < 1 || c.MaxFlows < 1 {
		panic(fmt.Sprintf("make classifier: room for %d masks and %d flows", c.MaxMasks, c.MaxFlows))
	}
	const chunksPerFlow = (flow.DatapathWords - inlineWords + chunkWords - 1) / chunkWords
	cls := &Classifier{
		order: make([]*Subtable, 0, c.MaxMasks), free: make([]*Subtable, 0, c.MaxMasks),
		flows: make([]Flow, c.MaxFlows+1), table: newTable(c.MaxFlows),
		subtables: make([]Subtable, c.MaxMasks), chunks: make([]chunk, 1+c.MaxFlows*chunksPerFlow), newChunk: 1,
		rand: rand.NewPCG(c.Seed, mixer), unionID: 1,
	}
	for i := range cls.secrets {
		cls.secrets[i] = cls.rand.Uint64()
	}
	room := make([]uint8, c.MaxMasks*filterMax)
	for i := c.MaxMasks - 1; i >= 0; i-- {
		s := &cls.subtables[i]
		s.index, s.room = i, room[i*filterMax:(i+1)*filterMax]
		cls.free = append(cls.free, s)
	}
	return cls
}

// Put adds a flow: packets whose key agrees with key under mask are given
// actions and counted in stats. Bits of key outside mask, and words beyond
// flow.DatapathWords, do not count. Actions and stats stay in use until Remove.
func (c *Classifier) Put(id uint32, key *flow.Key, mask *flow.Mask, actions action.List, stats *counter.Flow) (*Flow, error) {
	if uint64(id)+1 >= uint64(len(c.flows)) {
		return nil, ErrFull
	}
	f := &c.flows[id+1]
	if f.sub != nil {
		return nil, ErrExists
	}
	s := c.subtable(mask)
	if s == nil {
		if s = c.newSubtable(mask); s == nil {
			return nil, ErrTooManyMasks
		}
	}
	hash := s.hash(key)
	if c.find(s, key, hash) != nil {
		return nil, ErrExists
	}
	f.ID, f.Stats, f.sub, f.hash = id, stats, s, hash
	f.setActions(actions)
	var masked flow.Key
	key.And(&s.mask, &masked)
	f.setShort(&masked)
	c.setWords(f, &masked)
	c.link(f, s)
	return f, nil
}

// link makes f, which is whole otherwise, a flow of s and found by lookups.
func (c *Classifier) link(f *Flow, s *Subtable) {
	slot := f.ID + 1
	f.prev, f.next = 0, s.first
	if s.first != 0 {
		c.flows[s.first].prev = slot
	}
	s.first = slot
	s.flows++
	c.count++
	s.filterAdd(f.hash)
	c.table.insert(f.hash, Ref(slot))
	if s.flows*2 > len(s.filter) && len(s.filter) < filterMax {
		c.growFilter(s)
	}
}

// growFilter makes the filter four times as large and fills it anew; s has no more flows than bytes in the new one.
func (c *Classifier) growFilter(s *Subtable) {
	clear(s.filter)
	s.filter = s.room[:4*len(s.filter)]
	for slot := s.first; slot != 0; slot = c.flows[slot].next {
		s.filterAdd(c.flows[slot].hash)
	}
}

// Remove takes a flow out and lets its id be used again. An id that has no flow does nothing.
func (c *Classifier) Remove(id uint32) {
	f := c.Flow(id)
	if f == nil {
		return
	}
	s := f.sub
	c.table.remove(f.hash, Ref(id+1))
	s.filterRemove(f.hash)
	if f.prev != 0 {
		c.flows[f.prev].next = f.next
	} else {
		s.first = f.next
	}
	if f.next != 0 {
		c.flows[f.next].prev = f.prev
	}
	c.freeWords(f)
	f.sub, f.fits, f.Actions, f.Stats, f.Out = nil, 0, nil, nil, NoOut
	f.Gen++
	c.count--
	if s.flows--; s.flows == 0 {
		c.dropSubtable(s)
	}
}

// SetActions gives a flow other actions. An id that has no flow does nothing.
func (c *Classifier) SetActions(id uint32, actions action.List) {
	if f := c.Flow(id); f != nil {
		f.setActions(actions)
	}
}

// Flow returns the flow with that id, nil if there is none.
func (c *Classifier) Flow(id uint32) *Flow {
	if uint64(id)+1 < uint64(len(c.flows)) {
		if f := &c.flows[id+1]; f.sub != nil {
			return f
		}
	}
	return nil
}

// At returns the flow that r refers to, perhaps a dead one. r comes from RefOf of this classifier, or is 0.
func (c *Classifier) At(r Ref) *Flow { return &c.flows[r] }

// RefOf refers to f.
func RefOf(f *Flow) Ref { return Ref(f.ID + 1) }

// Probed is how many subtables were asked up to now, summed over the keys looked up: one that
// its filter answered counts as one that was searched.
func (c *Classifier) Probed() uint64 { return c.probed }

// Len is the number of flows.
func (c *Classifier) Len() int { return c.count }

// Cap is how many flows there is room for.
func (c *Classifier) Cap() int { return len(c.flows) - 1 }
