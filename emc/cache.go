package emc

import (
	"fmt"
	"math/bits"

	"pollux/dpcls"
)

// cache is what both caches are: buckets, and when a place in one may be taken.
type cache struct {
	cls     *dpcls.Classifier
	buckets []dpcls.Bucket
	union   uint32 // the number of the union of masks that is hashed under; buckets with another Note are empty
	rand    uint64 // state of the generator that chooses who must go
	rarely  uint32 // a live entry is displaced once in that many tries
}

// newCache makes a cache of at least entries places in a power of two of buckets.
func newCache(cls *dpcls.Classifier, entries int, seed uint64, inverseProbability int) cache {
	if entries < 1 || inverseProbability < 0 {
		panic(fmt.Sprintf("make cache: %d entries, inverse probability %d", entries, inverseProbability))
	}
	n := 1
	for n*dpcls.BucketPlaces < entries {
		n *= 2
	}
	return cache{cls: cls, buckets: make([]dpcls.Bucket, n), rand: seed | 1, rarely: uint32(inverseProbability)}
}

func (c *cache) bucket(hash uint64) *dpcls.Bucket { return &c.buckets[int(hash)&(len(c.buckets)-1)] }

func tagOf(hash uint64) uint16 { return uint16(hash >> 48) }

// insert remembers that hash leads to f. A bucket of before the last change of the union is empty; else a place that has
// the same tag, is free or whose flow is dead is taken; else one is made free by chance.
func (c *cache) insert(hash uint64, f *dpcls.Flow) {
	b := c.bucket(hash)
	if b.Note != c.union {
		*b = dpcls.Bucket{Note: c.union}
	}
	place := c.place(b, tagOf(hash))
	if place < 0 {
		x := c.random()
		if c.rarely == 0 || uint32(x>>32)%c.rarely != 0 {
			return
		}
		place = int(x % dpcls.BucketPlaces)
	}
	b.Set(place, tagOf(hash), dpcls.RefOf(f))
}

// place returns a place in b that may be taken without loss, or -1. Of two entries with one tag
// the older is most often stale.
func (c *cache) place(b *dpcls.Bucket, tag uint16) int {
	if at := b.Find(tag); at != 0 {
		if place := at.First(); b.Tag(place) == tag {
			return place
		}
	}
	for i := range dpcls.BucketPlaces {
		if !c.cls.At(b.At(i)).Alive() {
			return i
		}
	}
	return -1
}

// random is xorshift64*: enough to choose who must go.
func (c *cache) random() uint64 {
	c.rand ^= c.rand >> 12
	c.rand ^= c.rand << 25
	c.rand ^= c.rand >> 27
	return c.rand * 0x2545f4914f6cdd1d
}

// fold multiplies to 128 bits and folds them.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
