package dpcls

import (
	"math/bits"

	"pollux/flow"
)

// Subtable is the flows under one mask.
type Subtable struct {
	words  []word // the words the mask has, in the order of the key
	seed   uint64 // different in every subtable: they share a table
	filter []uint8
	flows  int
	hits   uint64 // keys found here since the classifier was made
	recent uint64 // the same, halved by every Rank
	first  uint32 // slot of one of the flows, 0 for none; they are linked

	short4, short6 Short // the mask in its short forms
	mask           flow.Mask
	index          int     // which of the classifier's subtables it is
	room           []uint8 // what filter may grow into
	space          [flow.DatapathWords]word
}

// word is one word of a mask.
type word struct {
	mask   uint64
	secret uint64
	at     int // which word of the key
}

// Filters are counters, one byte each, found by hash: 0 says that no flow of the subtable has the hash. They
// begin at a cache line and grow with the flows up to a page; past that, more and more keys pass. A counter that
// is full stays so.
const (
	filterMin = 64
	filterMax = 4096
)

// set makes s the empty subtable of mask m.
func (s *Subtable) set(m *flow.Mask, seed uint64, secrets *[flow.DatapathWords + 1]uint64) {
	s.words = s.space[:0]
	for i, bits := range m[:flow.DatapathWords] {
		if bits != 0 {
			s.words = append(s.words, word{bits, secrets[i], i})
		}
	}
	s.mask = flow.Mask{}
	copy(s.mask[:], m[:flow.DatapathWords])
	s.short4, s.short6 = ShortenMask(&s.mask)
	s.seed = seed
	s.flows, s.hits, s.recent, s.first = 0, 0, 0, 0
	clear(s.room)
	s.filter = s.room[:filterMin]
}

// hash hashes k under the mask of s. The words are multiplied in pairs, each
// made unguessable by a secret, and the products, folded to 64 bits, summed up: the multiplications do not wait for each other.
func (s *Subtable) hash(k *flow.Key) uint64 {
	h, ws := s.seed, s.words
	for ; len(ws) >= 2; ws = ws[2:] {
		h += fold(k[ws[0].at]&ws[0].mask^ws[0].secret, k[ws[1].at]&ws[1].mask^ws[1].secret)
	}
	if len(ws) == 1 {
		h += fold(k[ws[0].at]&ws[0].mask^ws[0].secret, s.seed|1)
	}
	return fold(h, mixer)
}

const mixer = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio

// fold multiplies to 128 bits and folds them.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// passes reports whether a flow with that hash may be in s.
func (s *Subtable) passes(hash uint64) bool {
	return s.filter[int(hash>>24)&(len(s.filter)-1)] != 0
}

func (s *Subtable) filterAdd(hash uint64) {
	if c := &s.filter[int(hash>>24)&(len(s.filter)-1)]; *c != 0xff {
		*c++
	}
}

func (s *Subtable) filterRemove(hash uint64) {
	if c := &s.filter[int(hash>>24)&(len(s.filter)-1)]; *c != 0xff {
		*c--
	}
}

// Hits is the number of keys found here since the classifier was made; caches answer most.
func (s *Subtable) Hits() uint64 { return s.hits }

// Flows is the number of flows.
func (s *Subtable) Flows() int { return s.flows }

// Mask is the mask; valid while there are flows.
func (s *Subtable) Mask() *flow.Mask { return &s.mask }
