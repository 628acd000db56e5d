// Package report holds what a load run found, and shows it: one JSON object
// for scripts, a table for people, an SVG drawing, a progress bar.
//
// The generator answers with a Tx, the sink with an Rx, and Merge makes the
// Result of a run out of both or either. Times are nanoseconds of
// CLOCK_MONOTONIC, so both ends speak of the same moments; packets and bytes
// are counted from the start of the run; bytes are those of frames without
// their check sequence.
package report

import "slices"

// Tick is where a counter stood at a moment.
type Tick struct {
	At      int64  `json:"at_ns"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// Tx is what the generator did.
type Tx struct {
	Start   int64  `json:"start_ns"` // before the first packet
	End     int64  `json:"end_ns"`   // after the last one
	Packets uint64 `json:"packets"`  // handed to the device
	Bytes   uint64 `json:"bytes"`
	Dropped uint64 `json:"dropped"` // of Packets, refused by the device (where its driver says so)
	Ticks   []Tick `json:"ticks"`
}

// Rx is what the sink saw. Only packets with a mark (package stamp) can be
// known to be late, doubled or lost.
type Rx struct {
	Packets   uint64  `json:"packets"`
	Bytes     uint64  `json:"bytes"`
	Dropped   uint64  `json:"dropped"`   // reached the sink's socket and found no room in it
	Stamped   uint64  `json:"stamped"`   // of Packets, those with a mark
	Gaps      uint64  `json:"gaps"`      // sequence numbers below the highest seen that never came
	Reordered uint64  `json:"reordered"` // came after a higher sequence number (RFC 4737, section 3.3)
	Duplicate uint64  `json:"duplicate"` // came twice
	Latency   Latency `json:"latency"`
	Ticks     []Tick  `json:"ticks"`
}

// Latency is the time from the making of a packet to its being taken from the
// sink's ring, in nanoseconds. It includes the wait for the rest of its burst
// at both ends.
type Latency struct {
	Samples uint64  `json:"latency_samples,omitempty"`
	Min     int64   `json:"latency_min_ns,omitempty"`
	Mean    float64 `json:"latency_mean_ns,omitempty"`
	P50     int64   `json:"latency_p50_ns,omitempty"`
	P99     int64   `json:"latency_p99_ns,omitempty"`
	P999    int64   `json:"latency_p999_ns,omitempty"`
	Max     int64   `json:"latency_max_ns,omitempty"`
}

// Result is one run. Rates are packets per second (pps). A key is absent when
// its end did not take part or its packets had no marks.
type Result struct {
	Traffic   string  `json:"traffic,omitempty"`       // in words
	Mode      string  `json:"mode,omitempty"`          // "afxdp" or "kernel": who sends and who counts
	TargetPps float64 `json:"target_pps,omitempty"`    // asked for; absent: flat out
	Seconds   float64 `json:"seconds"`                 // that the generator sent, else from the first to the last packet
	TxPackets uint64  `json:"tx_packets,omitempty"`    // handed to the device
	TxBytes   uint64  `json:"tx_bytes,omitempty"`      //
	TxDropped uint64  `json:"tx_dropped,omitempty"`    // of those, refused by the device
	TxPps     float64 `json:"tx_pps,omitempty"`        // mean
	RxPackets *uint64 `json:"rx_packets,omitempty"`    //
	RxBytes   uint64  `json:"rx_bytes,omitempty"`      //
	RxDropped uint64  `json:"rx_dropped,omitempty"`    // by the sink, which had no room
	RxPps     float64 `json:"rx_pps,omitempty"`        // mean over seconds
	RxPpsMin  float64 `json:"rx_pps_min,omitempty"`    // of intervals of half a second,
	RxPpsMed  float64 `json:"rx_pps_median,omitempty"` // the first and the last left out
	RxPpsMax  float64 `json:"rx_pps_max,omitempty"`    //
	Lost      *uint64 `json:"lost,omitempty"`          // sent and not received, or missing in the sequence when only the sink was there
	LossRatio float64 `json:"loss_ratio,omitempty"`    // lost of sent, 0 to 1
	Stamped   uint64  `json:"rx_stamped,omitempty"`    // packets with a mark
	Reordered uint64  `json:"reordered,omitempty"`
	Duplicate uint64  `json:"duplicate,omitempty"`
	Latency
	TxTicks []Tick `json:"tx_ticks,omitempty"` // ten times a second
	RxTicks []Tick `json:"rx_ticks,omitempty"`
}

// Merge makes the result of what the two ends found. Either may be nil.
func Merge(tx *Tx, rx *Rx) Result {
	var r Result
	if tx != nil {
		r.Seconds = seconds(tx.Start, tx.End)
		r.TxPackets, r.TxBytes, r.TxDropped, r.TxTicks = tx.Packets, tx.Bytes, tx.Dropped, tx.Ticks
		r.TxPps = perSecond(tx.Packets, r.Seconds)
	}
	if rx == nil {
		return r
	}
	if tx == nil && len(rx.Ticks) > 0 {
		r.Seconds = arrivalSeconds(rx.Ticks)
	}
	r.RxPackets, r.RxBytes, r.RxDropped, r.RxTicks = &rx.Packets, rx.Bytes, rx.Dropped, rx.Ticks
	r.RxPps = perSecond(rx.Packets, r.Seconds)
	r.RxPpsMin, r.RxPpsMed, r.RxPpsMax = spread(Rates(rx.Ticks, spreadInterval))
	r.Stamped, r.Reordered, r.Duplicate, r.Latency = rx.Stamped, rx.Reordered, rx.Duplicate, rx.Latency
	r.setLoss(tx, rx)
	return r
}

// setLoss compares the two counts, or believes the sequence numbers when there
// is only one. Where packets have marks only those count: hosts say things of
// their own accord.
func (r *Result) setLoss(tx *Tx, rx *Rx) {
	arrived := rx.Packets
	if rx.Stamped > 0 {
		arrived = rx.Stamped
	}
	lost, sent := rx.Gaps, rx.Gaps+arrived
	if tx != nil {
		sent = tx.Packets
		lost = sent - min(sent, arrived-rx.Duplicate)
	} else if rx.Stamped == 0 {
		return
	}
	r.Lost = &lost
	if sent > 0 {
		r.LossRatio = float64(lost) / float64(sent)
	}
}

const spreadInterval = 500e6 // ns

// Rates are the packets per second over consecutive intervals of at least
// interval nanoseconds, taken between ticks; what is left at the end is not
// counted.
func Rates(ticks []Tick, interval int64) []float64 {
	var rates []float64
	for i, j := 0, 1; j < len(ticks); j++ {
		if dt := ticks[j].At - ticks[i].At; dt >= interval && dt > 0 {
			rates = append(rates, perSecond(ticks[j].Packets-ticks[i].Packets, float64(dt)/1e9))
			i = j
		}
	}
	return rates
}

// spread is the least, the middle and the greatest rate, without the first and
// the last one, in which the traffic started and ended.
func spread(rates []float64) (least, median, most float64) {
	first := slices.IndexFunc(rates, func(r float64) bool { return r > 0 })
	if first < 0 {
		return 0, 0, 0
	}
	last := len(rates) - 1
	for rates[last] == 0 {
		last--
	}
	if last-first >= 2 {
		first, last = first+1, last-1
	}
	s := slices.Sorted(slices.Values(rates[first : last+1]))
	return s[0], s[len(s)/2], s[len(s)-1]
}

// arrivalSeconds is the time between the ticks around which packets came.
func arrivalSeconds(ticks []Tick) float64 {
	first := 0
	for first+1 < len(ticks) && ticks[first+1].Packets == ticks[0].Packets {
		first++
	}
	last := len(ticks) - 1
	for last > first && ticks[last-1].Packets == ticks[last].Packets {
		last--
	}
	return seconds(ticks[first].At, ticks[last].At)
}

func seconds(from, to int64) float64 { return float64(to-from) / 1e9 }

func perSecond(n uint64, sec float64) float64 {
	if sec <= 0 {
		return 0
	}
	return float64(n) / sec
}
