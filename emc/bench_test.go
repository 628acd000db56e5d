package emc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pollux/action"
	"pollux/counter"
	"pollux/dpcls"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/packet"
)

// keyOf extracts the key of p.
func keyOf(p *packet.Packet) (k flow.Key) {
	flow.Extract(p, &k)
	return k
}

// The rules that the benchmarks go by, as masks: all packets of a port one flow; one flow for each
// destination address, while the union sees the whole five-tuple; a flow for each connection.
var benchRules = []struct {
	name string
	mask func() flow.Mask
	wide bool
}{
	{"port", func() (m flow.Mask) {
		m[flow.WordPort] = ^uint64(0)
		m[flow.WordEthDst] = 0xffff
		m[flow.WordIPProto] = 3 << 32
		return m
	}, false},
	{"dst", func() (m flow.Mask) {
		m[flow.WordPort] = ^uint64(0)
		m[flow.WordEthDst] = 0xffff
		m[flow.WordIPProto] = 0xff<<56 | 3<<32
		m[flow.WordIP] = 0xffffffff
		return m
	}, false},
	{"dst-wide", func() (m flow.Mask) {
		m[flow.WordPort] = ^uint64(0)
		m[flow.WordEthDst] = 0xffff
		m[flow.WordIPProto] = 0xff<<56 | 3<<32
		m[flow.WordIP] = 0xffffffff
		return m
	}, true},
	{"conn", func() (m flow.Mask) {
		m[flow.WordPort] = ^uint64(0)
		m[flow.WordEthDst] = 0xffff
		m[flow.WordIPProto] = 0xff<<56 | 3<<32 | 0xffffffff
		m[flow.WordIP] = ^uint64(0)
		return m
	}, true},
}

// bench is a classifier, caches and n packets that all belong to one of its flows.
type bench struct {
	cls     *dpcls.Classifier
	first   *First
	second  *Second
	pkts    []*packet.Packet
	keys    []flow.Key
	prepare func(at int) // before each batch, not measured; may be nil
}

func newBench(b *testing.B, rules, n, entries int, kind func(int) frame) *bench {
	const maxFlows = 200000
	x := &bench{cls: dpcls.New(dpcls.Config{MaxMasks: 8, MaxFlows: maxFlows, Seed: 1})}
	x.first, x.second = NewFirst(x.cls, entries, 2, 1), NewSecond(x.cls, 1<<20, 3)
	pl := pool(b, n)
	stats := make([]counter.Flow, maxFlows)
	rule := benchRules[rules]
	mask, id := rule.mask(), uint32(0)
	if rule.wide { // a flow that no packet belongs to
		var m flow.Mask
		var k flow.Key
		m[flow.WordIP], m[flow.WordIPProto], m[flow.WordPort] = ^uint64(0), 0xffffffff, ^uint64(0)
		if _, err := x.cls.Put(id, &k, &m, nil, &stats[id]); err != nil {
			b.Fatal(err)
		}
		id++
	}
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
		f := kind(i)
		p := pl.Get()
		p.Set(f.bytes())
		p.Port = 1
		x.pkts, x.keys = append(x.pkts, p), append(x.keys, keyOf(p))
		switch _, err := x.cls.Put(id, &x.keys[len(x.keys)-1], &mask, action.List{}.Output(2), &stats[id]); err {
		case nil:
			id++
		case dpcls.ErrExists:
		default:
			b.Fatal(err)
		}
	}
	return x
}

// run calls do for every batch of the packets, round and round, b.N packets in all. As a
// memory port does, it copies each packet into one of a few frames first; only do is measured. What it
// reports is the median over all batches, which does not see that the machine does other things, too.
func (x *bench) run(b *testing.B, do func(at int, batch *packet.Batch) int) {
	type line [128]byte
	bytes, size := make([]line, len(x.pkts)), len(x.pkts[0].Bytes())
	for i, p := range x.pkts {
		copy(bytes[i][:], p.Bytes())
	}
	var batch packet.Batch
	for i := range packet.BatchSize {
		batch.Append(x.pkts[i])
	}
	cycles := make([]uint64, 0, b.N/packet.BatchSize+4*len(x.pkts))
	missed, at := 0, 0
	next := func() {
		for i, p := range batch.Packets() {
			copy(p.Bytes(), bytes[at+i][:size])
		}
		if x.prepare != nil {
			x.prepare(at)
		}
		start := clock.Cycles()
		missed += do(at, &batch)
		cycles = append(cycles, clock.Cycles()-start)
		if at += packet.BatchSize; at == len(x.pkts) {
			at = 0
		}
	}
	for range 4 * len(x.pkts) / packet.BatchSize {
		next()
	}
	missed, cycles = 0, cycles[:0]
	b.ResetTimer()
	for n := 0; n < b.N; n += packet.BatchSize {
		next()
	}
	slices.Sort(cycles)
	b.ReportMetric(float64(cycles[len(cycles)/2])/packet.BatchSize, "cycles/packet")
	b.ReportMetric(100*float64(missed)/float64(b.N), "%missed")
	b.ReportMetric(0, "ns/op")
}

var benchSizes = []int{32, 1024, 8192, 100000 / 32 * 32}

func BenchmarkFirst(b *testing.B) {
	for _, entries := range []int{1 << 14, 1 << 17} {
		for i, r := range benchRules {
			for _, n := range benchSizes {
				b.Run(fmt.Sprintf("entries=%d/%s/%d", entries, r.name, n), func(b *testing.B) {
					x := newBench(b, i, n, entries, udp4)
					x.run(b, x.throughFirst())
				})
			}
		}
	}
}

