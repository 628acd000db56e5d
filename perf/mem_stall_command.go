package perf

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"pollux/internal/clock"
)

// stallFlags is what the user of `perf stall` asked for.
type stallFlags struct {
	rules, rounds, core int
	rate                float64 // 10^6 bytes a second
	length              seconds
	json                bool
}

// StallCommand is the command `perf stall`, on the switch that build starts.
func StallCommand(build StallBuilder) *cobra.Command {
	f := stallFlags{length: seconds(2 * time.Second)}
	c := &cobra.Command{
		Use:   "stall",
		Short: "Measure whether the polling thread notices what the control process does",
		Long: `Measure whether the polling thread notices what the control process does: the gaps
between two polls of a switch with many rules, in turn while its control process
does nothing and while it allocates. A bare loop on the same core is measured
first. Needs root: the datapath process makes its packet memory.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c, build) },
	}
	fs := c.Flags()
	fs.IntVar(&f.rules, "rules", 1_000_000, "how many rules to load")
	fs.Float64Var(&f.rate, "rate", 500, "how much the control process allocates, MB/s")
	fs.IntVar(&f.rounds, "rounds", 5, "how often to watch each state")
	fs.Var(&f.length, "seconds", "how long to watch at a time")
	fs.IntVar(&f.core, "core", -1, "core of the polling thread (default: the last)")
	fs.BoolVar(&f.json, "json", false, "print one JSON object")
	return c
}

func (f *stallFlags) run(c *cobra.Command, build StallBuilder) error {
	ctx, cancel := interruptible(c)
	defer cancel()
	if f.rounds < 1 || f.length <= 0 || f.rules < 0 || f.rules > maxStallRules || f.rate < 0 {
		return fmt.Errorf("measure stalls: --rounds must be 1 or more, --seconds above 0, --rules 0 to %d, --rate not negative", maxStallRules)
	}
	core, err := coreOr(f.core)
	if err != nil {
		return err
	}
	file, err := stallRules(f.rules)
	if err != nil {
		return err
	}
	defer os.Remove(file)
	run := stallRun{
		rounds: f.rounds, length: time.Duration(f.length), now: clock.System.Now, pause: sleepFor,
		start: func() (StallSwitch, error) { return build(file, core) },
		load:  func() func() uint64 { return makeGarbage(f.rate*1e6, sleepFor) },
		bare: func(ctx context.Context, d time.Duration) (gapStats, error) {
			b, err := onCore(ctx, core, d, func() {})
			return b.gaps, err
		},
	}
	r, err := run.do(ctx)
	if err != nil {
		return err
	}
	r.Core, r.Rules = core, f.rules
	if f.json {
		return json.NewEncoder(c.OutOrStdout()).Encode(r)
	}
	return r.write(c.OutOrStdout())
}

// maxStallRules is what the addresses of stallRules tell apart.
const maxStallRules = 1 << 24

// stallRules writes n rules to a file that the caller removes.
func stallRules(n int) (string, error) {
	f, err := os.CreateTemp("", "pollux-rules-")
	if err != nil {
		return "", fmt.Errorf("write rules: %w", err)
	}
	w := bufio.NewWriter(f)
	for i := range n {
		fmt.Fprintf(w, "priority=10,ip,nw_src=10.%d.%d.%d,actions=output:%d\n", i>>16, i>>8&255, i&255, 1+i%2)
	}
	if err := w.Flush(); err != nil {
		f.Close()
		os.Remove(f.Name())
		return "", fmt.Errorf("write rules to %s: %w", f.Name(), err)
	}
	return f.Name(), f.Close()
}

func (r *StallResult) write(w io.Writer) error {
	fmt.Fprintf(w, "%d rules, %d rounds of %.1f s on core %d; the busy control process allocated %.0f MB/s\n", r.Rules, r.Rounds, r.Seconds, r.Core, r.AllocMBps)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\tworst gap, median µs\tworst µs\ttime above 20 µs\t\n")
	for _, k := range []struct {
		name string
		g    *stallGaps
	}{{"bare loop", &r.Bare}, {"control idle", &r.Idle}, {"control busy", &r.Busy}} {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.3f %%\t\n", k.name, k.g.WorstMedianUs, k.g.WorstUs, 100*k.g.Over20us)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "busy to idle: worst gap %.2f times, %+.3f %% of the time above 20 µs\n", r.WorstRatio, 100*r.ExtraOver20u)
	return err
}
