package vswitch

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"pollux/dpif"
	"pollux/internal/clock"
)

// The commands dpif-netdev/* print what Open vSwitch's userspace datapath
// prints, line for line, so that scripts written for it can read them. Its
// exact-match cache (EMC) is our first cache, its signature-match cache (SMC) the second.

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func percent(part, whole uint64) float64 { return 100 * share(part, whole) }

// writePMDStats prints dpif-netdev/pmd-stats-show of one thread.
func writePMDStats(w io.Writer, core int, c *ThreadCounts) {
	passes := c.RxPackets + c.Recirculations
	cycles := c.BusyCycles + c.IdleCycles
	fmt.Fprintf(w, "pmd thread numa_id 0 core_id %d:\n", core)
	fmt.Fprintf(w, "  packets received: %d\n", c.RxPackets)
	fmt.Fprintf(w, "  packet recirculations: %d\n", c.Recirculations)
	fmt.Fprintf(w, "  avg. datapath passes per packet: %.2f\n", share(passes, c.RxPackets))
	fmt.Fprintf(w, "  phwol hits: 0\n  mfex opt hits: 0\n  simple match hits: 0\n")
	fmt.Fprintf(w, "  emc hits: %d\n", c.FirstHits)
	fmt.Fprintf(w, "  smc hits: %d\n", c.SecondHits)
	fmt.Fprintf(w, "  megaflow hits: %d\n", c.ClassifierHits)
	fmt.Fprintf(w, "  avg. subtable lookups per megaflow hit: %.2f\n", share(c.SubtableLookups, c.ClassifierHits))
	fmt.Fprintf(w, "  miss with success upcall: %d\n", c.Upcalls)
	fmt.Fprintf(w, "  miss with failed upcall: %d\n", c.LostUpcalls)
	fmt.Fprintf(w, "  avg. packets per output batch: %.2f\n", share(c.SentPackets, c.Sends))
	if cycles == 0 {
		return
	}
	fmt.Fprintf(w, "  idle cycles: %d (%.2f%%)\n", c.IdleCycles, percent(c.IdleCycles, cycles))
	fmt.Fprintf(w, "  processing cycles: %d (%.2f%%)\n", c.BusyCycles, percent(c.BusyCycles, cycles))
	if c.RxPackets > 0 {
		fmt.Fprintf(w, "  avg cycles per packet: %.2f (%d/%d)\n", share(cycles, c.RxPackets), cycles, c.RxPackets)
		fmt.Fprintf(w, "  avg processing cycles per packet: %.2f (%d/%d)\n", share(c.BusyCycles, c.RxPackets), c.BusyCycles, c.RxPackets)
	}
}

