package perf

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pollux/internal/clock"
)

// fakeStall is a switch whose worst gap of a window is 100 µs, or 140 µs when it is loaded,
// with 1 or 3 % of the time in gaps above 20 µs.
type fakeStall struct {
	clock   clock.Manual
	counts  MemCounts
	loaded  bool
	stopped bool
}

func (f *fakeStall) Counts() MemCounts { return f.counts }
func (f *fakeStall) ClearWorstGap()    { f.counts.WorstGap = 0 }
func (f *fakeStall) Stop() error       { f.stopped = true; return nil }

func (f *fakeStall) pause(_ context.Context, d time.Duration) {
	f.clock.Advance(d)
	gap, part := uint64(100_000), 100
	if f.loaded {
		gap, part = 140_000, 33
	}
	if d > settle {
		f.counts.WorstGap = gap
		f.counts.Gaps[17]++
		f.counts.GapNanos20 += uint64(d) / uint64(part)
	}
}

func (f *fakeStall) run() *stallRun {
	return &stallRun{
		rounds: 3, length: time.Second, now: f.clock.Now, pause: f.pause,
		bare: func(context.Context, time.Duration) (gapStats, error) {
			return gapStats{WorstUs: 50, Over20us: 0.005}, nil
		},
		start: func() (StallSwitch, error) { return f, nil },
		load:  func() func() uint64 { f.loaded = true; return func() uint64 { f.loaded = false; return 510e6 } },
	}
}

func TestStallComparesBusyWithIdle(t *testing.T) {
	f := new(fakeStall)
	r, err := f.run().do(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r.Rounds != 3 || r.Bare.WorstMedianUs != 50 || r.Idle.WorstMedianUs != 100 || r.Busy.WorstMedianUs != 140 || r.WorstRatio != 1.4 {
		t.Errorf("%+v", r)
	}
	if r.Idle.Over20us != 0.01 || r.Busy.Over20us < 0.03 || r.ExtraOver20u != round(r.Busy.Over20us-0.01, 6) || r.AllocMBps != 500 {
		t.Errorf("%+v", r)
	}
	if !f.stopped || f.loaded {
		t.Errorf("stopped %v, loaded %v", f.stopped, f.loaded)
	}
}

func TestStallEndsWhatItStarted(t *testing.T) {
	f := new(fakeStall)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.run().do(ctx); err == nil || !f.stopped || f.loaded {
		t.Errorf("interrupted: error %v, stopped %v, loaded %v", err, f.stopped, f.loaded)
	}
	broken := errors.New("broken")
	r := f.run()
	r.start = func() (StallSwitch, error) { return nil, broken }
	if _, err := r.do(context.Background()); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestGatherIsTheMedian(t *testing.T) {
	g := gather([]gapStats{{WorstUs: 9, Over20us: 0.1}, {WorstUs: 1, Over20us: 0.9}, {WorstUs: 5, Over20us: 0.2}})
	if g.WorstMedianUs != 5 || g.WorstUs != 9 || g.Over20us != 0.2 || g.Worsts[0] != 1 {
		t.Errorf("%+v", g)
	}
	if g := gather(nil); g.WorstUs != 0 {
		t.Errorf("of nothing %+v", g)
	}
}

// Garbage comes at the rate asked for: never faster than the clock allows.
func TestGarbage(t *testing.T) {
	ticks := make(chan struct{})
	stop := makeGarbage(1e6, func(ctx context.Context, _ time.Duration) {
		select {
		case ticks <- struct{}{}:
		case <-ctx.Done():
		}
	})
	start := clock.System.Now()
	for clock.System.Now()-start < 5*clock.Millisecond {
		<-ticks
	}
	<-ticks
	<-ticks // of a turn that began after the loop above
	made := stop()
	if took := clock.System.Now().Sub(start).Seconds() + 1; made == 0 || float64(made) > 1e6*took {
		t.Errorf("%d bytes", made)
	}
}

func TestStallCommand(t *testing.T) {
	f := new(fakeStall)
	var rules string
	build := func(file string, core int) (StallSwitch, error) {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		rules = string(b)
		return f, nil
	}
	args := []string{"--rules", "3", "--rate", "1", "--rounds", "1", "--seconds", "0.001", "--core", "0"}
	var r StallResult
	if err := json.Unmarshal([]byte(execute(t, StallCommand(build), append(args, "--json"))), &r); err != nil {
		t.Fatal(err)
	}
	want := "priority=10,ip,nw_src=10.0.0.0,actions=output:1\npriority=10,ip,nw_src=10.0.0.1,actions=output:2\npriority=10,ip,nw_src=10.0.0.2,actions=output:1\n"
	if rules != want || r.Rules != 3 || r.Rounds != 1 || len(r.Bare.Worsts) != 1 {
		t.Errorf("%+v of rules\n%s", r, rules)
	}
	if out := execute(t, StallCommand(build), args); !strings.Contains(out, "busy to idle") {
		t.Errorf("%s", out)
	}
}
