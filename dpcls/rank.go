package dpcls

import (
	"slices"

	"pollux/flow"
)

// narrowAfter is how many Ranks in a row must find the union of the masks wider than need be
// before it is made narrower: the caches start afresh then, so a mask that comes and goes must not move it.
const narrowAfter = 10

// Rank sorts the subtables by how often keys were found in them lately, and makes the union
// of masks narrower once what widened it is long gone. To be called now and then, a second apart or so.
func (c *Classifier) Rank() {
	// Nearly sorted already, so insertion sort.
	for i, s := range c.order {
		j := i
		for ; j > 0 && c.order[j-1].recent < s.recent; j-- {
			c.order[j] = c.order[j-1]
		}
		c.order[j] = s
	}
	var union flow.Mask
	for _, s := range c.order {
		s.recent /= 2
		union.Or(&s.mask)
	}
	if union == c.union {
		c.spare = 0
	} else if c.spare++; c.spare >= narrowAfter {
		c.union, c.spare = union, 0
		c.unionID++
	}
}

// Union is a mask that covers the masks of all flows, and a number that changes with it. It is valid until the next call of Put or Rank.
func (c *Classifier) Union() (*flow.Mask, uint32) { return &c.union, c.unionID }

// Subtables are the masks in use, the most often hit first; valid until the next call of Put, Remove or Rank.
func (c *Classifier) Subtables() []*Subtable { return c.order }

// subtable returns the subtable of a mask, nil if there is none.
func (c *Classifier) subtable(m *flow.Mask) *Subtable {
	for _, s := range c.order {
		if [flow.DatapathWords]uint64(s.mask[:]) == [flow.DatapathWords]uint64(m[:]) {
			return s
		}
	}
	return nil
}

// newSubtable makes the subtable of a mask, nil if there are too many.
func (c *Classifier) newSubtable(m *flow.Mask) *Subtable {
	n := len(c.free) - 1
	if n < 0 {
		return nil
	}
	s := c.free[n]
	c.free = c.free[:n]
	s.set(m, c.rand.Uint64(), &c.secrets)
	c.order = append(c.order, s)
	if !c.union.Covers(&s.mask) {
		c.union.Or(&s.mask)
		c.unionID++
	}
	return s
}

// dropSubtable gives the place of an empty subtable back.
func (c *Classifier) dropSubtable(s *Subtable) {
	i := slices.Index(c.order, s)
	c.order = slices.Delete(c.order, i, i+1)
	c.free = append(c.free, s)
}
