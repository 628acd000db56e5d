package emc

import (
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/dpcls"
	"pollux/flow"
	"pollux/packet"
)

// world is a classifier with both caches, and their slow twin: a list of flows.
type world struct {
	t      *testing.T
	r      *rand.Rand
	cls    *dpcls.Classifier
	first  *First
	second *Second
	list   map[uint32]listed
	pkts   []*packet.Packet
	keys   []flow.Key
	masks  []flow.Mask
	hits   int
}

type listed struct {
	key  flow.Key
	mask flow.Mask
}

const (
	worldFlows   = 40
	worldPackets = 200
)

func newWorld(t *testing.T, r *rand.Rand) *world {
	x := &world{t: t, r: r, list: map[uint32]listed{}}
	x.cls = dpcls.New(dpcls.Config{MaxMasks: 8, MaxFlows: worldFlows, Seed: r.Uint64()})
	x.first = NewFirst(x.cls, 1<<r.IntN(10), r.Uint64(), r.IntN(3))
	x.second = NewSecond(x.cls, 1<<r.IntN(10), r.Uint64())
	pl := pool(t, worldPackets)
	for range worldPackets {
		p := pl.Get()
		f := randomFrame(r)
		p.Set(spoil(r, f.bytes()))
		p.Port = uint32(1 + r.IntN(2))
		if r.IntN(10) == 0 {
			p.Meta.RecircID = 1
		}
		x.pkts, x.keys = append(x.pkts, p), append(x.keys, keyOf(p))
	}
	for range 8 {
		x.masks = append(x.masks, randomMask(r))
	}
	return x
}

// put adds the flow of a packet under some mask, unless it would contradict another.
func (x *world) put() {
	key, mask := &x.keys[x.r.IntN(worldPackets)], &x.masks[x.r.IntN(len(x.masks))]
	for _, l := range x.list {
		differ := false
		for w := range key {
			differ = differ || (key[w]^l.key[w])&mask[w]&l.mask[w] != 0
		}
		if !differ {
			return
		}
	}
	id := uint32(x.r.IntN(worldFlows))
	if _, err := x.cls.Put(id, key, mask, nil, &counter.Flow{}); err == nil {
		l := listed{mask: *mask}
		key.And(mask, &l.key)
		x.list[id] = l
	}
}

func (x *world) lookup(key *flow.Key) *dpcls.Flow {
	for id, l := range x.list {
		if key.Matches(&l.key, &l.mask) {
			return x.cls.Flow(id)
		}
	}
	return nil
}

// batch asks both caches about some packets, tells them what they do not know, and asks the first again.
func (x *world) batch() {
	var b packet.Batch
	var keys []flow.Key
	for range x.r.IntN(packet.BatchSize + 1) {
		i := x.r.IntN(worldPackets)
		b.Append(x.pkts[i])
		keys = append(keys, x.keys[i])
	}
	var hits [packet.BatchSize]*dpcls.Flow
	var t Tokens
	for range 2 {
		missed := x.first.Lookup(&b, &hits, &t)
		x.check("first", keys, hits[:len(keys)], missed)
		flows := make([]*dpcls.Flow, len(keys))
		missed = x.second.Lookup(keys, flows)
		x.check("second", keys, flows, missed)
		for i := range keys {
			if f := x.lookup(&keys[i]); f != nil {
				x.first.Insert(&t, i, f)
				x.second.Insert(&keys[i], f)
			}
		}
	}
}

func (x *world) check(which string, keys []flow.Key, flows []*dpcls.Flow, missed int) {
	for i, f := range flows {
		if f == nil {
			missed--
			continue
		}
		x.hits++
		if want := x.lookup(&keys[i]); f != want {
			x.t.Fatalf("%s cache: packet %d of flow %v, by the list %v", which, i, f, want)
		}
	}
	if missed != 0 {
		x.t.Fatalf("%s cache: %d more missed than have no flow", which, missed)
	}
}

func TestAgainstList(t *testing.T) {
	r := seeded(t)
	hits := 0
	for range 30 {
		x := newWorld(t, r)
		for range 400 {
			switch r.IntN(6) {
			case 0, 1:
				x.put()
			case 2:
				id := uint32(r.IntN(worldFlows))
				x.cls.Remove(id)
				delete(x.list, id)
			case 3:
				x.cls.Rank()
				if r.IntN(8) == 0 {
					x.masks[r.IntN(len(x.masks))] = randomMask(r)
				}
			default:
				x.batch()
			}
		}
		hits += x.hits
	}
	if hits < 10000 {
		t.Errorf("only %d hits", hits)
	}
}

// alone makes a classifier with one flow for each of n packets, which it returns as batches.
func alone(tb testing.TB, n int) (cls *dpcls.Classifier, keys []flow.Key, batches []packet.Batch) {
	cls = dpcls.New(dpcls.Config{MaxMasks: 1, MaxFlows: n, Seed: 1})
	mask := benchRules[3].mask()
	pl := pool(tb, n)
	for i := range n {
		if i%packet.BatchSize == 0 {
			batches = append(batches, packet.Batch{})
		}
		p, f := pl.Get(), udp4(i)
		p.Set(f.bytes())
		p.Port = 1
		batches[i/packet.BatchSize].Append(p)
		keys = append(keys, keyOf(p))
		if _, err := cls.Put(uint32(i), &keys[i], &mask, nil, &counter.Flow{}); err != nil {
			tb.Fatal(err)
		}
	}
	return cls, keys, batches
}

