package counter

import "math/bits"

// Record counts one value. Only the owner calls it.
func (h *Histogram) Record(v uint64) { h[min(bits.Len64(v), HistogramBins-1)].Add(1) }

// Quantile returns an upper bound of the q-th quantile (0 < q <= 1): the
// largest value of the bin in which it falls; 0 when nothing was recorded.
func (h *Histogram) Quantile(q float64) uint64 {
	var total uint64
	var bins [HistogramBins]uint64
	for i := range h {
		bins[i] = h[i].Load()
		total += bins[i]
	}
	if total == 0 {
		return 0
	}
	rank := uint64(q * float64(total))
	var seen uint64
	for i, n := range bins {
		if seen += n; seen > 0 && seen >= rank {
			return 1<<i - 1
		}
	}
	return 1<<(HistogramBins-1) - 1
}
