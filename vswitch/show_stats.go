package vswitch

import (
	"fmt"
	"io"

	"pollux/counter"
)

// writeStats prints pollux/stats: ports, drops and threads, with rates since
// the snapshot before if there is one.
func writeStats(w io.Writer, ports []Port, now, before *Snapshot) {
	seconds := 0.0
	if before != nil {
		seconds = now.Time.Sub(before.Time).Seconds()
	}
	rate := func(a, b uint64) string {
		if seconds <= 0 || a < b {
			return "-"
		}
		return human(float64(a-b) / seconds)
	}
	fmt.Fprint(w, columns(func(w io.Writer) {
		fmt.Fprintln(w, "PORT\tNAME\tRX PACKETS\tRX BYTES\tRX DROPPED\tTX PACKETS\tTX BYTES\tTX DROPPED\tRX/S\tTX/S")
		for _, p := range ports {
			c, old := &now.Ports[p.Datapath], &PortCounts{}
			if before != nil {
				old = &before.Ports[p.Datapath]
			}
			fmt.Fprintf(w, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", p.Number, p.Name, c.RxPackets, c.RxBytes, c.RxDropped,
				c.TxPackets, c.TxBytes, c.TxDropped, rate(c.RxPackets, old.RxPackets), rate(c.TxPackets, old.TxPackets))
		}
	}))
	fmt.Fprint(w, "\n", columns(func(w io.Writer) {
		fmt.Fprintln(w, "THREAD\tPACKETS\tFIRST CACHE\tSECOND CACHE\tCLASSIFIER\tUPCALLS\tCYCLES/PACKET\tBUSY\tFLOWS\tMASKS")
		for i := range now.Threads {
			writeThreadLine(w, i, &now.Threads[i])
		}
	}))
	t := now.Totals()
	fmt.Fprintf(w, "\nin %d + made %d = out %d + dropped %d + to control %d + held %d\n", t.In, t.Made, t.Out, t.Dropped, t.ToControl, t.Held)
	for d, n := range now.Drops {
		if n > 0 {
			fmt.Fprintf(w, "  dropped as %s: %d\n", counter.Drop(d), n)
		}
	}
}

func writeThreadLine(w io.Writer, i int, c *ThreadCounts) {
	passes := c.FirstHits + c.SecondHits + c.ClassifierHits + c.Misses
	fmt.Fprintf(w, "%d\t%d\t%.1f%%\t%.1f%%\t%.1f%%\t%d\t%.0f\t%.1f%%\t%d\t%d\n", i, c.RxPackets,
		percent(c.FirstHits, passes), percent(c.SecondHits, passes), percent(c.ClassifierHits, passes), c.Upcalls,
		share(c.BusyCycles, c.RxPackets), percent(c.BusyCycles, c.BusyCycles+c.IdleCycles), c.Flows, c.Masks)
}

// human writes a number with a unit prefix: 1234567 is 1.23M.
func human(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= u.size {
			return fmt.Sprintf("%.2f%s", v/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.0f", v)
}
