package emc

import (
	"math/rand/v2"

	"pollux/dpcls"
	"pollux/packet"
)

// First is the first cache, asked for every packet that comes in by a port.
type First struct {
	cache
	under4, under6 dpcls.Short // the union of masks in its short forms
	secret         dpcls.Short
}

// Tokens keep what Lookup computed of the packets of a batch, so that Insert need not compute it again. They
// are good until the next Lookup with them.
type Tokens struct {
	words  [packet.BatchSize]dpcls.Short
	family [packet.BatchSize]dpcls.Family // 0 for packets of no usual shape
	hash   [packet.BatchSize]uint64
}

// NewFirst makes a first cache of at least entries places, 8 bytes each, for the flows of cls. When
// all places for an entry are taken, one of them is given up once in inverseProbability tries; never if that is 0.
func NewFirst(cls *dpcls.Classifier, entries int, seed uint64, inverseProbability int) *First {
	c := &First{cache: newCache(cls, entries, seed, inverseProbability)}
	r := rand.NewPCG(seed, 1)
	for i := range c.secret {
		c.secret[i] = r.Uint64()
	}
	return c
}

// Lookup sets hits[i] to the flow of the i-th packet, or to nil if it is not
// known here, and returns how many are not. All packets come fresh from a port.
func (c *First) Lookup(b *packet.Batch, hits *[packet.BatchSize]*dpcls.Flow, t *Tokens) (missed int) {
	c.follow()
	pkts := b.Packets()
	for i, p := range pkts {
		i &= packet.BatchSize - 1
		w := &t.words[i]
		t.family[i] = shorten(p, w)
		if t.family[i] == dpcls.IPv4 {
			t.hash[i] = c.hash4(w)
		} else if t.family[i] == dpcls.IPv6 {
			t.hash[i] = c.hash6(w)
		}
	}
	for i := range pkts {
		i &= packet.BatchSize - 1
		f := c.find(t.hash[i], &t.words[i], t.family[i])
		hits[i] = f
		if f == nil {
			missed++
		}
	}
	return missed
}

// Insert remembers that packets like the i-th of the last Lookup with t belong to f.
func (c *First) Insert(t *Tokens, i int, f *dpcls.Flow) {
	if t.family[i]&f.Fits() != 0 {
		c.insert(t.hash[i], f)
	}
}

// follow takes over the union of masks if it has changed.
func (c *First) follow() {
	if m, id := c.cls.Union(); id != c.union {
		c.union = id
		c.under4, c.under6 = dpcls.ShortenMask(m)
	}
}

func (c *First) hash4(w *dpcls.Short) uint64 {
	m, s := &c.under4, &c.secret
	return fold(w[0]&m[0]^s[0], w[1]&m[1]^s[1]) +
		fold(w[2]&m[2]^s[2], w[3]&m[3]^s[3]) +
		fold(w[4]&m[4]^s[4], s[5])
}

func (c *First) hash6(w *dpcls.Short) uint64 {
	m, s := &c.under6, &c.secret
	return fold(w[0]&m[0]^s[0], w[1]&m[1]^s[1]) +
		fold(w[2]&m[2]^s[2], w[3]&m[3]^s[3]) +
		fold(w[4]&m[4]^s[4], w[5]&m[5]^s[5]) +
		fold(w[6]&m[6]^s[6], w[7]&m[7]^s[7])
}

// find returns the flow of the packet with the short key w, or nil.
func (c *First) find(hash uint64, w *dpcls.Short, family dpcls.Family) *dpcls.Flow {
	b := c.bucket(hash)
	for at := b.Find(tagOf(hash)); at != 0; {
		var place int
		place, at = at.Next()
		f := c.cls.At(b.At(place))
		if family == dpcls.IPv4 && f.Fits4(w) || family == dpcls.IPv6 && f.Fits6(w) {
			return f
		}
	}
	return nil
}
