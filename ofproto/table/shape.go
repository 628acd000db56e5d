package table

import (
	"math/bits"
	"math/rand/v2"

	"pollux/flow"
)

// A shape is a mask written sparsely: only the words that have bits, cut
// into the stages of the search. All rules of a subtable share one shape and store
// their values beside it term by term, so that a rule that looks at
// three fields takes three words and not the 162 of a key and a mask.

// The stages. What is in front is known of many packets at once, what is behind tells single connections apart.
const (
	stageMetadata = iota
	stageLink
	stageNetwork
	stageTransport
	numStages
)

// term is one masked word of one stage. A word whose fields belong to two stages gives two terms.
type term struct {
	mask uint64
	word uint8
}

type shape struct {
	terms []term
	ends  []uint8 // ends[i] is the index after the last term of the i-th stage; stages without terms are left out

	// netStage is the index in ends of the stage that holds the addresses, -1 for none.
	netStage int8
	// plens are the prefix lengths under which the addresses are matched, by trie; 0 where the mask is no prefix.
	plens [numTries]uint8
}

// Fields that lie in one word with fields of another stage.
const (
	tcpFlagsBits = 0xffff
	tpPortBits   = 0xffffffff
	labelBits    = 0xffffffff // ipv6_label, beside the third MPLS label
)

// stageBits returns the bits of word w that belong to stage s.
func stageBits(s, w int) uint64 {
	share := func(stage int, mask uint64) uint64 {
		if s == stage {
			return mask
		}
		return 0
	}
	switch {
	case w < flow.WordEthDst || w >= flow.DatapathWords:
		return share(stageMetadata, ^uint64(0))
	case w == flow.WordEthSrc:
		return share(stageLink, ^uint64(tcpFlagsBits)) | share(stageTransport, tcpFlagsBits)
	case w == flow.WordMPLS2:
		return share(stageLink, ^uint64(labelBits)) | share(stageNetwork, labelBits)
	case w <= flow.WordMPLS:
		return share(stageLink, ^uint64(0))
	case w == flow.WordIPProto:
		return share(stageNetwork, ^uint64(tpPortBits)) | share(stageTransport, tpPortBits)
	case w == flow.WordNDTargetHi, w == flow.WordNDTargetLo, w == flow.WordND:
		return share(stageTransport, ^uint64(0))
	}
	return share(stageNetwork, ^uint64(0))
}

// newShape writes m sparsely.
func newShape(m *flow.Mask) *shape {
	s := &shape{netStage: -1}
	for stage := range numStages {
		before := len(s.terms)
		for w, mask := range m {
			if mask == 0 {
				continue
			}
			if mask &= stageBits(stage, w); mask != 0 {
				s.terms = append(s.terms, term{mask: mask, word: uint8(w)})
			}
		}
		if len(s.terms) == before {
			continue
		}
		s.ends = append(s.ends, uint8(len(s.terms)))
		if stage == stageNetwork {
			s.netStage = int8(len(s.ends) - 1)
		}
	}
	for i := range s.plens {
		s.plens[i] = triePlen(i, m)
	}
	return s
}

// appendID appends bytes that two shapes share only if they are equal.
func (s *shape) appendID(b []byte) []byte {
	for _, t := range s.terms {
		b = append(b, t.word)
		for i := 0; i < 64; i += 8 {
			b = append(b, byte(t.mask>>i))
		}
	}
	return b
}

// start is the index of the first term of stage i.
func (s *shape) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(s.ends[i-1])
}

// values picks the words of k that the shape looks at.
func (s *shape) values(k *flow.Key) []uint64 {
	v := make([]uint64, len(s.terms))
	for i, t := range s.terms {
		v[i] = k[t.word] & t.mask
	}
	return v
}

// see adds to seen the bits of the first n stages.
func (s *shape) see(n int, seen *flow.Mask) {
	for _, t := range s.terms[:s.start(n)] {
		seen[t.word] |= t.mask
	}
}

// compare returns the first stage in which k has not these values, len(s.ends) when it has them all.
func (s *shape) compare(k *flow.Key, values []uint64) int {
	for i, t := range s.terms {
		if k[t.word]&t.mask != values[i] {
			stage := 0
			for int(s.ends[stage]) <= i {
				stage++
			}
			return stage
		}
	}
	return len(s.ends)
}

// Hashes are seeded once per process: nobody outside can aim at one slot of a tree.
var seeds = [2]uint64{rand.Uint64() | 1, rand.Uint64() | 1}

func fold(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^v, seeds[1])
	return hi ^ lo
}

// hashKey is the hash of what stage i looks at in k.
func (s *shape) hashKey(k *flow.Key, i int) uint64 {
	h := seeds[0]
	for _, t := range s.terms[s.start(i):s.ends[i]] {
		h = fold(h, k[t.word]&t.mask)
	}
	return h
}

// hashValues is the same hash of a rule's values.
func (s *shape) hashValues(values []uint64, i int) uint64 {
	h := seeds[0]
	for _, v := range values[s.start(i):s.ends[i]] {
		h = fold(h, v)
	}
	return h
}

// match writes the values back into a key and a mask.
func (s *shape) match(values []uint64, k *flow.Key, m *flow.Mask) {
	for i, t := range s.terms {
		k[t.word] |= values[i]
		m[t.word] |= t.mask
	}
}

// within reports whether every bit of m is looked at by s: a rule of this shape can be at least as specific as a match with mask m.
func (s *shape) within(m *flow.Mask) bool {
	var have flow.Mask
	s.see(len(s.ends), &have)
	return have.Covers(m)
}
