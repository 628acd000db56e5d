package perf

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"pollux/dpif"
	"pollux/internal/clock"
)

// `perf stall` asks whether the polling thread notices what the control process
// does. The switch has its two processes, no device, and a table full of rules;
// this process is its control process. It is watched in turn while this process does nothing and
// while it allocates as fast as told. Before that a bare loop polls on the same core: the gaps
// that it has are the machine's.

// StallBuilder starts a switch of two processes, of which this one is the control
// process, without devices, and loads the file of rules.
type StallBuilder func(rules string, core int) (StallSwitch, error)

// StallSwitch is a switch that polls.
type StallSwitch interface {
	Counts() MemCounts
	// ClearWorstGap lets MemCounts.WorstGap begin anew.
	ClearWorstGap()
	Stop() error
}

// ClearWorstGap does it for the threads of a region. A thread that finds a new worst
// gap in the same instant may have the last word.
func ClearWorstGap(r *dpif.Region) {
	for i := range r.Layout.Threads {
		r.Thread(i).Stats.WorstGap.Set(0)
	}
}

// StallResult is what `perf stall` found, the object that it prints with --json.
type StallResult struct {
	Core    int     `json:"core"`
	Rules   int     `json:"rules"`
	Rounds  int     `json:"rounds"`
	Seconds float64 `json:"seconds"` // each of a round's windows

	AllocMBps float64 `json:"alloc_mb_per_s"` // what the control process allocated when it did, 10^6 bytes

	Bare stallGaps `json:"bare"` // a loop that does nothing but poll
	Idle stallGaps `json:"idle"` // the switch, its control process at rest
	Busy stallGaps `json:"busy"` // the switch, its control process allocating

	WorstRatio   float64 `json:"worst_ratio"`     // worst gap of a window, busy to idle, medians
	ExtraOver20u float64 `json:"extra_over_20us"` // part of the time in gaps above 20 µs, busy less idle, medians
}

// stallGaps are the gaps of all windows of one kind.
type stallGaps struct {
	WorstMedianUs float64   `json:"worst_gap_median_us"` // of the windows' worst
	WorstUs       float64   `json:"worst_gap_us"`        // over all windows
	Over20us      float64   `json:"time_over_20us"`      // part of the time, the median window
	Worsts        []float64 `json:"worst_gaps_us"`       // of each window, rising
}

func gather(windows []gapStats) (g stallGaps) {
	var over []float64
	for _, w := range windows {
		g.Worsts = append(g.Worsts, w.WorstUs)
		over = append(over, w.Over20us)
	}
	if len(windows) == 0 {
		return g
	}
	slices.Sort(g.Worsts)
	slices.Sort(over)
	g.WorstMedianUs, g.WorstUs, g.Over20us = g.Worsts[len(over)/2], g.Worsts[len(over)-1], over[len(over)/2]
	return g
}

// stallRun is one measurement.
type stallRun struct {
	rounds int
	length time.Duration // of a window
	bare   func(context.Context, time.Duration) (gapStats, error)
	start  func() (StallSwitch, error)
	load   func() (stop func() (bytes uint64))
	now    func() clock.Time
	pause  func(context.Context, time.Duration)
}

func (r *stallRun) do(ctx context.Context) (res StallResult, err error) {
	var bare, idle, busy []gapStats
	for range r.rounds {
		g, err := r.bare(ctx, r.length)
		if err != nil {
			return res, err
		}
		bare = append(bare, g)
	}
	sw, err := r.start()
	if err != nil {
		return res, fmt.Errorf("start switch: %w", err)
	}
	var bytes uint64
	var nanos clock.Time
	for range r.rounds {
		idle = append(idle, r.watch(ctx, sw))
		from := r.now()
		stop := r.load()
		busy = append(busy, r.watch(ctx, sw))
		bytes += stop()
		nanos += r.now() - from
		if ctx.Err() != nil {
			break
		}
	}
	if err := sw.Stop(); err != nil {
		return res, fmt.Errorf("stop switch: %w", err)
	}
	if ctx.Err() != nil {
		return res, fmt.Errorf("interrupted in round %d of %d", len(busy), r.rounds)
	}
	res = StallResult{Rounds: len(busy), Seconds: r.length.Seconds(), Bare: gather(bare), Idle: gather(idle), Busy: gather(busy)}
	res.AllocMBps = round(part(float64(bytes)*1e3, float64(nanos)), 1)
	res.WorstRatio = round(part(res.Busy.WorstMedianUs, res.Idle.WorstMedianUs), 3)
	res.ExtraOver20u = round(res.Busy.Over20us-res.Idle.Over20us, 6)
	return res, nil
}

// watch is one window.
func (r *stallRun) watch(ctx context.Context, sw StallSwitch) gapStats {
	r.pause(ctx, settle) // what began or ended before is over
	sw.ClearWorstGap()
	a, from := sw.Counts(), r.now()
	r.pause(ctx, r.length)
	b := sw.Counts()
	return gapsBetween(&a, &b, float64(r.now()-from))
}

// Of the garbage that is made: the size of an object, how many of them stay alive so
// that the collector has something to walk, and how often some are made.
const (
	garbageObject = 1 << 10
	garbageAlive  = 32 << 10
	garbageEvery  = time.Millisecond
)

// garbageNode is an object that points at another.
type garbageNode struct {
	next *garbageNode
	data [garbageObject - 8]byte
}

// makeGarbage allocates so many bytes a second in a goroutine until stop, which says how many it were.
func makeGarbage(bytesPerSec float64, pause func(context.Context, time.Duration)) (stop func() uint64) {
	var made atomic.Uint64
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		alive := make([]*garbageNode, garbageAlive)
		start := clock.System.Now()
		for ctx.Err() == nil {
			due := uint64(clock.System.Now().Sub(start).Seconds() * bytesPerSec)
			for n := made.Load() / garbageObject; n < due/garbageObject && ctx.Err() == nil; n++ {
				alive[n%garbageAlive] = &garbageNode{next: alive[(n*7919)%garbageAlive]}
				alive[n%garbageAlive].next.cut()
				made.Store((n + 1) * garbageObject)
			}
			pause(ctx, garbageEvery)
		}
	}()
	return func() uint64 { cancel(); <-done; return made.Load() }
}

// cut lets what hangs on a node die, so that chains stay short.
func (n *garbageNode) cut() {
	if n != nil {
		n.next = nil
	}
}
