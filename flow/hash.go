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
	for i, w := range m {
		if w != 0 {
			h = mix(h^k[i]&w, hashMul2^uint64(i))
		}
	}
	return h
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
