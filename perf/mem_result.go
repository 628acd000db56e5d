package perf

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"pollux/counter"
	"pollux/internal/clock"
	"pollux/perf/report"
)

// MemResult is what `perf mem` found, the object that it prints with --json. All but
// the last group is about the time in which the switch was watched, after it was warm.
type MemResult struct {
	Traffic string  `json:"traffic"` // in words
	Core    int     `json:"core"`    // of the polling thread
	Seconds float64 `json:"seconds"` // watched

	Mpps            float64           `json:"mpps"` // packets received a second, millions
	PacketsIn       uint64            `json:"packets_in"`
	PacketsOut      uint64            `json:"packets_out"`
	Drops           uint64            `json:"drops"`
	DropReasons     map[string]uint64 `json:"drop_reasons,omitempty"`
	CyclesPerPacket float64           `json:"cycles_per_packet"` // of the polling thread's turns that found packets
	// The same less gaps above 20 µs, in which somebody else had the core: for machines that are shared.
	UndisturbedCycles float64 `json:"undisturbed_cycles_per_packet"`
	Busy              float64 `json:"busy"` // part of the cycles spent on such turns, 0 to 1

	FirstHits      float64 `json:"first_hits"`      // part of the packets found in the first cache, 0 to 1
	SecondHits     float64 `json:"second_hits"`     // in the second
	ClassifierHits float64 `json:"classifier_hits"` // in the classifier
	Misses         float64 `json:"misses"`          // nowhere
	Upcalls        uint64  `json:"upcalls"`         // packets taken to the control side
	DatapathFlows  uint64  `json:"datapath_flows"`  // at the end
	Masks          uint64  `json:"masks"`           // at the end: subtables of the classifier
	Subtables      float64 `json:"subtables"`       // subtables probed for a packet that the classifier was asked for

	Allocs        uint64 `json:"allocs"`         // objects allocated on the polling thread
	ProcessAllocs uint64 `json:"process_allocs"` // in the whole process: control side and measuring, too
	Collections   uint64 `json:"collections"`    // of garbage
	gapStats

	BareMpps            float64 `json:"bare_mpps"` // of a loop that receives and sends and looks at nothing
	BareCyclesPerPacket float64 `json:"bare_cycles_per_packet"`
	BareUndisturbed     float64 `json:"bare_undisturbed_cycles_per_packet"`
	BareWorstGapUs      float64 `json:"bare_worst_gap_us"` // of its gaps, the longest
	BareOver20us        float64 `json:"bare_time_over_20us"`

	WarmupSeconds float64 `json:"warmup_seconds"`
	WarmupUpcalls uint64  `json:"warmup_upcalls"`
	Settled       bool    `json:"settled"`     // upcalls had stopped before watching began
	Unaccounted   int64   `json:"unaccounted"` // over the switch's whole life, after its end: received and made, less sent, dropped and given to the control side
}

func newMemResult(a, b *MemCounts, seconds float64) MemResult {
	r := MemResult{Seconds: round(seconds, 3), PacketsIn: b.PacketsIn - a.PacketsIn, PacketsOut: b.PacketsOut - a.PacketsOut}
	r.Mpps = round(part(float64(r.PacketsIn)/1e6, seconds), 3)
	r.Drops = b.dropped() - a.dropped()
	for i := range a.Drops {
		if n := b.Drops[i] - a.Drops[i]; n > 0 {
			if r.DropReasons == nil {
				r.DropReasons = map[string]uint64{}
			}
			r.DropReasons[counter.Drop(i).String()] = n
		}
	}
	busy, idle := float64(b.BusyCycles-a.BusyCycles), float64(b.IdleCycles-a.IdleCycles)
	r.CyclesPerPacket, r.Busy = round(part(busy, float64(r.PacketsIn)), 2), round(part(busy, busy+idle), 4)
	long := float64(b.GapNanos20-a.GapNanos20) * clock.CyclesPerSecond() / 1e9
	r.UndisturbedCycles = round(part(max(0, busy-long), float64(r.PacketsIn)), 2)
	r.addLookups(a, b)
	r.DatapathFlows, r.Masks = b.Flows, b.Masks
	r.gapStats = gapsBetween(a, b, seconds*1e9)
	return r
}

func (r *MemResult) addLookups(a, b *MemCounts) {
	first, second := float64(b.FirstHits-a.FirstHits), float64(b.SecondHits-a.SecondHits)
	cls, miss := float64(b.ClassifierHits-a.ClassifierHits), float64(b.Misses-a.Misses)
	all := first + second + cls + miss
	r.FirstHits, r.SecondHits = round(part(first, all), 6), round(part(second, all), 6)
	r.ClassifierHits, r.Misses = round(part(cls, all), 6), round(part(miss, all), 6)
	r.Upcalls = b.Upcalls - a.Upcalls
	r.Subtables = round(part(float64(b.SubtableLookups-a.SubtableLookups), cls+miss), 3)
}

// part is a of b, 0 when b is nothing.
func part(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

// round keeps so many digits behind the point.
func round(f float64, digits int) float64 {
	m := math.Pow10(digits)
	return math.Round(f*m) / m
}

// write shows the result to people.
func (r *MemResult) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("traffic", "%s", r.Traffic)
	row("received", "%s for %.2f s on core %d", report.Rate(r.Mpps*1e6), r.Seconds, r.Core)
	row("sent", "%s", report.Rate(part(float64(r.PacketsOut), r.Seconds)))
	row("dropped", "%d packets%s", r.Drops, reasons(r.DropReasons))
	row("cycles a packet", "%.1f; a bare loop on the same ports %.1f, the switch the other %.1f",
		r.CyclesPerPacket, r.BareCyclesPerPacket, r.CyclesPerPacket-r.BareCyclesPerPacket)
	row("  undisturbed", "%.1f; %.1f, %.1f", r.UndisturbedCycles, r.BareUndisturbed, r.UndisturbedCycles-r.BareUndisturbed)
	if r.Busy < 0.99 {
		row("busy", "%.1f %% of the cycles", 100*r.Busy)
	}
	row("found", "%.2f %% in the first cache, %.2f %% in the second, %.2f %% in the classifier (%.1f subtables each)",
		100*r.FirstHits, 100*r.SecondHits, 100*r.ClassifierHits, r.Subtables)
	row("upcalls", "%d; %d while warming up for %.1f s", r.Upcalls, r.WarmupUpcalls, r.WarmupSeconds)
	if !r.Settled {
		row("", "they had not stopped: this is not a switch at rest")
	}
	row("datapath", "%d flows under %d masks", r.DatapathFlows, r.Masks)
	row("allocations", "%d on the polling thread, %d in the process, %d collections", r.Allocs, r.ProcessAllocs, r.Collections)
	row("gaps between polls", "worst %.0f µs, %.3f %% of the time in those above 20 µs", r.WorstUs, 100*r.Over20us)
	row("  of the bare loop", "worst %.0f µs, %.3f %% of the time", r.BareWorstGapUs, 100*r.BareOver20us)
	if r.Unaccounted != 0 {
		row("NOT ACCOUNTED FOR", "%d packets", r.Unaccounted)
	}
	return t.Flush()
}
