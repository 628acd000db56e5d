package pmd

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pollux/action"
)

// Lists kept side by side keep their words, and what is released can be used again.
func TestListsAgainstMap(t *testing.T) {
	const flows = 64
	r := rand.New(rand.NewPCG(4, 2))
	a := newLists(flows)
	kept, want := map[uint32]action.List{}, map[uint32]action.List{}
	refused := 0
	for range 20000 {
		id := uint32(r.IntN(flows))
		if l, ok := kept[id]; ok {
			if !slices.Equal(l, want[id]) {
				t.Fatalf("list of flow %d changed", id)
			}
			a.release(id, l)
			delete(kept, id)
			continue
		}
		l := make(action.List, r.IntN(1<<r.IntN(7)))
		for i := range l {
			l[i] = r.Uint64()
		}
		got, ok := a.keep(id, l)
		if !ok {
			refused++
			continue
		}
		kept[id], want[id] = got, l
	}
	if a.used > len(a.slab) {
		t.Fatalf("%d words used of %d", a.used, len(a.slab))
	}
	if refused == 20000 {
		t.Fatal("nothing was ever kept")
	}
}
