package flow

import "math/bits"

// The multipliers of the hash: odd numbers with their bits well spread
// (those of wyhash). They are part of no format.
const (
	hashMul  = 0xa0761d6478bd642f
	hashMul2 = 0xe7037ed1a0b428db
)

// Hash hashes the bits of k that m selects, with a seed chosen at start.
// Words that m does not touch cost a load and a compare. It never allocates.
func Hash(k *Key, m *Mask, seed uint64) uint64 {
	h := seed ^ hashMul
	for i := 0; i < Words-Words%4; i += 4 { // most masks touch few words, so four are passed over at a time
		if w := m[i : i+4 : i+4]; w[0]|w[1]|w[2]|w[3] == 0 {
			continue
		}
		for j := i; j < i+4; j++ {
			h = hashWord(h, k, m, j)
		}
	}
	for j := Words - Words%4; j < Words; j++ {
		h = hashWord(h, k, m, j)
	}
	return h
}

func hashWord(h uint64, k *Key, m *Mask, i int) uint64 {
	if m[i] == 0 {
		return h
	}
	return mix(h^k[i]&m[i], hashMul2^uint64(i))
}

// HashWords is Hash of a part of a key that matters whole: an exact-match cache's.
func HashWords(words []uint64, seed uint64) uint64 {
	h := seed ^ hashMul
	for _, w := range words {
		h = mix(h^w, hashMul2)
	}
	return h
}

// mix multiplies to 128 bits and folds the halves: every bit of a and b touches every bit of the result.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
