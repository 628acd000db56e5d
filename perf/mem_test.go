package perf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"pollux/counter"
	"pollux/internal/clock"
	"pollux/perf/traffic"
	"pollux/rxtx"
)

// fakeSwitch is a switch whose counters move with a clock that the test turns:
// 10 packets a µs, 100 cycles each; one upcall a ms for the first newFlows ms.
type fakeSwitch struct {
	clock    clock.Manual
	newFlows uint64
	deaf     bool // it receives nothing
	life     []string
	broken   error
}

func (f *fakeSwitch) Start() error { f.life = append(f.life, "start"); return f.broken }
func (f *fakeSwitch) Stop() error  { f.life = append(f.life, "stop"); return nil }

func (f *fakeSwitch) Counts() (c MemCounts) {
	us := uint64(f.clock.Now() / clock.Microsecond)
	n := 10 * us
	if f.deaf {
		return c
	}
	c.PacketsIn, c.PacketsOut, c.Drops[counter.TxQueueFull] = n, n-us, us
	c.Upcalls = min(us/1000, f.newFlows)
	c.Misses, c.ClassifierHits, c.SecondHits = c.Upcalls, us, 4*us
	c.FirstHits = n - c.Misses - c.ClassifierHits - c.SecondHits
	c.SubtableLookups = 3*us + 3*c.Upcalls
	c.Flows, c.Masks = c.Upcalls, 7
	c.BusyCycles, c.IdleCycles = 100*n, 100*n
	c.Gaps[10] = us
	c.Gaps[16] = us / 100000
	c.GapNanos20 = us / 100000 * 50000
	c.WorstGap = 1_000_000 // while warming up
	return c
}

// pause turns the clock.
func (f *fakeSwitch) pause(ctx context.Context, d time.Duration) { f.clock.Advance(d) }

func (f *fakeSwitch) measure(flags *memFlags) (MemResult, MemOptions, error) {
	var got MemOptions
	build := func(o MemOptions, source, sink rxtx.Port) (MemSwitch, error) {
		got = o
		return f, nil
	}
	r, err := flags.measure(context.Background(), build, f.clock.Now, f.pause)
	return r, got, err
}

func shortMem() *memFlags {
	return &memFlags{kind: "udp4", flows: 10, length: seconds(time.Millisecond), warmup: seconds(time.Second), options: MemOptions{Core: -1, Rules: "rules"}}
}

func TestMemReportsDifferences(t *testing.T) {
	f := &fakeSwitch{newFlows: 3000}
	flags := shortMem()
	flags.length = seconds(2 * time.Second)
	r, o, err := f.measure(flags)
	if err != nil {
		t.Fatal(err)
	}
	if o.Rules != "rules" || o.Core != r.Core || o.Core < 0 {
		t.Errorf("the switch was built of %+v, the result says core %d", o, r.Core)
	}
	if !r.Settled || r.WarmupSeconds < 3 || r.WarmupSeconds > 3.5 || r.WarmupUpcalls != 3000 || r.Upcalls != 0 {
		t.Errorf("warm after %v s: %+v", r.WarmupSeconds, r)
	}
	want := MemResult{Seconds: 2, Mpps: 10, CyclesPerPacket: 100, Busy: 0.5, FirstHits: 0.5, SecondHits: 0.4, ClassifierHits: 0.1,
		Subtables: 3, DatapathFlows: 3000, Masks: 7, PacketsIn: 20e6, PacketsOut: 18e6, Drops: 2e6}
	got := MemResult{Seconds: r.Seconds, Mpps: r.Mpps, CyclesPerPacket: r.CyclesPerPacket, Busy: r.Busy, FirstHits: r.FirstHits,
		SecondHits: r.SecondHits, ClassifierHits: r.ClassifierHits, Subtables: r.Subtables, DatapathFlows: r.DatapathFlows,
		Masks: r.Masks, PacketsIn: r.PacketsIn, PacketsOut: r.PacketsOut, Drops: r.Drops}
	if a, b := asJSON(t, got), asJSON(t, want); a != b {
		t.Errorf("found\n%s, want\n%s", a, b)
	}
	if r.DropReasons["tx_queue_full"] != 2e6 || len(r.DropReasons) != 1 || r.Unaccounted != 0 {
		t.Errorf("drops %v, unaccounted %d", r.DropReasons, r.Unaccounted)
	}
	if r.WorstUs != 65.535 || r.Long != 20 || r.Over20us != 0.0005 || r.P50Us != 1.023 {
		t.Errorf("gaps %+v", r.gapStats)
	}
	if r.BareCyclesPerPacket <= 0 || r.BareMpps <= 0 {
		t.Errorf("bare loop: %v Mpps, %v cycles", r.BareMpps, r.BareCyclesPerPacket)
	}
	if r.Allocs != 0 {
		t.Errorf("%d allocations on a polling thread that does not exist", r.Allocs)
	}
	if strings.Join(f.life, " ") != "start stop" {
		t.Errorf("life of the switch: %v", f.life)
	}
}

