package perf

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pollux/perf/report"
)

// NewCommand returns the command `perf` with its subcommands and extra ones.
func NewCommand(extra ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use:   "perf",
		Short: "Load a switch and measure it",
		Long: `Load a switch and measure it.

gen sends packets out of a device, sink counts them on another, run does both
with a switch that you started between them, search repeats that to find the
highest rate without loss. A device is named DEV or NAMESPACE:DEV. All of these
need root.`,
	}
	c.AddCommand(genCommand(), sinkCommand(), runCommand(), searchCommand(), pcapCommand(), rulesCommand(), workerCommand())
	c.AddCommand(extra...)
	return c
}

// output is what a command does with a result.
type output struct {
	json  bool
	ticks bool
	plot  string
}

func (o *output) flags(f *pflag.FlagSet) {
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.BoolVar(&o.ticks, "ticks", false, "with --json: the counters ten times a second, too")
	f.StringVar(&o.plot, "plot", "", "draw rate and loss over time into this SVG file")
}

// write shows the result of a command.
func (o *output) write(c *cobra.Command, r report.Result) error {
	if o.plot != "" {
		if err := o.draw(r); err != nil {
			return err
		}
	}
	if !o.json {
		return r.WriteTable(c.OutOrStdout())
	}
	if !o.ticks {
		r.TxTicks, r.RxTicks = nil, nil
	}
	return json.NewEncoder(c.OutOrStdout()).Encode(r)
}

func (o *output) draw(r report.Result) error {
	f, err := os.Create(o.plot)
	if err != nil {
		return err
	}
	return errors.Join(r.WritePlot(f), f.Close())
}

// interruptible is the context of a command that Ctrl-C ends in good order.
func interruptible(c *cobra.Command) (context.Context, context.CancelFunc) {
	ctx := c.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// mode is the word for who sends and counts.
func (j job) mode() string {
	if j.Kernel {
		return "kernel"
	}
	return "afxdp"
}

// solo does a job in this process and collects its result.
func solo(c *cobra.Command, j job) (report.Result, error) {
	ctx, cancel := interruptible(c)
	defer cancel()
	bar := report.NewProgress(os.Stderr, j.Duration)
	defer bar.Done()
	var tx *report.Tx
	var rx *report.Rx
	err := j.do(ctx, func(e event) {
		switch {
		case e.Tick != nil:
			bar.Tick(*e.Tick)
		case e.Tx != nil:
			tx = e.Tx
		case e.Rx != nil:
			rx = e.Rx
		}
	})
	r := report.Merge(tx, rx)
	r.Mode, r.TargetPps = j.mode(), j.Rate
	return r, err
}

func genCommand() *cobra.Command {
	var j job
	var o output
	var dev device
	var pps rate
	length := seconds(10 * time.Second)
	c := &cobra.Command{
		Use:   "gen --dev [NAMESPACE:]DEV",
		Short: "Send packets out of a device",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			j.Dev, j.Rate, j.Duration = dev.Name, float64(pps), time.Duration(length)
			r, err := solo(c, j)
			if err != nil {
				return err
			}
			r.Traffic = j.describe()
			return o.write(c, r)
		},
	}
	f := c.Flags()
	f.Var(&dev, "dev", "device to send on")
	f.Var(&pps, "rate", "packets per second, such as 250k or 1.5M; 0: as fast as it goes")
	f.Var(&length, "seconds", "how long to send; 0: until --count or Ctrl-C")
	f.BoolVar(&j.Kernel, "kernel", false, "let the kernel make the frames: faster")
	sendFlags(f, &j)
	o.flags(f)
	_ = c.MarkFlagRequired("dev")
	return c
}

func sinkCommand() *cobra.Command {
	j := job{Sink: true}
	var o output
	var dev device
	var length seconds
	c := &cobra.Command{
		Use:   "sink --dev [NAMESPACE:]DEV",
		Short: "Count the packets that come in on a device, and drop them",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			j.Dev, j.Duration = dev.Name, time.Duration(length)
			r, err := solo(c, j)
			if err != nil {
				return err
			}
			return o.write(c, r)
		},
	}
	f := c.Flags()
	f.Var(&dev, "dev", "device to receive on")
	f.Var(&length, "seconds", "how long to count; 0: until Ctrl-C")
	f.IntVar(&j.CPU, "cpu", -1, "CPU that the sink is pinned to (default: none)")
	f.BoolVar(&j.Kernel, "kernel", false, "count in an XDP program: faster")
	f.BoolVar(&j.Latency, "latency", true, "measure latency (--kernel=false always does)")
	o.flags(f)
	_ = c.MarkFlagRequired("dev")
	return c
}

func workerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "worker", Hidden: true, Args: cobra.NoArgs,
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(c *cobra.Command, _ []string) error {
			return work(context.Background(), c.InOrStdin(), c.OutOrStdout())
		},
	}
}