// writePMDPerf prints dpif-netdev/pmd-perf-show of one thread.
func writePMDPerf(w io.Writer, core int, c *ThreadCounts) {
	perMicro := clock.CyclesPerSecond() / 1e6
	cycles := c.BusyCycles + c.IdleCycles
	passes := c.RxPackets + c.Recirculations
	micros := float64(cycles) / perMicro
	fmt.Fprintf(w, "pmd thread numa_id 0 core_id %d:\n\n", core)
	fmt.Fprintf(w, "  Iterations:         %12d  (%.2f us/it)\n", c.Loops, micros/float64(max(c.Loops, 1)))
	fmt.Fprintf(w, "  - Used TSC cycles:  %12d  (%5.1f %% of total cycles)\n", cycles, 100.0)
	fmt.Fprintf(w, "  - idle iterations:  %12d  (%5.1f %% of used cycles)\n", c.Loops-min(c.BusyLoops, c.Loops), percent(c.IdleCycles, cycles))
	fmt.Fprintf(w, "  - busy iterations:  %12d  (%5.1f %% of used cycles)\n", c.BusyLoops, percent(c.BusyCycles, cycles))
	fmt.Fprintf(w, "  - sleep iterations: %12d  (%5.1f %% of iterations)\n", c.Sleeps, percent(c.Sleeps, c.Loops))
	fmt.Fprintf(w, "  Sleep time (us):    %12d  (%3.0f us/iteration avg.)\n", c.SleepNanos/1000, float64(c.SleepNanos)/1000/float64(max(c.Sleeps, 1)))
	fmt.Fprintf(w, "  Longest gap (us):   %12.1f  (p99.9 of those above 1 us: %.1f us)\n", float64(c.WorstGap)/1000, float64(c.GapP999)/1000)
	fmt.Fprintf(w, "  Rx packets:         %12d  (%.0f Kpps, %.0f cycles/pkt)\n", c.RxPackets, float64(c.RxPackets)/max(micros, 1)*1000, share(c.BusyCycles, c.RxPackets))
	fmt.Fprintf(w, "  Datapath passes:    %12d  (%.2f passes/pkt)\n", passes, share(passes, c.RxPackets))
	fmt.Fprintf(w, "  - PHWOL hits:       %12d  (%5.1f %%)\n", 0, 0.0)
	fmt.Fprintf(w, "  - MFEX Opt hits:    %12d  (%5.1f %%)\n", 0, 0.0)
	fmt.Fprintf(w, "  - Simple Match hits:%12d  (%5.1f %%)\n", 0, 0.0)
	fmt.Fprintf(w, "  - EMC hits:         %12d  (%5.1f %%)\n", c.FirstHits, percent(c.FirstHits, passes))
	fmt.Fprintf(w, "  - SMC hits:         %12d  (%5.1f %%)\n", c.SecondHits, percent(c.SecondHits, passes))
	fmt.Fprintf(w, "  - Megaflow hits:    %12d  (%5.1f %%, %.2f subtbl lookups/hit)\n", c.ClassifierHits, percent(c.ClassifierHits, passes), share(c.SubtableLookups, c.ClassifierHits))
	fmt.Fprintf(w, "  - Upcalls:          %12d  (%5.1f %%, %.1f us/upcall)\n", c.Upcalls, percent(c.Upcalls, passes), float64(c.UpcallMedian)/1000)
	fmt.Fprintf(w, "  - Lost upcalls:     %12d  (%5.1f %%)\n", c.LostUpcalls, percent(c.LostUpcalls, passes))
	fmt.Fprintf(w, "  Tx packets:         %12d  (%.0f Kpps)\n", c.SentPackets, float64(c.SentPackets)/max(micros, 1)*1000)
	fmt.Fprintf(w, "  Tx batches:         %12d  (%.2f pkts/batch)\n", c.Sends, share(c.SentPackets, c.Sends))
}

// writeRxQueues prints dpif-netdev/pmd-rxq-show.
func writeRxQueues(w io.Writer, threads []dpif.ThreadInfo, ports []dpif.PortInfo) {
	for _, t := range threads {
		fmt.Fprintf(w, "pmd thread numa_id 0 core_id %d:\n  isolated : %v\n", t.Core, isolated(t.ID, ports))
		for _, p := range ports {
			for _, q := range p.Queues {
				if q.Thread == t.ID {
					fmt.Fprintf(w, "  port: %-16s  queue-id: %2d (enabled)   pmd usage: %2.0f %%\n", p.Spec.Name, q.Queue, 100*q.Load)
				}
			}
		}
	}
}

// isolated reports whether a thread polls nothing but queues placed by hand.
func isolated(thread int, ports []dpif.PortInfo) bool {
	pinned := false
	for _, p := range ports {
		for _, q := range p.Queues {
			if q.Thread == thread {
				if !q.Pinned {
					return false
				}
				pinned = true
			}
		}
	}
	return pinned
}

// columns lays tab-separated lines out in columns.
func columns(write func(w io.Writer)) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 2, 8, 2, ' ', 0)
	write(t)
	t.Flush()
	return b.String()
}
