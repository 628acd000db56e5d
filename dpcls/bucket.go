package dpcls

import "math/bits"

// Bucket is one cache line of a hash table: eight places, each a tag of 16 bits
// and a reference to a flow. The tags of four places are compared at once, in an ordinary
// 64-bit word. A tag that agrees is a hint and no more: who looks up compares with the flow
// itself. Free places have reference 0, which stands for a flow that is always dead, so that nobody
// need ask whether a place is free.
//
// The classifier's table and both caches are made of buckets.
type Bucket struct {
	tags [2]uint64
	refs [BucketPlaces]Ref
	// Note is the owner's: how many entries went past a full bucket, or since when it is in use.
	Note uint32
	_    [12]byte
}

// BucketPlaces is the number of places in a bucket.
const BucketPlaces = 8

// Ref refers to a flow of one classifier: its id plus 1, or 0 for none.
type Ref uint32

const (
	ones  = 0x0001_0001_0001_0001
	highs = 0x8000_8000_8000_8000
)

// Places is a set of places of a bucket; the zero value is empty.
type Places uint64

// Find returns the places whose tag is tag, and now and then one more.
func (b *Bucket) Find(tag uint16) Places {
	t := uint64(tag) * ones
	x, y := b.tags[0]^t, b.tags[1]^t
	// A lane that is 0 borrows, which sets its highest bit; it may make the lane above look so too.
	return Places((x-ones)&^x&highs>>1 | (y-ones)&^y&highs)
}

// First is the first place of a set that is not empty.
func (p Places) First() int {
	n := bits.TrailingZeros64(uint64(p)) // 16*lane + 14 in the first word of tags, + 15 in the second
	return n>>4 + n&1*4
}

// Rest is the set without its first place.
func (p Places) Rest() Places { return p & (p - 1) }

// Tag returns the tag in a place.
func (b *Bucket) Tag(place int) uint16 { return uint16(b.tags[place>>2&1] >> (uint(place) & 3 * 16)) }

// At returns the reference in a place.
func (b *Bucket) At(place int) Ref { return b.refs[place&(BucketPlaces-1)] }

// Set puts a reference into a place; 0 frees it.
func (b *Bucket) Set(place int, tag uint16, r Ref) {
	shift := uint(place) & 3 * 16
	w := &b.tags[place>>2&1]
	*w = *w&^(0xffff<<shift) | uint64(tag)<<shift
	b.refs[place&(BucketPlaces-1)] = r
}

// Free returns a free place, or -1.
func (b *Bucket) Free() int {
	for i, r := range b.refs {
		if r == 0 {
			return i
		}
	}
	return -1
}
