package emc

import (
	"encoding/binary"
	"math/bits"
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
type Tokens [packet.BatchSize]token

type token struct {
	words  dpcls.Short
	hash   uint64
	places dpcls.Places // where in the bucket the tag was found
	ref    dpcls.Ref    // what is in the first of them
	family dpcls.Family // 0 for packets of no usual shape
	like   uint8        // 1 + the index of an earlier packet that looks the same under the union; 0 for none
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
// known here, and returns how many are not.
//
// It goes through the batch twice, first for short keys, hashes and buckets, then for the flows, so that
// the memory one packet waits for is fetched while others are worked on. Packets come in trains: one that looks
// like the one before under the union belongs to the same flow, and nothing need be looked up for it.
func (c *First) Lookup(b *packet.Batch, hits *[packet.BatchSize]*dpcls.Flow, t *Tokens) (missed int) {
	c.follow()
	c.read(b.Packets(), t)
	for i := range b.Packets() {
		i &= packet.BatchSize - 1
		t := &t[i]
		f := c.cls.At(t.ref)
		if t.like != 0 {
			f = hits[(t.like-1)&(packet.BatchSize-1)]
		} else if w := &t.words; f.Fits()&t.family&dpcls.IPv4 != 0 {
			if v, m := f.Short(dpcls.IPv4); (w[0]&m[0]^v[0])|(w[1]&m[1]^v[1])|(w[2]&m[2]^v[2])|(w[3]&m[3]^v[3])|(w[4]&m[4]^v[4])|(w[5]&m[5]^v[5]) != 0 {
				f = c.find(t)
			}
		} else {
			f = c.find(t)
		}
		hits[i] = f
		if f == nil {
			missed++
		}
	}
	return missed
}

// read fills the tokens of the packets. What runs straight down is IPv4 without a tag and with ports.
func (c *First) read(pkts []*packet.Packet, tokens *Tokens) {
	m, s := &c.under4, &c.secret
	last, like := &tokens[0], uint8(0) // the last packet that ran straight down and did not look like the one before, and 1 + its index
	for i, p := range pkts {
		t := &tokens[i&(packet.BatchSize-1)]
		mem, off, n := p.Mem(), p.Offset(), p.Len()
		if off+64 > len(mem) || n < least || p.Next != nil || !fresh(p) {
			c.readOdd(p, t)
			continue
		}
		h := (*[64]byte)(mem[off : off+64 : off+64])
		w1, w2, w3 := binary.LittleEndian.Uint64(h[0:]), binary.LittleEndian.Uint64(h[8:]), binary.LittleEndian.Uint64(h[16:])
		proto := &transports[w3>>56]
		flags := binary.LittleEndian.Uint16(h[46:]) & proto.flags
		total := uint32(bits.ReverseBytes16(uint16(w3)))
		length := proto.length(flags)
		if w2&(0xffffff<<32)^(0x45<<48|wireIPv4<<32)|w3&fragBits != 0 || total > uint32(n-ethLen) || total < ipLen+length || length < uint32(proto.least) {
			c.readOdd(p, t)
			continue
		}
		p.L3, p.L4 = ethLen, ethLen+ipLen
		w0, w4, w5 := dpcls.Pack(p.Port, 0, flags&dpcls.FlagBits), binary.LittleEndian.Uint64(h[24:]), binary.LittleEndian.Uint64(h[32:])
		t.family, t.like = dpcls.IPv4, like
		if v := &last.words; (w4^v[4])&m[4]|(w5^v[5])&m[5] == 0 && like != 0 && (w0^v[0])&m[0]|(w1^v[1])&m[1]|(w2^v[2])&m[2]|(w3^v[3])&m[3] == 0 {
			t.hash = last.hash
			continue
		}
		hash := fold(w0&m[0]^s[0], w1&m[1]^s[1]) + fold(w2&m[2]^s[2], w3&m[3]^s[3]) + fold(w4&m[4]^s[4], w5&m[5]^s[5])
		last, like = t, uint8(i+1)
		t.like, t.hash = 0, hash
		w := &t.words
		w[0], w[1], w[2], w[3], w[4], w[5] = w0, w1, w2, w3, w4, w5
		b := c.bucket(hash)
		t.places = b.Find(tagOf(hash))
		t.ref = b.At(t.places.First())
	}
}

// readOdd fills the token of a packet that does not run straight down through read.
func (c *First) readOdd(p *packet.Packet, t *token) {
	t.family, t.places, t.ref, t.like = shorten(p, &t.words), 0, 0, 0
	if t.family == 0 {
		return
	}
	w, m, s := &t.words, &c.under4, &c.secret
	if t.family == dpcls.IPv6 {
		m = &c.under6
	}
	t.hash = fold(w[0]&m[0]^s[0], w[1]&m[1]^s[1]) + fold(w[2]&m[2]^s[2], w[3]&m[3]^s[3]) + fold(w[4]&m[4]^s[4], w[5]&m[5]^s[5])
	if t.family == dpcls.IPv6 {
		t.hash += fold(w[6]&m[6]^s[6], w[7]&m[7]^s[7])
	}
	t.places = c.bucket(t.hash).Find(tagOf(t.hash))
}

// find returns the flow of the packet with token t, or nil.
func (c *First) find(t *token) *dpcls.Flow {
	b := c.bucket(t.hash)
	for at := t.places; at != 0; at = at.Rest() {
		f := c.cls.At(b.At(at.First()))
		if f.Fits()&t.family != 0 && same(f, t) {
			return f
		}
	}
	return nil
}

// Insert remembers that packets like the i-th of the last Lookup with t belong to f.
func (c *First) Insert(t *Tokens, i int, f *dpcls.Flow) {
	if t[i].family&f.Fits() != 0 {
		c.insert(t[i].hash, f)
	}
}

// follow takes over the union of masks if it has changed.
func (c *First) follow() {
	if m, id := c.cls.Union(); id != c.union {
		c.union = id
		c.under4, c.under6 = dpcls.ShortenMask(m)
	}
}

// same reports whether f, which fits the family of t, is the flow of the packet with that token.
func same(f *dpcls.Flow, t *token) bool {
	w := &t.words
	v, m := f.Short(t.family)
	differ := (w[0]&m[0] ^ v[0]) | (w[1]&m[1] ^ v[1]) | (w[2]&m[2] ^ v[2]) | (w[3]&m[3] ^ v[3]) | (w[4]&m[4] ^ v[4]) | (w[5]&m[5] ^ v[5])
	if t.family == dpcls.IPv6 {
		differ |= (w[6]&m[6] ^ v[6]) | (w[7]&m[7] ^ v[7])
	}
	return differ == 0
}
