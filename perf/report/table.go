package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteTable writes the result for people to read.
func (r Result) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if r.Traffic != "" {
		row("traffic", "%s", r.Traffic)
	}
	row("time", "%.2f s", r.Seconds)
	if r.TxPackets > 0 {
		row("sent", "%s packets, %s", grouped(r.TxPackets), Rate(r.TxPps))
	}
	if r.TxDropped > 0 {
		row("  refused by the device", "%s", grouped(r.TxDropped))
	}
	if r.RxPackets != nil {
		row("received", "%s packets, %s", grouped(*r.RxPackets), Rate(r.RxPps))
	}
	if r.RxPpsMed > 0 {
		row("  over half seconds", "%s to %s, median %s", Rate(r.RxPpsMin), Rate(r.RxPpsMax), Rate(r.RxPpsMed))
	}
	if r.RxDropped > 0 {
		row("  no room in the sink", "%s", grouped(r.RxDropped))
	}
	if r.Lost != nil {
		row("lost", "%s (%.4f %%)", grouped(*r.Lost), 100*r.LossRatio)
	}
	if r.Stamped > 0 {
		row("out of order, doubled", "%s, %s", grouped(r.Reordered), grouped(r.Duplicate))
	}
	if l := r.Latency; l.Samples > 0 {
		d := func(ns int64) time.Duration { return time.Duration(ns).Round(100 * time.Nanosecond) }
		row("latency", "p50 %v, p99 %v, p99.9 %v, at least %v, at most %v", d(l.P50), d(l.P99), d(l.P999), d(l.Min), d(l.Max))
	}
	return t.Flush()
}

// Rate writes packets per second with the unit that fits.
func Rate(pps float64) string {
	switch {
	case pps >= 1e6:
		return fmt.Sprintf("%.3f Mpps", pps/1e6)
	case pps >= 1e3:
		return fmt.Sprintf("%.1f kpps", pps/1e3)
	}
	return fmt.Sprintf("%.0f pps", pps)
}

// grouped writes 1234567 as 1,234,567.
func grouped(n uint64) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