// throughFirst asks the first cache and behind it, for what it misses, the classifier.
func (x *bench) throughFirst() func(at int, batch *packet.Batch) int {
	var hits [packet.BatchSize]*dpcls.Flow
	var t Tokens
	var sum uint32
	return func(at int, batch *packet.Batch) int {
		missed := x.first.Lookup(batch, &hits, &t)
		if missed > 0 {
			var before = hits
			x.cls.Lookup(x.keys[at:at+batch.Len()], hits[:batch.Len()])
			for i, f := range hits[:batch.Len()] {
				if before[i] == nil && f != nil {
					x.first.Insert(&t, i, f)
				}
			}
		}
		for _, f := range hits[:batch.Len()] {
			sum += f.Out
		}
		return missed
	}
}

// BenchmarkKinds is the first cache by kind of packet, a flow for each connection.
func BenchmarkKinds(b *testing.B) {
	kinds := []struct {
		name string
		edit func(f *frame)
	}{
		{"udp4", func(f *frame) {}},
		{"tcp4", func(f *frame) { f.proto, f.tcpFlags = flow.ProtoTCP, 0x10 }},
		{"vlan4", func(f *frame) { f.vlan = 10 }},
		{"udp6", func(f *frame) { f.six = true }},
		{"icmp4", func(f *frame) { f.proto, f.padLen = flow.ProtoICMP, 18 }},
	}
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			x := newBench(b, 3, 1024, 1<<17, func(i int) frame {
				f := udp4(i)
				k.edit(&f)
				return f
			})
			x.run(b, x.throughFirst())
		})
	}
}

func BenchmarkSecond(b *testing.B) {
	for i, r := range benchRules {
		for _, n := range benchSizes {
			b.Run(fmt.Sprintf("%s/%d", r.name, n), func(b *testing.B) {
				x := newBench(b, i, n, 1, udp4)
				var keys [packet.BatchSize]flow.Key
				var flows [packet.BatchSize]*dpcls.Flow
				x.prepare = func(at int) {
					clear(flows[:])
					copy(keys[:], x.keys[at:at+packet.BatchSize])
				}
				x.run(b, func(at int, _ *packet.Batch) int {
					missed := x.second.Lookup(keys[:], flows[:])
					if missed > 0 {
						known := flows
						x.cls.Lookup(keys[:], flows[:])
						for i := range known {
							if known[i] == nil {
								x.second.Insert(&keys[i], flows[i])
							}
						}
					}
					return missed
				})
			})
		}
	}
}

// BenchmarkMasks asks about 100,000 connections that rules spread over so many masks, 256 flows in all, as
// the polling thread does: first cache, extraction, second cache, classifier.
func BenchmarkMasks(b *testing.B) {
	const n = 100000 / 32 * 32
	for _, masks := range []int{1, 8, 32, 128} {
		for _, entries := range []int{1, 1 << 17} {
			b.Run(fmt.Sprintf("masks=%d/first=%d", masks, entries), func(b *testing.B) {
				x := &bench{cls: dpcls.New(dpcls.Config{MaxMasks: masks, MaxFlows: 256, Seed: 1})}
				x.first, x.second = NewFirst(x.cls, entries, 2, 100), NewSecond(x.cls, 1<<20, 3)
				pl := pool(b, n)
				stats := make([]counter.Flow, 256)
				for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
					f := udp4(i)
					p := pl.Get()
					p.Set(f.bytes())
					p.Port = 1
					k := keyOf(p)
					x.pkts, x.keys = append(x.pkts, p), append(x.keys, k)
					m := benchRules[1].mask()
					s := i % 256 % masks
					m[flow.WordIP] = ^uint64(0)<<(63-s%15-8) | 0xffffffff
					m[flow.WordIPProto] |= 0xffff << (s / 15) & 0xffff
					if _, err := x.cls.Put(uint32(i%256), &k, &m, action.List{}.Output(2), &stats[i%256]); err != nil && err != dpcls.ErrExists {
						b.Fatal(err)
					}
				}
				x.run(b, x.throughAll())
			})
		}
	}
}

// throughAll asks first cache, second cache and classifier, and counts what the caches do not know.
func (x *bench) throughAll() func(at int, batch *packet.Batch) int {
	var hits [packet.BatchSize]*dpcls.Flow
	var t Tokens
	var keys [packet.BatchSize]flow.Key
	var flows [packet.BatchSize]*dpcls.Flow
	var index [packet.BatchSize]int
	return func(at int, batch *packet.Batch) int {
		if x.first.Lookup(batch, &hits, &t) == 0 {
			return 0
		}
		n := 0
		for i, p := range batch.Packets() {
			if hits[i] == nil {
				flow.Extract(p, &keys[n])
				index[n], flows[n] = i, nil
				n++
			}
		}
		missed := x.second.Lookup(keys[:n], flows[:n])
		if missed > 0 {
			known := flows
			x.cls.Lookup(keys[:n], flows[:n])
			for i := range n {
				if known[i] == nil {
					x.second.Insert(&keys[i], flows[i])
				}
			}
		}
		for i, f := range flows[:n] {
			hits[index[i]] = f
			x.first.Insert(&t, index[i], f)
		}
		return missed
	}
}
