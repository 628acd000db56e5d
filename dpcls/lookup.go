package dpcls

import "pollux/flow"

// Lookup finds the flows of up to packet.BatchSize keys: where flows[i] is nil it becomes the
// flow of keys[i], and stays nil if there is none. It returns how many stayed nil. flows is as long as keys.
//
// It goes subtable by subtable with all keys that are left, so that a mask is
// read once for many keys and the memory that one key waits for is fetched
// while the next is hashed.
func (c *Classifier) Lookup(keys []flow.Key, flows []*Flow) (missed int) {
	n := 0
	for i := range keys {
		if flows[i] == nil {
			c.left[n] = uint8(i)
			n++
		}
	}
	for _, s := range c.order {
		if n == 0 {
			return 0
		}
		c.probed += uint64(n)
		if passed := c.filter(s, keys, n); passed > 0 {
			n = c.probe(s, keys, flows, passed, n)
		}
	}
	return n
}

// filter hashes the n keys left under the mask of s and notes those that may be in it.
func (c *Classifier) filter(s *Subtable, keys []flow.Key, n int) (passed int) {
	for _, i := range c.left[:n] {
		hash := s.hash(&keys[i])
		c.pass[passed] = candidate{hash, int(i)}
		if s.passes(hash) {
			passed++
		}
	}
	return passed
}

// probe looks the keys that passed up and takes those found off the keys left, of which it returns the number.
func (c *Classifier) probe(s *Subtable, keys []flow.Key, flows []*Flow, passed, n int) int {
	found := 0
	for _, p := range c.pass[:passed] {
		if f := c.find(s, &keys[p.key], p.hash); f != nil {
			flows[p.key] = f
			found++
		}
	}
	if found == 0 {
		return n
	}
	s.hits += uint64(found)
	s.recent += uint64(found)
	left := 0
	for _, i := range c.left[:n] {
		if flows[i] == nil {
			c.left[left] = i
			left++
		}
	}
	return left
}

// find returns the flow of key in s, whose hash under the mask of s is given, or nil.
func (c *Classifier) find(s *Subtable, key *flow.Key, hash uint64) *Flow {
	for i := 0; ; i++ {
		b := c.table.bucket(hash, i)
		for at := b.Find(tagOf(hash)); at != 0; at = at.Rest() {
			if f := &c.flows[b.At(at.First())]; f.sub == s && c.matches(f, key) {
				return f
			}
		}
		if b.Note == 0 {
			return nil
		}
	}
}
