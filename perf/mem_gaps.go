package perf

import (
	"pollux/counter"
	"pollux/internal/clock"
)

// Gaps are the times between two polls of a loop. Short ones are
// turns of the loop; what is above some 20 µs is somebody else having had the
// core: the kernel, another process, the hypervisor, the Go runtime.

// gapStats are gaps over some time, for people and for JSON.
type gapStats struct {
	WorstUs  float64 `json:"worst_gap_us"`   // longest gap, µs
	P50Us    float64 `json:"gap_p50_us"`     // of the gaps of 1 µs and more, an upper bound within a factor of 2, µs
	P99Us    float64 `json:"gap_p99_us"`     //
	P999Us   float64 `json:"gap_p999_us"`    //
	Over20us float64 `json:"time_over_20us"` // part of the time spent in gaps above 20 µs, 0 to 1
	Long     uint64  `json:"gaps_over_16us"` // how many gaps were longer than 16 µs
}

// longBin is the first bin of a counter.Histogram all of whose values are above 16 µs.
const longBin = 15 // 2^14 ns to 2^15 - 1 ns

// gapsBetween are the gaps between two readings, nanos apart. The counters know the
// longest gap ever; if that was before the first reading, the longest between them is
// known to a power of two.
func gapsBetween(a, b *MemCounts, nanos float64) (g gapStats) {
	var h counter.Histogram
	var bound uint64
	for i := range h {
		n := b.Gaps[i] - a.Gaps[i]
		h[i].Set(n)
		if n > 0 {
			bound = 1<<i - 1
		}
		if i >= longBin {
			g.Long += n
		}
	}
	worst := b.WorstGap
	if b.WorstGap == a.WorstGap {
		worst = min(worst, bound)
	}
	us := func(ns uint64) float64 { return round(float64(ns)/1000, 3) }
	g.WorstUs, g.P50Us, g.P99Us, g.P999Us = us(worst), us(h.Quantile(0.5)), us(h.Quantile(0.99)), us(h.Quantile(0.999))
	g.Over20us = round(part(float64(b.GapNanos20-a.GapNanos20), nanos), 6)
	return g
}

// gapMeter measures gaps as a polling thread of the switch does.
type gapMeter struct {
	last          uint64 // clock.Cycles of the last poll
	nanosPerCycle float64
	gaps          counter.Histogram
	worst, over20 uint64 // ns
}

func newGapMeter() *gapMeter {
	return &gapMeter{nanosPerCycle: 1e9 / clock.CyclesPerSecond(), last: clock.Cycles()}
}

// poll is called once a turn. It returns the time in cycles.
func (m *gapMeter) poll() uint64 {
	now := clock.Cycles()
	gap := uint64(float64(now-m.last) * m.nanosPerCycle)
	m.last = now
	if gap >= 1000 {
		m.record(gap)
	}
	return now
}

func (m *gapMeter) record(gap uint64) {
	m.gaps.Record(gap)
	m.worst = max(m.worst, gap)
	if gap > 20000 {
		m.over20 += gap
	}
}

// counts are the gaps so far in the words of a switch.
func (m *gapMeter) counts() MemCounts {
	c := MemCounts{WorstGap: m.worst, GapNanos20: m.over20}
	for i := range c.Gaps {
		c.Gaps[i] = m.gaps[i].Load()
	}
	return c
}
