package dpcls

// table is the one hash table of a classifier, open addressing by buckets. The hash of
// an entry depends on its subtable, so that flows of all masks share it. It
// is made for MaxFlows entries at two to four a bucket and never grows.
//
// An entry whose bucket is full goes to the next one that has room, and every bucket
// it passed counts it in its Note. So a search ends at the first bucket that
// nobody went past, and removing needs no tombstones.
type table struct{ buckets []Bucket }

const flowsPerBucket = 4

func newTable(flows int) table {
	n := 1
	for n*flowsPerBucket < flows {
		n *= 2
	}
	return table{make([]Bucket, n)}
}

func tagOf(hash uint64) uint16 { return uint16(hash >> 48) }

// bucket returns the i-th bucket to look at for hash.
func (t *table) bucket(hash uint64, i int) *Bucket {
	return &t.buckets[(int(hash)+i)&(len(t.buckets)-1)]
}

// insert adds an entry; the caller has made sure that there is room.
func (t *table) insert(hash uint64, r Ref) {
	for i := 0; ; i++ {
		b := t.bucket(hash, i)
		if place := b.Free(); place >= 0 {
			b.Set(place, tagOf(hash), r)
			return
		}
		b.Note++
	}
}

// remove takes out an entry that is there.
func (t *table) remove(hash uint64, r Ref) {
	for i := 0; ; i++ {
		b := t.bucket(hash, i)
		for place, at := range b.refs {
			if at == r {
				b.Set(place, 0, 0)
				return
			}
		}
		b.Note--
	}
}
