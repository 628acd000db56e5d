package perf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pollux/internal/clock"
)

// memRun is one measurement of a switch.
type memRun struct {
	sw      MemSwitch
	round   uint64 // packets of the capture; all flows are known once it was played
	warmup  time.Duration
	length  time.Duration
	bare    time.Duration // at most, of the bare loop
	core    int
	packets [][]byte // for the bare loop

	now   func() clock.Time
	pause func(context.Context, time.Duration) // returns early when the context ends
}

func sleepFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Of warming up: how often the counters are looked at, how many looks in a row
// must find no new upcall, and how much longer than asked for it may take.
const (
	warmStep     = 50 * time.Millisecond
	warmQuiet    = 4
	warmPatience = 60 * time.Second
)

// settle is how long the stop of the world that counting allocations takes is
// given to be over before the counters are read.
const settle = 20 * time.Millisecond

// do warms the switch up, watches it, stops it, and runs the bare loop. Interrupted while watching
// it reports what it saw so far.
func (r *memRun) do(ctx context.Context) (MemResult, error) {
	if err := r.sw.Start(); err != nil {
		return MemResult{}, fmt.Errorf("start switch: %w", err)
	}
	warmed, settled, err := r.warm(ctx)
	if err != nil {
		return MemResult{}, errors.Join(err, r.sw.Stop())
	}
	w := startAllocWatch()
	r.pause(ctx, settle)
	before, start := r.sw.Counts(), r.now()
	r.pause(ctx, r.length)
	after, seconds := r.sw.Counts(), r.now().Sub(start).Seconds()
	a := w.end()
	if err := r.sw.Stop(); err != nil {
		return MemResult{}, fmt.Errorf("stop switch: %w", err)
	}
	res := newMemResult(&before, &after, seconds)
	res.WarmupSeconds, res.Settled, res.WarmupUpcalls = round(warmed.Seconds(), 3), settled, before.Upcalls
	res.Allocs, res.ProcessAllocs, res.Collections = a.polling, a.all, a.collections
	end := r.sw.Counts()
	res.Unaccounted = int64(end.PacketsIn+end.Made) - int64(end.PacketsOut+end.dropped()+end.ToControl)
	return res, r.addBare(ctx, &res)
}

// warm waits until the switch has seen the whole capture, the time asked for has passed and
// no upcall is made any more. settled is false if they went on until patience ended.
func (r *memRun) warm(ctx context.Context) (took time.Duration, settled bool, err error) {
	start, quiet := r.now(), 0
	var last uint64
	for {
		r.pause(ctx, warmStep)
		if ctx.Err() != nil {
			return 0, false, errors.New("interrupted while warming up")
		}
		c := r.sw.Counts()
		if quiet++; c.Upcalls != last {
			quiet, last = 0, c.Upcalls
		}
		took = r.now().Sub(start)
		switch {
		case took >= r.warmup && quiet >= warmQuiet && c.PacketsIn >= r.round:
			return took, true, nil
		case took < r.warmup+warmPatience:
		case c.PacketsIn == 0:
			return took, false, fmt.Errorf("warm up switch: it received no packet in %v", took.Round(time.Second))
		default:
			return took, false, nil
		}
	}
}

func (r *memRun) addBare(ctx context.Context, res *MemResult) error {
	b, err := bareForward(context.WithoutCancel(ctx), r.core, min(r.bare, r.length), r.packets)
	if err != nil {
		return err
	}
	res.BareCyclesPerPacket = round(part(float64(b.cycles), float64(b.packets)), 2)
	res.BareUndisturbed = round(res.BareCyclesPerPacket*(1-b.gaps.Over20us), 2)
	res.BareMpps = round(part(float64(b.packets)/1e6, b.seconds), 3)
	res.BareWorstGapUs, res.BareOver20us = b.gaps.WorstUs, b.gaps.Over20us
	return nil
}
