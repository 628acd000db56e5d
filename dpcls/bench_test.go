package dpcls

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pollux/counter"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/packet"
)

// spread makes a classifier with flows spread over masks, and a key for each in random order. The masks are
// those of rules on address prefixes and ports: six words.
func spread(masks, flows int) (*Classifier, []flow.Key) {
	r := rand.New(rand.NewPCG(1, 2))
	c := New(Config{MaxMasks: masks, MaxFlows: flows, Seed: 3})
	stats := make([]counter.Flow, flows)
	keys := make([]flow.Key, flows)
	for i := range keys {
		k := &keys[i]
		k[flow.WordPort] = 1 << 32
		k[flow.WordEthDst], k[flow.WordEthSrc] = 0x0200_0000_0002_0800, 0x0200_0000_0001_0000
		k[flow.WordIP] = (0x0a000001+uint64(i>>8))<<32 | 0x14000001 + uint64(i)
		k[flow.WordIPProto] = 17<<56 | 64<<40 | uint64(1024+i%60000)<<16 | 80
		var m flow.Mask
		m[flow.WordPort], m[flow.WordCtProto], m[flow.WordVLAN] = ^uint64(0), lower, 0xffffffff<<32
		m[flow.WordEthDst] = 0xffff
		n := i % masks
		m[flow.WordIP] = ^uint64(0)<<(63-n%16) | 0xffffffff
		m[flow.WordIPProto] = 0xff<<56 | 3<<32 | 0xffff<<(n/16)&0xffff
		if _, err := c.Put(uint32(i), k, &m, nil, &stats[i]); err != nil {
			panic(err)
		}
	}
	r.Shuffle(flows, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return c, keys
}

// BenchmarkLookup reports the median over batches, which does not see that the machine does other things, too.
func BenchmarkLookup(b *testing.B) {
	for _, masks := range []int{1, 8, 32, 128} {
		for _, n := range []int{256, 8192, 100000 / 32 * 32} {
			b.Run(fmt.Sprintf("masks=%d/flows=%d", masks, n), func(b *testing.B) {
				c, keys := spread(masks, n)
				var flows [packet.BatchSize]*Flow
				var cycles []uint64
				at := 0
				for i := 0; i < b.N; i += packet.BatchSize {
					clear(flows[:])
					start := clock.Cycles()
					if c.Lookup(keys[at:at+packet.BatchSize], flows[:]) != 0 {
						b.Fatal("missed")
					}
					cycles = append(cycles, clock.Cycles()-start)
					if at += packet.BatchSize; at == n {
						at = 0
					}
				}
				slices.Sort(cycles)
				b.ReportMetric(float64(cycles[len(cycles)/2])/packet.BatchSize, "cycles/key")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
