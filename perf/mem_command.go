package perf

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"pollux/internal/clock"
	"pollux/perf/traffic"
	"pollux/rxtx/memport"
)

// memFlags is what the user of `perf mem` asked for.
type memFlags struct {
	pcap, kind     string
	flows          int
	length, warmup seconds
	bare           time.Duration // at most, of the bare loop
	json           bool
	options        MemOptions
}

// MemCommand is the command `perf mem`, which measures the switch that build makes.
func MemCommand(build MemBuilder) *cobra.Command {
	f := memFlags{length: seconds(5 * time.Second), warmup: seconds(2 * time.Second), bare: time.Second}
	c := &cobra.Command{
		Use:   "mem",
		Short: "Measure the switch on ports in memory",
		Long: `Measure the switch on ports in memory: port 1 replays a capture without end, each
packet copied into a fresh frame, port 2 throws away what it is sent. One
polling thread. The switch is warmed up until nothing goes to its control side any
more, then watched. A bare loop on such ports, which looks at no packet, runs
afterwards on the same core for comparison.

Without --pcap the traffic is that of "perf pcap": --kind and --flows-count.
Cycles are those of the time stamp counter.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c, build) },
	}
	fs := c.Flags()
	fs.StringVar(&f.pcap, "pcap", "", "capture `FILE` to replay (pcap or pcapng)")
	fs.StringVar(&f.kind, "kind", "udp4", "traffic to make: "+strings.Join(traffic.Kinds(), ", "))
	fs.IntVar(&f.flows, "flows-count", 1000, "number of flows to make")
	fs.StringVar(&f.options.Rules, "flows", "", "`FILE` of rules in the syntax of ovs-ofctl (default: in_port=1,actions=output:2)")
	fs.Var(&f.length, "seconds", "how long to watch")
	fs.Var(&f.warmup, "warmup", "shortest time to warm up")
	fs.IntVar(&f.options.Core, "core", -1, "core of the polling thread (default: the last)")
	fs.BoolVar(&f.json, "json", false, "print one JSON object")
	fs.IntVar(&f.options.FirstEntries, "first-entries", -1, "entries of the first cache (default: the switch's)")
	fs.IntVar(&f.options.SecondEntries, "second-entries", -1, "entries of the second cache, 0 for none (default: the switch's)")
	fs.IntVar(&f.options.InverseProbability, "inverse-probability", -1, "one in so many flows takes a full place in the first cache (default: the switch's)")
	c.MarkFlagsMutuallyExclusive("pcap", "kind")
	c.MarkFlagsMutuallyExclusive("pcap", "flows-count")
	return c
}

func (f *memFlags) run(c *cobra.Command, build MemBuilder) error {
	ctx, cancel := interruptible(c)
	defer cancel()
	r, err := f.measure(ctx, build, clock.System.Now, sleepFor)
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(c.OutOrStdout()).Encode(r)
	}
	return r.write(c.OutOrStdout())
}

// measure builds the switch and measures it. Time is an argument for tests.
func (f *memFlags) measure(ctx context.Context, build MemBuilder, now func() clock.Time, pause func(context.Context, time.Duration)) (MemResult, error) {
	plan, words, err := f.plan()
	if err != nil {
		return MemResult{}, err
	}
	if f.length <= 0 {
		return MemResult{}, fmt.Errorf("measure switch: --seconds must be above 0")
	}
	packets := inOrder(plan)
	source, err := memport.NewReplay("source", packets, 0)
	if err != nil {
		return MemResult{}, err
	}
	o := f.options
	if o.Core, err = coreOr(o.Core); err != nil {
		return MemResult{}, err
	}
	// One processor for the polling thread, which never gives it back, and two for the rest: as in a datapath process.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(3, runtime.GOMAXPROCS(0))))
	sw, err := build(o, source, memport.NewSink("sink", 1))
	if err != nil {
		return MemResult{}, fmt.Errorf("build switch: %w", err)
	}
	run := memRun{
		sw: sw, round: uint64(len(packets)), warmup: time.Duration(f.warmup), length: time.Duration(f.length),
		bare: f.bare, core: o.Core, packets: packets, now: now, pause: pause,
	}
	r, err := run.do(ctx)
	r.Traffic, r.Core = words, o.Core
	return r, err
}

// plan makes the traffic and says what it is.
func (f *memFlags) plan() (*traffic.Plan, string, error) {
	if f.pcap != "" {
		p, err := traffic.Build(traffic.Spec{Pcap: f.pcap})
		return p, "replay of " + f.pcap, err
	}
	p, err := traffic.KindPlan(f.kind, f.flows)
	return p, fmt.Sprintf("%d flows of %s, one packet each in turn", f.flows, f.kind), err
}

// inOrder is one turn of a plan, packet by packet.
func inOrder(p *traffic.Plan) [][]byte {
	packets := make([][]byte, len(p.Order))
	for i, n := range p.Order {
		packets[i] = p.Frames[n]
	}
	return packets
}

// coreOr is the core asked for, or the last that this process may use if it is negative.
func coreOr(core int) (int, error) {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return 0, fmt.Errorf("find cores: %w", err)
	}
	var cores []int
	for i := range len(may) * 64 {
		if may.IsSet(i) {
			cores = append(cores, i)
		}
	}
	switch {
	case core < 0:
		return cores[len(cores)-1], nil
	case !slices.Contains(cores, core):
		return 0, fmt.Errorf("core %d: this process may use %v", core, cores)
	}
	return core, nil
}

// reasons lists drops by reason behind their sum.
func reasons(drops map[string]uint64) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(drops)) {
		fmt.Fprintf(&b, ", %s %d", name, drops[name])
	}
	return b.String()
}
