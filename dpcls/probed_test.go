package dpcls

import (
	"testing"

	"pollux/action"
	"pollux/counter"
	"pollux/flow"
)

func TestProbedCountsSubtablesPerKey(t *testing.T) {
	c := New(Config{MaxMasks: 4, MaxFlows: 4, Seed: 1})
	for id := range uint32(3) { // flow id looks at word id alone, where it wants id+1
		var key flow.Key
		var mask flow.Mask
		key[id], mask[id] = uint64(id+1), ^uint64(0)
		if _, err := c.Put(id, &key, &mask, action.List{}, new(counter.Flow)); err != nil {
			t.Fatal(err)
		}
	}
	keys := []flow.Key{{0: 1}, {1: 2}, {2: 3}, {0: 9}} // found in the first, second and third subtable, and not at all
	flows := make([]*Flow, len(keys))
	if c.Lookup(keys, flows) != 1 || c.Probed() != 1+2+3+3 {
		t.Errorf("%d subtables were asked, not 9", c.Probed())
	}
	if c.Lookup(keys[:3], flows[:3]); c.Probed() != 9 {
		t.Error("keys whose flow is known are counted")
	}
}
