package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"pollux/config"
	"pollux/vswitch"
)

// stallResult is what `perf stall` prints with --json: the phases, and the
// medians over the idle ones, the allocating ones, and their ratio.
type stallResult struct {
	Phases         []vswitch.StallPhase `json:"phases"`
	IdleWorstUs    float64              `json:"idle_worst_gap_us"`
	BusyWorstUs    float64              `json:"allocating_worst_gap_us"`
	WorstRatio     float64              `json:"worst_gap_ratio"`
	IdleOver20us   float64              `json:"idle_time_over_20us"`
	BusyOver20us   float64              `json:"allocating_time_over_20us"`
	Over20usBeyond float64              `json:"time_over_20us_beyond_idle"`
}

func stallCommand() *cobra.Command {
	o := vswitch.StallOptions{Version: version}
	var megabytes int
	var asJSON bool
	c := &cobra.Command{
		Use:   "stall",
		Short: "Measure whether a busy control process disturbs the polling thread",
		Long: `Measure whether a busy control process disturbs the polling thread.

A datapath process polls nothing, and this process is its control process: idle
and allocating in turns, with many rules loaded. Shown are the gaps between two
polls. The machine's own interruptions are in both: see perf gaps. Needs root.`,
		Args: cobra.NoArgs,
	}
	c.Flags().IntVar(&o.Core, "core", 1, "`core` of the polling thread")
	c.Flags().IntVar(&o.Rules, "rules", 1_000_000, "rules to load")
	c.Flags().IntVar(&megabytes, "rate", 500, "megabytes a second to allocate")
	c.Flags().IntVar(&o.Rounds, "rounds", 5, "phases of each kind")
	c.Flags().DurationVar(&o.Phase, "phase", 4*time.Second, "length of a phase")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		machine, err := config.ThisMachine()
		if err != nil {
			return err
		}
		o.Config, o.Rate = config.Default(machine), megabytes*1_000_000
		phases, err := vswitch.MeasureStall(o)
		if err != nil {
			return err
		}
		r := summarize(phases)
		if asJSON {
			return json.NewEncoder(c.OutOrStdout()).Encode(r)
		}
		writeStall(c, r)
		return nil
	}
	return c
}

func summarize(phases []vswitch.StallPhase) stallResult {
	median := func(allocating bool, of func(vswitch.StallPhase) float64) float64 {
		var v []float64
		for _, p := range phases {
			if p.Allocating == allocating {
				v = append(v, of(p))
			}
		}
		if len(v) == 0 {
			return 0
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	worst := func(p vswitch.StallPhase) float64 { return p.WorstGapUs }
	over := func(p vswitch.StallPhase) float64 { return p.TimeOver20 }
	r := stallResult{
		Phases: phases, IdleWorstUs: median(false, worst), BusyWorstUs: median(true, worst),
		IdleOver20us: median(false, over), BusyOver20us: median(true, over),
	}
	r.WorstRatio = r.BusyWorstUs / max(r.IdleWorstUs, 1e-9)
	r.Over20usBeyond = r.BusyOver20us - r.IdleOver20us
	return r
}

func writeStall(c *cobra.Command, r stallResult) {
	t := tabwriter.NewWriter(c.OutOrStdout(), 2, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CONTROL PROCESS\tWORST GAP\tP99.9\tTIME IN GAPS ABOVE 20 US\tALLOCATED\tCOLLECTIONS")
	for _, p := range r.Phases {
		what := "idle"
		if p.Allocating {
			what = "allocating"
		}
		fmt.Fprintf(t, "%s\t%.0f us\t%.0f us\t%.2f %%\t%.0f MB\t%d\n", what, p.WorstGapUs, p.P999GapUs, 100*p.TimeOver20, p.AllocatedMB, p.Collections)
	}
	t.Flush()
	fmt.Fprintf(c.OutOrStdout(), "median worst gap: idle %.0f us, allocating %.0f us, ratio %.2f; time above 20 us beyond idle: %.2f %%\n",
		r.IdleWorstUs, r.BusyWorstUs, r.WorstRatio, 100*r.Over20usBeyond)
}
