package counter

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
)

func TestPortIsWholeCacheLines(t *testing.T) {
	if n := reflect.TypeFor[Port]().Size(); n%64 != 0 {
		t.Fatalf("Port has %d bytes, which is not a multiple of a cache line", n)
	}
}

func TestEveryDropHasAName(t *testing.T) {
	seen := map[string]bool{}
	for d := range NumDrops {
		if n := d.String(); n == "" || n == "unknown" || seen[n] {
			t.Errorf("drop %d has the name %q", d, n)
		} else {
			seen[n] = true
		}
	}
	if NumDrops.String() != "unknown" {
		t.Error("a reason out of range has a name")
	}
}

// The quantile of the histogram bounds that of the sorted values from above
// by less than a factor of two.
func TestQuantileAgainstSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var h Histogram
		values := make([]uint64, 1+r.IntN(500))
		for i := range values {
			values[i] = r.Uint64() >> (26 + r.IntN(38))
			h.Record(values[i])
		}
		slices.Sort(values)
		for _, q := range []float64{0.5, 0.9, 0.99, 1} {
			want := values[max(1, int(q*float64(len(values))))-1]
			if got := h.Quantile(q); got < want || got > 2*want {
				t.Fatalf("quantile %v of %d values: %d, sorted %d", q, len(values), got, want)
			}
		}
	}
	var empty Histogram
	if empty.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
}

func TestOneWriterManyReaders(t *testing.T) {
	var c Counter
	var wg sync.WaitGroup
	const n = 20000
	for range 3 {
		wg.Go(func() {
			for last := uint64(0); last < n; {
				v := c.Load()
				if v < last {
					t.Error("the counter ran backwards")
					return
				}
				last = v
			}
		})
	}
	for range n {
		c.Add(1)
	}
	wg.Wait()
}
