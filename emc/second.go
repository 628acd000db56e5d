package emc

import (
	"math/rand/v2"

	"pollux/dpcls"
	"pollux/flow"
)

// Second is the second cache, asked with the keys of packets that the first does not know.
type Second struct {
	cache
	words  []word // of the union of masks
	space  [flow.DatapathWords]word
	secret [flow.DatapathWords + 1]uint64
}

// word is one word of the union: which, and under what.
type word struct {
	mask, secret uint64
	at           int
}

// NewSecond makes a second cache of at least entries places, 8 bytes each, for the flows of cls. A new
// entry always finds a place.
func NewSecond(cls *dpcls.Classifier, entries int, seed uint64) *Second {
	c := &Second{cache: newCache(cls, entries, seed, 1)}
	r := rand.NewPCG(seed, 2)
	for i := range c.secret {
		c.secret[i] = r.Uint64()
	}
	return c
}

// Lookup sets flows[i], where it is nil, to the flow of keys[i] if that is known here, and returns how many stayed nil. flows
// is as long as keys, up to packet.BatchSize.
func (c *Second) Lookup(keys []flow.Key, flows []*dpcls.Flow) (missed int) {
	c.follow()
	for i := range keys {
		if flows[i] == nil {
			if flows[i] = c.find(&keys[i]); flows[i] == nil {
				missed++
			}
		}
	}
	return missed
}

// Insert remembers that k belongs to f.
func (c *Second) Insert(k *flow.Key, f *dpcls.Flow) {
	c.follow()
	c.insert(c.hash(k), f)
}

// follow takes over the union of masks if it has changed.
func (c *Second) follow() {
	m, id := c.cls.Union()
	if id == c.union {
		return
	}
	c.union = id
	c.words = c.space[:0]
	for i, bits := range m[:flow.DatapathWords] {
		if bits != 0 {
			c.words = append(c.words, word{bits, c.secret[i], i})
		}
	}
}

// hash hashes k under the union, its words multiplied in pairs.
func (c *Second) hash(k *flow.Key) uint64 {
	last := c.secret[flow.DatapathWords]
	h, ws := last, c.words
	for ; len(ws) >= 2; ws = ws[2:] {
		h += fold(k[ws[0].at]&ws[0].mask^ws[0].secret, k[ws[1].at]&ws[1].mask^ws[1].secret)
	}
	if len(ws) == 1 {
		h += fold(k[ws[0].at]&ws[0].mask^ws[0].secret, last)
	}
	return h
}

func (c *Second) find(k *flow.Key) *dpcls.Flow {
	hash := c.hash(k)
	b := c.bucket(hash)
	for at := b.Find(tagOf(hash)); at != 0; at = at.Rest() {
		if f := c.cls.At(b.At(at.First())); c.cls.Matches(f, k) {
			return f
		}
	}
	return nil
}
