package perf

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// gapsResult is what `perf gaps` found, the object that it prints with --json.
type gapsResult struct {
	Core         int      `json:"core"`
	Seconds      float64  `json:"seconds"`
	Turns        uint64   `json:"turns"`         // of the loop
	CyclesATurn  float64  `json:"cycles_a_turn"` //
	gapStats              // as of perf mem
	GapHistogram []gapBin `json:"gaps,omitempty"` // of 1 µs and more, by powers of two
}

// gapBin is how many gaps there were of one length.
type gapBin struct {
	BelowUs float64 `json:"below_us"` // upper end of the bin; the lower is half of it
	Count   uint64  `json:"count"`
}

// GapsCommand is the command `perf gaps`, which shows what a polling thread can at best hope for on this machine.
func GapsCommand() *cobra.Command {
	length, core, asJSON := seconds(5*time.Second), -1, false
	c := &cobra.Command{
		Use:   "gaps",
		Short: "Measure how often this machine interrupts a polling loop",
		Long: `Measure how often this machine interrupts a polling loop: one pinned thread reads
the time stamp counter again and again, and the gaps between two readings are shown.
What is found here (interrupts, other processes, the hypervisor, the Go runtime) no
switch on this machine can be free of.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := measureGaps(c, core, time.Duration(length))
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(r)
			}
			return r.write(c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.IntVar(&core, "core", -1, "core to poll on (default: the last)")
	f.Var(&length, "seconds", "how long to measure")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func measureGaps(c *cobra.Command, core int, d time.Duration) (gapsResult, error) {
	ctx, cancel := interruptible(c)
	defer cancel()
	core, err := coreOr(core)
	if err != nil {
		return gapsResult{}, err
	}
	b, err := onCore(ctx, core, d, func() {})
	if err != nil {
		return gapsResult{}, err
	}
	r := gapsResult{Core: core, Seconds: round(b.seconds, 3), Turns: b.turns, gapStats: b.gaps}
	r.CyclesATurn = round(part(float64(b.cycles), float64(b.turns)), 1)
	for i, n := range b.histogram {
		if n > 0 {
			r.GapHistogram = append(r.GapHistogram, gapBin{BelowUs: round(float64(uint64(1)<<i)/1000, 3), Count: n})
		}
	}
	return r, nil
}

func (r *gapsResult) write(w io.Writer) error {
	fmt.Fprintf(w, "%.2f s on core %d, %.1f cycles a turn\n", r.Seconds, r.Core, r.CyclesATurn)
	fmt.Fprintf(w, "worst gap %.0f µs, %.3f %% of the time in gaps above 20 µs\n", r.WorstUs, 100*r.Over20us)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "gap below µs\tcount\t\n")
	for _, b := range r.GapHistogram {
		fmt.Fprintf(t, "%.3f\t%d\t\n", b.BelowUs, b.Count)
	}
	return t.Flush()
}
