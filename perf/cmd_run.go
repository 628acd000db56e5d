package perf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pollux/perf/report"
	"pollux/perf/rfc2544"
)

// ends are the two jobs of a run and the flags that both commands have.
type ends struct {
	gen, sink       job
	genDev, sinkDev device
	length          seconds
	kernel, latency bool
}

func (e *ends) flags(c *cobra.Command) *pflag.FlagSet {
	f := c.Flags()
	f.Var(&e.genDev, "gen", "device to send on")
	f.Var(&e.sinkDev, "sink", "device to receive on")
	f.Var(&e.length, "seconds", "how long to send")
	f.BoolVar(&e.kernel, "kernel", false, "make and count the packets in the kernel: faster")
	f.BoolVar(&e.latency, "latency", true, "measure latency (--kernel=false always does)")
	f.IntVar(&e.sink.CPU, "sink-cpu", -1, "CPU that the sink is pinned to (default: none)")
	sendFlags(f, &e.gen)
	_ = c.MarkFlagRequired("gen")
	_ = c.MarkFlagRequired("sink")
	return f
}

// jobs are those of one run at pps packets per second, 0 for flat out.
func (e *ends) jobs(pps float64) (generate, count job) {
	g, s := e.gen, e.sink
	g.Dev, g.Kernel, g.Rate, g.Duration = e.genDev.Name, e.kernel, pps, time.Duration(e.length)
	s.Dev, s.Kernel, s.Latency, s.Sink = e.sinkDev.Name, e.kernel, e.latency, true
	return g, s
}

// once makes one run.
func (e *ends) once(ctx context.Context, start startFunc, pps float64) (report.Result, error) {
	bar := report.NewProgress(os.Stderr, time.Duration(e.length))
	defer bar.Done()
	g, s := e.jobs(pps)
	tx, rx, err := runPair(ctx, start, g, s, bar.Tick)
	if err != nil {
		return report.Result{}, err
	}
	r := report.Merge(tx, rx)
	r.Traffic, r.Mode, r.TargetPps = g.describe(), g.mode(), pps
	return r, nil
}

func runCommand() *cobra.Command {
	e := ends{length: seconds(10 * time.Second)}
	var o output
	var pps rate
	c := &cobra.Command{
		Use:   "run --gen [NAMESPACE:]DEV --sink [NAMESPACE:]DEV",
		Short: "Send on one device, count on another, with your switch between them",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if e.length == 0 && e.gen.Count == 0 {
				return fmt.Errorf("--seconds 0 needs a --count")
			}
			ctx, cancel := interruptible(c)
			defer cancel()
			r, err := e.once(ctx, startProcess, float64(pps))
			if err != nil {
				return err
			}
			return o.write(c, r)
		},
	}
	f := e.flags(c)
	f.Var(&pps, "rate", "packets per second, such as 250k or 1.5M; 0: as fast as it goes")
	o.flags(f)
	return c
}

func searchCommand() *cobra.Command {
	e := ends{length: seconds(2 * time.Second)}
	low, high := rate(10e3), rate(20e6)
	var asJSON bool
	opt := rfc2544.Options{}
	c := &cobra.Command{
		Use:   "search --gen [NAMESPACE:]DEV --sink [NAMESPACE:]DEV",
		Short: "Find the highest rate without loss (RFC 2544, section 26.1)",
		Long: `Find the highest rate without loss (RFC 2544, section 26.1): a bisection, one
run of --seconds at each rate. The RFC asks for 60 seconds and no loss at all.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := interruptible(c)
			defer cancel()
			opt.Low, opt.High = float64(low), float64(high)
			trial := func(pps float64) (float64, error) { return e.trial(ctx, startProcess, pps) }
			if !asJSON {
				trial = narrated(c, trial)
			}
			r, err := rfc2544.Search(opt, trial)
			if err != nil && len(r.Steps) == 0 {
				return err
			}
			if asJSON {
				err = errors.Join(err, json.NewEncoder(c.OutOrStdout()).Encode(r))
			} else {
				sayFound(c, r)
			}
			return err
		},
	}
	f := e.flags(c)
	f.Var(&low, "low", "lowest rate to look at, packets per second")
	f.Var(&high, "high", "highest rate to look at, packets per second")
	f.Float64Var(&opt.Resolution, "resolution", 0.01, "how narrow to search, of the rate")
	f.Float64Var(&opt.MaxLoss, "max-loss", 0, "loss that still passes, 0 to 1")
	f.IntVar(&opt.Tries, "tries", 1, "runs that a rate may fail but one: for noisy machines")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// tooSlow is the part of the wanted rate below which a generator counts as too
// slow for it.
const tooSlow = 0.99

// trial is one run of a search.
func (e *ends) trial(ctx context.Context, start startFunc, pps float64) (float64, error) {
	r, err := e.once(ctx, start, pps)
	if err == nil {
		err = ctx.Err() // interrupted: the run was too short to count
	}
	if err != nil {
		return 0, err
	}
	if r.TxPackets == 0 || r.Lost == nil {
		return 0, fmt.Errorf("nothing was sent at %s", report.Rate(pps))
	}
	loss := r.LossRatio
	if r.TxPps < tooSlow*pps {
		return loss, rfc2544.Unreached{Offered: math.Floor(r.TxPps)}
	}
	return loss, nil
}

// narrated prints each trial as it is made.
func narrated(c *cobra.Command, trial rfc2544.Trial) rfc2544.Trial {
	return func(pps float64) (float64, error) {
		loss, err := trial(pps)
		var slow rfc2544.Unreached
		switch {
		case err == nil:
			fmt.Fprintf(c.OutOrStdout(), "%-12s lost %.4f %%\n", report.Rate(pps), 100*loss)
		case errors.As(err, &slow):
			fmt.Fprintf(c.OutOrStdout(), "%-12s not reached; lost %.4f %% at %s\n", report.Rate(pps), 100*loss, report.Rate(slow.Offered))
		}
		return loss, err
	}
}

func sayFound(c *cobra.Command, r rfc2544.Result) {
	switch {
	case r.Rate == 0:
		fmt.Fprintf(c.OutOrStdout(), "no rate passed: lost at %s\n", report.Rate(r.Failed))
	case r.Limited:
		fmt.Fprintf(c.OutOrStdout(), "at least %s: nothing faster could be tried\n", report.Rate(r.Rate))
	default:
		fmt.Fprintf(c.OutOrStdout(), "highest rate without loss: %s\n", report.Rate(r.Rate))
	}
}