func TestWhatIsInsertedIsFound(t *testing.T) {
	const n = 1024
	cls, keys, batches := alone(t, n)
	first, second := NewFirst(cls, 8*n, 1, 0), NewSecond(cls, 8*n, 2)
	var hits [packet.BatchSize]*dpcls.Flow
	var tokens Tokens
	for round := range 2 {
		var missedFirst, missedSecond int
		for j := range batches {
			missedFirst += first.Lookup(&batches[j], &hits, &tokens)
			flows, at := make([]*dpcls.Flow, packet.BatchSize), keys[j*packet.BatchSize:][:packet.BatchSize]
			missedSecond += second.Lookup(at, flows)
			for i := range packet.BatchSize {
				f := cls.Flow(uint32(j*packet.BatchSize + i))
				first.Insert(&tokens, i, f)
				second.Insert(&at[i], f)
			}
		}
		if want := n * (1 - round); missedFirst != want || missedSecond != want {
			t.Errorf("round %d: %d and %d of %d missed", round, missedFirst, missedSecond, n)
		}
	}
}

func TestFullPlacesAreGivenUpByChance(t *testing.T) {
	const n = 1024
	for inverse, most := range map[int]int{0: 0, 1: n, 16: n / 8} {
		cls, _, batches := alone(t, n)
		first := NewFirst(cls, 1, 1, inverse) // one bucket
		var hits [packet.BatchSize]*dpcls.Flow
		var tokens Tokens
		displaced := -dpcls.BucketPlaces
		for j := range batches {
			first.Lookup(&batches[j], &hits, &tokens)
			for i := range packet.BatchSize {
				before := first.buckets[0]
				first.Insert(&tokens, i, cls.Flow(uint32(j*packet.BatchSize+i)))
				if before != first.buckets[0] {
					displaced++
				}
			}
		}
		if displaced > most || displaced < most/8 {
			t.Errorf("1 in %d: %d of %d displaced another", inverse, displaced, n)
		}
		// The places of dead flows are always free to take.
		for id := range uint32(n) {
			if id != 5 {
				cls.Remove(id)
			}
		}
		first.Lookup(&batches[0], &hits, &tokens)
		first.Insert(&tokens, 5, cls.Flow(5))
		if first.Lookup(&batches[0], &hits, &tokens); hits[5] != cls.Flow(5) {
			t.Errorf("1 in %d: no place though all flows but one are dead", inverse)
		}
	}
}

// What looks alike under the union is answered without a look: also when the union sees only bits that all packets have as 0.
func TestTrains(t *testing.T) {
	cls := dpcls.New(dpcls.Config{MaxMasks: 2, MaxFlows: 4, Seed: 1})
	var mask flow.Mask
	mask[flow.WordVLAN] = 0xfff << 32
	var tagged, untagged flow.Key
	tagged[flow.WordVLAN] = 7 << 32
	one, _ := cls.Put(0, &untagged, &mask, nil, nil)
	two, _ := cls.Put(1, &tagged, &mask, nil, nil)
	first := NewFirst(cls, 64, 1, 1)
	pl := pool(t, packet.BatchSize)
	for round := range 4 {
		var b packet.Batch
		var want, hits [packet.BatchSize]*dpcls.Flow
		var tokens Tokens
		for i := range packet.BatchSize {
			f := udp4(round*100 + i)
			want[i] = one
			if round > 1 && i%5 > 2 {
				f.vlan, want[i] = 7, two
			}
			p := pl.Get()
			p.Set(f.bytes())
			b.Append(p)
		}
		missed := first.Lookup(&b, &hits, &tokens)
		if round%2 == 1 && (missed != 0 || hits != want) {
			t.Errorf("round %d: %d missed, hits %v, want %v", round, missed, hits, want)
		}
		for i := range want {
			if hits[i] != nil && hits[i] != want[i] {
				t.Errorf("round %d: packet %d is of another flow", round, i)
			}
			first.Insert(&tokens, i, want[i])
		}
		pl.PutBatch(&b)
	}
}

func TestNothingAllocates(t *testing.T) {
	cls, keys, batches := alone(t, 64)
	first, second := NewFirst(cls, 16, 1, 1), NewSecond(cls, 16, 2)
	var hits [packet.BatchSize]*dpcls.Flow
	var tokens Tokens
	flows := make([]*dpcls.Flow, packet.BatchSize)
	if a := testing.AllocsPerRun(50, func() {
		for j := range batches {
			first.Lookup(&batches[j], &hits, &tokens)
			clear(flows)
			second.Lookup(keys[j*packet.BatchSize:][:packet.BatchSize], flows)
			for i := range packet.BatchSize {
				first.Insert(&tokens, i, cls.Flow(uint32(i)))
				second.Insert(&keys[i], cls.Flow(uint32(i)))
			}
		}
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}
