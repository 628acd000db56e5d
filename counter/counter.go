// Package counter holds what Pollux counts with: single-writer counters,
// histograms of powers of two and the one enum of drop reasons.
//
// A counter has exactly one writer, the thread that owns it, and any number
// of readers, perhaps in another process. The writer adds with a plain load
// and store, which costs nothing beside the packet; readers load atomically.
// A 64-bit aligned store is one instruction on every machine Pollux runs on,
// so a reader sees an old value or a new one, never half of each.
package counter

import "sync/atomic"

// Counter is a number that one goroutine writes and everybody may read. Its
// zero value is ready. It must lie 8-byte aligned, which Go sees to on the heap
// and the layout of shared memory sees to there.
type Counter uint64

// Add adds n. Only the owner calls it.
//
//go:norace
func (c *Counter) Add(n uint64) { *c += Counter(n) }

// Set replaces the value. Only the owner calls it.
//
//go:norace
func (c *Counter) Set(n uint64) { *c = Counter(n) }

// Load reads the value; anybody may call it at any time.
func (c *Counter) Load() uint64 { return atomic.LoadUint64((*uint64)(c)) }

// Histogram counts values by powers of two: bin i holds the values v with
// bits.Len64(v) == i, so bin 0 is the value 0, bin 1 is 1, bin 2 is 2 and 3.
// The last bin takes everything larger.
type Histogram [HistogramBins]Counter

// HistogramBins is enough for values up to 2^39, nine minutes in nanoseconds.
const HistogramBins = 40
