package dpcls

import (
	"math/rand/v2"
	"testing"
	"time"

	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// list is the classifier's slow twin: a list of flows, asked one by one.
type list struct {
	flows map[uint32]listed
}

type listed struct {
	key  flow.Key
	mask flow.Mask
	gen  uint32
}

func (l *list) put(id uint32, key *flow.Key, mask *flow.Mask) bool {
	var masked flow.Key
	key.And(mask, &masked)
	for i, f := range l.flows {
		if i == id || f.mask == *mask && f.key == masked {
			return false
		}
	}
	l.flows[id] = listed{key: masked, mask: *mask}
	return true
}

// overlaps reports whether some key would match both the given flow and one that is there.
func (l *list) overlaps(key *flow.Key, mask *flow.Mask) bool {
	for _, f := range l.flows {
		differ := false
		for i := range key {
			differ = differ || (key[i]^f.key[i])&mask[i]&f.mask[i] != 0
		}
		if !differ {
			return true
		}
	}
	return false
}

func (l *list) lookup(key *flow.Key) (id uint32, ok bool) {
	for id, f := range l.flows {
		if key.Matches(&f.key, &f.mask) {
			return id, true
		}
	}
	return 0, false
}

func randomMask(r *rand.Rand) (m flow.Mask) {
	usual := []int{flow.WordPort, flow.WordEthDst, flow.WordEthSrc, flow.WordVLAN, flow.WordIP, flow.WordIPProto, flow.WordIP6DstHi, flow.WordIP6DstLo}
	for range r.IntN(6) {
		m[usual[r.IntN(len(usual))]] |= ^uint64(0) << (8 * r.IntN(8))
	}
	if r.IntN(4) == 0 {
		for range r.IntN(40) {
			m[r.IntN(flow.DatapathWords)] = r.Uint64()
		}
	}
	return m
}

// randomKey has few values in every word, so that keys agree now and then.
func randomKey(r *rand.Rand) (k flow.Key) {
	for i := range k[:flow.DatapathWords] {
		k[i] = uint64(r.IntN(3)) * 0x0101_0101_0101_0101
	}
	return k
}

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func TestAgainstList(t *testing.T) {
	r := seeded(t)
	for range 20 {
		const ids, maxMasks = 60, 12
		c := New(Config{MaxMasks: maxMasks, MaxFlows: ids, Seed: r.Uint64()})
		l := list{map[uint32]listed{}}
		masks := make([]flow.Mask, 2*maxMasks)
		for i := range masks {
			masks[i] = randomMask(r)
		}
		for range 2000 {
			switch r.IntN(4) {
			case 0:
				putBoth(t, r, c, &l, &masks[r.IntN(len(masks))], uint32(r.IntN(ids+1)))
			case 1:
				if id := uint32(r.IntN(ids + 1)); r.IntN(2) == 0 {
					c.Remove(id)
					delete(l.flows, id)
				}
			case 2:
				lookupBoth(t, r, c, &l)
			default:
				c.Rank()
				checkUnion(t, c, &l)
			}
		}
		for id := range l.flows {
			c.Remove(id)
		}
		if c.Len() != 0 || len(c.Subtables()) != 0 {
			t.Fatalf("%d flows and %d subtables are left", c.Len(), len(c.Subtables()))
		}
		for i := range c.table.buckets {
			if b := &c.table.buckets[i]; *b != (Bucket{}) {
				t.Fatalf("bucket %d is not empty: %v", i, b)
			}
		}
	}
}

func putBoth(t *testing.T, r *rand.Rand, c *Classifier, l *list, mask *flow.Mask, id uint32) {
	key := randomKey(r)
	if c.subtable(mask) == nil && l.overlaps(&key, mask) {
		return // flows never contradict each other
	}
	for _, f := range l.flows {
		if f.mask != *mask && l.overlaps(&key, mask) {
			return
		}
	}
	_, taken := l.flows[id]
	full, tooMany := int(id) >= c.Cap(), c.subtable(mask) == nil && len(c.free) == 0
	var stats counter.Flow
	f, err := c.Put(id, &key, mask, action.List{}.Output(7), &stats)
	switch {
	case full:
		if err != ErrFull {
			t.Fatalf("id %d: %v", id, err)
		}
	case taken:
		if err != ErrExists {
			t.Fatalf("taken id %d: %v", id, err)
		}
	case tooMany:
		if err != ErrTooManyMasks {
			t.Fatalf("one mask too many: %v", err)
		}
	case l.put(id, &key, mask):
		if err != nil {
			t.Fatalf("put %d: %v", id, err)
		}
		var got flow.Key
		if c.Key(f, &got); got != l.flows[id].key || *f.Mask() != *mask || f.ID != id || f.Out != 7 || f.Stats != &stats || !f.Alive() {
			t.Fatalf("flow %d came back as %v/%v", id, got, f.Mask())
		}
	default:
		if err != ErrExists {
			t.Fatalf("flow that is there already: %v", err)
		}
	}
}

func lookupBoth(t *testing.T, r *rand.Rand, c *Classifier, l *list) {
	n := r.IntN(packet.BatchSize + 1)
	keys, flows := make([]flow.Key, n), make([]*Flow, n)
	var known Flow
	want := 0
	for i := range keys {
		keys[i] = randomKey(r)
		for _, f := range l.flows { // mostly keys that match
			for w := range f.key {
				keys[i][w] = keys[i][w]&^f.mask[w] | f.key[w]
			}
			break
		}
		if r.IntN(8) == 0 {
			flows[i] = &known
		} else if _, ok := l.lookup(&keys[i]); !ok {
			want++
		}
	}
	preset := append([]*Flow(nil), flows...)
	if missed := c.Lookup(keys, flows); missed != want {
		t.Fatalf("%d of %d keys missed, by the list %d", missed, n, want)
	}
	for i, f := range flows {
		if preset[i] != nil {
			if f != preset[i] {
				t.Fatal("a flow known before was replaced")
			}
			continue
		}
		id, ok := l.lookup(&keys[i])
		if ok != (f != nil) || ok && f.ID != id {
			t.Fatalf("key %d: flow %v, by the list %d %v", i, f, id, ok)
		}
		if ok && (!c.Matches(f, &keys[i]) || c.Flow(id) != f || c.At(RefOf(f)) != f) {
			t.Fatalf("flow %d does not answer to its names", id)
		}
	}
}

func checkUnion(t *testing.T, c *Classifier, l *list) {
	u, _ := c.Union()
	for id, f := range l.flows {
		if !u.Covers(&f.mask) {
			t.Fatalf("the union does not cover flow %d", id)
		}
	}
}

func TestUnionNarrowsOnceTheMaskIsLongGone(t *testing.T) {
	c := New(Config{MaxMasks: 4, MaxFlows: 4, Seed: 1})
	var wide, narrow flow.Mask
	var key flow.Key
	wide[flow.WordIP], wide[flow.WordPort], narrow[flow.WordPort] = 1, 1, 1
	var stats counter.Flow
	c.Put(0, &key, &narrow, nil, &stats)
	u, before := c.Union()
	if *u != narrow {
		t.Fatal("not the union")
	}
	c.Put(1, &key, &wide, nil, &stats)
	u, wider := c.Union()
	if *u != wide || wider == before {
		t.Fatal("the union has not grown")
	}
	c.Remove(1)
	for range narrowAfter - 1 {
		c.Rank()
		if u, id := c.Union(); *u != wide || id != wider {
			t.Fatal("narrowed too soon")
		}
	}
	c.Rank()
	if u, id := c.Union(); *u != narrow || id == wider {
		t.Fatal("not narrowed")
	}
}

func TestRankPutsTheBusiestFirst(t *testing.T) {
	c := New(Config{MaxMasks: 8, MaxFlows: 8, Seed: 1})
	var stats counter.Flow
	keys := make([]flow.Key, 8)
	for i := range keys {
		var m flow.Mask
		m[flow.WordReg0-20+i] = 0xff
		keys[i][flow.WordReg0-20+i] = 1
		if _, err := c.Put(uint32(i), &keys[i], &m, nil, &stats); err != nil {
			t.Fatal(err)
		}
	}
	for i := range keys {
		for range i + 1 {
			c.Lookup(keys[i:i+1], make([]*Flow, 1))
		}
	}
	c.Rank()
	for i, s := range c.Subtables() {
		if s.Hits() != uint64(8-i) || s.Flows() != 1 {
			t.Errorf("subtable %d has %d hits", i, s.Hits())
		}
	}
}

func TestNothingAllocates(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 2000
	c := New(Config{MaxMasks: 40, MaxFlows: n, Seed: 1})
	masks := make([]flow.Mask, 50)
	for i := range masks {
		masks[i] = randomMask(r)
	}
	keys, flows := make([]flow.Key, packet.BatchSize), make([]*Flow, packet.BatchSize)
	for i := range keys {
		keys[i] = randomKey(r)
	}
	var stats counter.Flow
	actions := action.List{}.Output(1)
	if a := testing.AllocsPerRun(20, func() {
		for i := range uint32(n) {
			keys[0][flow.WordEthDst] = uint64(i)
			c.Put(i, &keys[0], &masks[i%50], actions, &stats)
		}
		clear(flows)
		c.Lookup(keys, flows)
		c.Rank()
		for i := range uint32(n) {
			c.Remove(i)
		}
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

// Many flows of one mask: the filter grows, and counters that are full stay so.
func TestManyFlowsOfOneMask(t *testing.T) {
	const n = 3 * filterMax
	c := New(Config{MaxMasks: 1, MaxFlows: n, Seed: 5})
	var mask flow.Mask
	mask[flow.WordIP] = ^uint64(0)
	keys, flows := make([]flow.Key, n), make([]*Flow, n)
	for i := range keys {
		keys[i][flow.WordIP] = uint64(i) << 8
		if _, err := c.Put(uint32(i), &keys[i], &mask, nil, nil); err != nil {
			t.Fatal(err)
		}
		if i == filterMin/4 {
			s := c.Subtables()[0]
			for j := range s.filter {
				s.filter[j] = 0xff // as if hundreds of flows had met there
			}
		}
	}
	check := func(every int) {
		t.Helper()
		clear(flows)
		for i := 0; i < n; i += packet.BatchSize {
			c.Lookup(keys[i:i+packet.BatchSize], flows[i:i+packet.BatchSize])
		}
		for i, f := range flows {
			if want := i%every == 0; (f != nil) != want || want && f.ID != uint32(i) {
				t.Fatalf("key %d of %d, every %dth a flow: %v", i, n, every, f)
			}
		}
	}
	check(1)
	if s := c.Subtables()[0]; len(s.filter) != filterMax || s.Flows() != n {
		t.Errorf("%d flows and a filter of %d", s.Flows(), len(s.filter))
	}
	for i := range uint32(n) {
		if i%7 != 0 {
			c.Remove(i)
		}
	}
	check(7)
	for i := range uint32(n) {
		c.Put(i, &keys[i], &mask, nil, nil)
	}
	check(1)
}
