package table

import (
	"math/bits"

	"pollux/flow"
)

// A prefix trie holds which prefixes of one address field the rules of the table use. Before a
// subtable that wants, say, a /24 of nw_dst is searched, the trie tells whether any
// rule at all has the /24 of this packet, and how many leading bits of the
// address are needed to know it. A packet to 192.168.0.1 in a table full of rules for
// 10.0.0.0/8 and below then costs its flow one bit of nw_dst instead of 24.
//
// It is a path-compressed binary trie of addresses of 128 bits (IPv4 in the
// upper 32), changed by copying the path unless the Edit owns it already.

// The tries, one per field.
const (
	trieSrc = iota
	trieDst
	trieSrc6
	trieDst6
	numTries
)

type prefixNode struct {
	edit   uint64 // the Edit that may change the node in place
	hi, lo uint64 // the prefix; no bit behind plen is set
	kids   [2]*prefixNode
	rules  uint32 // rules with exactly this prefix
	plen   uint8
}

// trieAddr returns the address of trie i, as 128 bits with the first bit on top.
func trieAddr(i int, k *[flow.Words]uint64) (hi, lo uint64) {
	switch i {
	case trieSrc:
		return k[flow.WordIP] >> 32 << 32, 0
	case trieDst:
		return k[flow.WordIP] << 32, 0
	case trieSrc6:
		return k[flow.WordIP6SrcHi], k[flow.WordIP6SrcLo]
	}
	return k[flow.WordIP6DstHi], k[flow.WordIP6DstLo]
}

// triePlen returns the prefix length of mask m in the field of trie i, 0 if it is no prefix.
func triePlen(i int, m *flow.Mask) uint8 {
	hi, lo := trieAddr(i, (*[flow.Words]uint64)(m))
	n := bits.LeadingZeros64(^hi)
	if n == 64 {
		n += bits.LeadingZeros64(^lo)
	}
	if cutHi, cutLo := cut(^uint64(0), ^uint64(0), n); cutHi != hi || cutLo != lo {
		return 0
	}
	return uint8(n)
}

// seePrefix adds the first n bits of the field of trie i to seen.
func seePrefix(i, n int, seen *flow.Mask) {
	hi, lo := cut(^uint64(0), ^uint64(0), n)
	switch i {
	case trieSrc:
		seen[flow.WordIP] |= hi
	case trieDst:
		seen[flow.WordIP] |= hi >> 32
	case trieSrc6:
		seen[flow.WordIP6SrcHi] |= hi
		seen[flow.WordIP6SrcLo] |= lo
	case trieDst6:
		seen[flow.WordIP6DstHi] |= hi
		seen[flow.WordIP6DstLo] |= lo
	}
}

// cut keeps the first n bits.
func cut(hi, lo uint64, n int) (uint64, uint64) {
	if n <= 64 {
		return hi &^ (^uint64(0) >> n), 0
	}
	return hi, lo &^ (^uint64(0) >> (n - 64))
}

// bitAt returns bit n, counted from the top.
func bitAt(hi, lo uint64, n uint8) int {
	if n < 64 {
		return int(hi >> (63 - n) & 1)
	}
	return int(lo >> (127 - n) & 1)
}

// commonBits returns how many leading bits are equal.
func commonBits(hi1, lo1, hi2, lo2 uint64) int {
	if n := bits.LeadingZeros64(hi1 ^ hi2); n < 64 {
		return n
	}
	return 64 + bits.LeadingZeros64(lo1^lo2)
}

// add counts one rule more (delta 1) or less (-1) with the prefix.
func (n *prefixNode) add(edit, hi, lo uint64, plen uint8, delta int) *prefixNode {
	if n == nil {
		return &prefixNode{edit: edit, hi: hi, lo: lo, plen: plen, rules: 1}
	}
	same := min(commonBits(n.hi, n.lo, hi, lo), int(n.plen), int(plen))
	if same < int(n.plen) { // the prefix leaves n's on the way, or ends there
		fork := &prefixNode{edit: edit, plen: uint8(same)}
		fork.hi, fork.lo = cut(hi, lo, same)
		fork.kids[bitAt(n.hi, n.lo, uint8(same))] = n
		return fork.add(edit, hi, lo, plen, delta)
	}
	if n.edit != edit {
		c := *n
		c.edit = edit
		n = &c
	}
	if plen == n.plen {
		n.rules = uint32(int(n.rules) + delta)
	} else {
		b := bitAt(hi, lo, n.plen)
		n.kids[b] = n.kids[b].add(edit, hi, lo, plen, delta)
	}
	switch {
	case n.rules > 0 || (n.kids[0] != nil && n.kids[1] != nil):
		return n
	case n.kids[0] != nil:
		return n.kids[0]
	}
	return n.kids[1]
}

// prefixes is what one lookup learns from the tries, each asked at most once.
type prefixes struct {
	roots *[numTries]*prefixNode
	asked [numTries]bool
	bits  [numTries]uint8     // leading bits that tell which prefixes match
	match [numTries][3]uint64 // lengths of matching prefixes, as a bit set
}

// ruleOut reports whether no rule of the table has the prefix that shape s wants, and if so adds the bits that tell it to seen.
func (p *prefixes) ruleOut(s *shape, k *flow.Key, seen *flow.Mask) bool {
	for i, plen := range s.plens {
		if plen == 0 {
			continue
		}
		if !p.asked[i] {
			p.ask(i, k)
		}
		if p.match[i][plen/64]>>(plen%64)&1 == 0 {
			seePrefix(i, int(min(plen, p.bits[i])), seen)
			return true
		}
	}
	return false
}

func (p *prefixes) ask(i int, k *flow.Key) {
	p.asked[i] = true
	hi, lo := trieAddr(i, (*[flow.Words]uint64)(k))
	for n := p.roots[i]; n != nil; {
		if same := commonBits(n.hi, n.lo, hi, lo); same < int(n.plen) {
			p.bits[i] = uint8(same + 1)
			return
		}
		if n.rules > 0 {
			p.match[i][n.plen/64] |= 1 << (n.plen % 64)
		}
		if n.kids[0] == nil && n.kids[1] == nil {
			p.bits[i] = n.plen
			return
		}
		p.bits[i] = n.plen + 1
		n = n.kids[bitAt(hi, lo, n.plen)]
	}
}
