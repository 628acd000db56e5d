package flow

import (
	"math/rand/v2"
	"testing"
)

// A prerequisite says the same of a packet as of a match on exactly that packet, and looks at no bit that AddTo does not name.
func TestPrerequisitesOfPackets(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 8))
	t.Logf("seed %d", seed)
	var all Mask
	for i := range all {
		all[i] = ^uint64(0)
	}
	held := [NeedCt + 1]int{}
	for range 5000 {
		k := randomKey(r)
		k[WordCt] = r.Uint64()
		if r.IntN(3) > 0 {
			put(&k, FieldICMPCode, 0)
		}
		for p := range NeedCt + 1 {
			holds := p.Holds(&k)
			if m := (Match{k, all}); m.Meets(p) != holds {
				t.Fatalf("%s holds for the packet: %v, for the match: %v\n%s", prereqWords[p], holds, !holds, m.String())
			}
			if holds {
				held[p]++
			}
			var looked Mask
			p.AddTo(&looked)
			other := k
			for i := WordEthDst; i < Words; i++ {
				other[i] ^= r.Uint64() &^ looked[i]
			}
			if p.Holds(&other) != holds {
				t.Fatalf("%s looks at more than AddTo says", prereqWords[p])
			}
		}
	}
	for p, n := range held {
		if n == 0 {
			t.Errorf("no packet was %s", prereqWords[p])
		}
	}
}