func TestMemWorstGapInSight(t *testing.T) {
	a, b := MemCounts{WorstGap: 5000}, MemCounts{WorstGap: 70001}
	a.Gaps[13], b.Gaps[13], b.Gaps[17] = 1, 1, 1
	if g := gapsBetween(&a, &b, 1e9); g.WorstUs != 70.001 || g.Long != 1 {
		t.Errorf("%+v", g)
	}
	if g := gapsBetween(&b, &b, 1e9); g.WorstUs != 0 || g.Long != 0 {
		t.Errorf("no gaps: %+v", g)
	}
}

func TestMemThatNeverSettles(t *testing.T) {
	f := &fakeSwitch{newFlows: 1 << 60}
	r, _, err := f.measure(shortMem())
	if err != nil || r.Settled || r.Upcalls == 0 {
		t.Errorf("%v, settled %v, %d upcalls", err, r.Settled, r.Upcalls)
	}
}

func TestMemRefuses(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		sw    *fakeSwitch
		spoil func(*memFlags)
		want  string
	}{
		"deaf":    {&fakeSwitch{deaf: true}, func(*memFlags) {}, "received no packet"},
		"broken":  {&fakeSwitch{broken: broken}, func(*memFlags) {}, "start switch: broken"},
		"kind":    {&fakeSwitch{}, func(f *memFlags) { f.kind = "udp5" }, `"udp5"`},
		"pcap":    {&fakeSwitch{}, func(f *memFlags) { f.pcap = "/nowhere/x.pcap" }, "/nowhere/x.pcap"},
		"seconds": {&fakeSwitch{}, func(f *memFlags) { f.length = 0 }, "--seconds"},
		"core":    {&fakeSwitch{}, func(f *memFlags) { f.options.Core = 4000 }, "core 4000"},
	} {
		t.Run(name, func(t *testing.T) {
			flags := shortMem()
			c.spoil(flags)
			if _, _, err := c.sw.measure(flags); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
	build := func(MemOptions, rxtx.Port, rxtx.Port) (MemSwitch, error) { return nil, broken }
	if _, err := shortMem().measure(context.Background(), build, nil, nil); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestMemInterrupted(t *testing.T) {
	f := &fakeSwitch{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	build := func(MemOptions, rxtx.Port, rxtx.Port) (MemSwitch, error) { return f, nil }
	_, err := shortMem().measure(ctx, build, f.clock.Now, f.pause)
	if err == nil || strings.Join(f.life, " ") != "start stop" {
		t.Errorf("error %v, life %v", err, f.life)
	}
}

// The command hands on what its flags say, and its JSON has every number where bench/mem.sh looks for it.
func TestMemCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.pcap")
	plan, err := traffic.KindPlan("vlan4", 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	args := []string{"--pcap", file, "--flows", "rules.txt", "--seconds", "0.001", "--warmup", "0.001", "--core", "0",
		"--first-entries", "64", "--second-entries", "0", "--inverse-probability", "7"}
	var got MemOptions
	build := func(o MemOptions, source, sink rxtx.Port) (MemSwitch, error) {
		got = o
		if source.Info().Name != "source" || sink.Info().Name != "sink" {
			t.Errorf("ports %v and %v", source.Info(), sink.Info())
		}
		return &realTime{}, nil
	}
	out := execute(t, MemCommand(build), append(args, "--json"))
	if want := (MemOptions{Rules: "rules.txt", FirstEntries: 64, SecondEntries: 0, InverseProbability: 7}); got != want {
		t.Errorf("the switch was built of %+v, want %+v", got, want)
	}
	for _, key := range []string{"mpps", "cycles_per_packet", "bare_cycles_per_packet", "first_hits", "second_hits", "classifier_hits",
		"upcalls", "datapath_flows", "masks", "allocs", "worst_gap_us", "drops", "seconds"} {
		if !regexp.MustCompile(`"` + key + `": *-?[0-9.]+[,}]`).MatchString(out) {
			t.Errorf("no number %q in %s", key, out)
		}
	}
	if strings.Count(out, "\n") != 1 {
		t.Errorf("more than one line: %s", out)
	}
	out = execute(t, MemCommand(build), args)
	for _, words := range []string{"replay of " + file, "cycles a packet", "first cache", "allocations"} {
		if !strings.Contains(out, words) {
			t.Errorf("no %q in\n%s", words, out)
		}
	}
}

// realTime is a switch that has received a lot whenever it is asked.
type realTime struct{ asked uint64 }

func (f *realTime) Start() error { return nil }
func (f *realTime) Stop() error  { return nil }
func (f *realTime) Counts() (c MemCounts) {
	f.asked++
	c.PacketsIn, c.PacketsOut = 1000*f.asked, 1000*f.asked
	return c
}

func TestGapsCommand(t *testing.T) {
	out := execute(t, GapsCommand(), []string{"--seconds", "0.002", "--json"})
	var r gapsResult
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Turns == 0 || r.Seconds < 0.002 || r.CyclesATurn <= 0 {
		t.Errorf("%+v", r)
	}
	if out := execute(t, GapsCommand(), []string{"--seconds", "0.001"}); !strings.Contains(out, "worst gap") {
		t.Errorf("%s", out)
	}
}

func execute(t *testing.T, c *cobra.Command, args []string) string {
	t.Helper()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(os.Stderr)
	c.SetArgs(args)
	c.SilenceUsage = true
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
