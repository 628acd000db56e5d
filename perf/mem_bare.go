package perf

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx/memport"
)

// A bare loop is what every polling thread has around its work: poll, send,
// look at the clock. It is measured so that its cost and its gaps can be taken off
// those of the switch, which are of the same machine in the same minute.

// bare is what a bare loop found.
type bare struct {
	seconds float64
	turns   uint64
	packets uint64
	cycles  uint64
	gaps    gapStats
	// histogram counts the gaps of 1 µs and more, in ns, as counter.Histogram does.
	histogram [counter.HistogramBins]uint64
}

// onCore runs a loop on a thread of its own that is pinned to core: turn is called again and
// again until d has passed or ctx ends, at least once. The thread ends with the loop.
func onCore(ctx context.Context, core int, d time.Duration, turn func()) (b bare, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: a pinned thread is good for nothing else
		var set unix.CPUSet
		set.Set(core)
		if err = unix.SchedSetaffinity(0, &set); err != nil {
			err = fmt.Errorf("pin polling loop to core %d: %w", core, err)
			return
		}
		b = spin(ctx.Done(), d, turn)
	}()
	<-done
	return b, err
}

// doneEvery is how many turns pass between two looks at whether to go on.
const doneEvery = 1024

func spin(done <-chan struct{}, d time.Duration, turn func()) (b bare) {
	m := newGapMeter()
	start := m.last
	end := start + uint64(float64(d)/m.nanosPerCycle)
	for now := start; ; now = m.poll() {
		if now >= end && b.turns > 0 || b.turns%doneEvery == doneEvery-1 && ended(done) {
			break
		}
		turn()
		b.turns++
	}
	b.cycles = m.last - start
	nanos := float64(b.cycles) * m.nanosPerCycle
	c := m.counts()
	b.seconds, b.gaps, b.histogram = nanos/1e9, gapsBetween(&MemCounts{}, &c, nanos), c.Gaps
	return b
}

func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// Of the packet memory of a bare loop, which holds no packet for longer than a turn.
const (
	bareFrames    = 1024
	bareFrameSize = 2048
)

// bareForward receives the packets over and over and sends them to a sink, looking at nothing.
func bareForward(ctx context.Context, core int, d time.Duration, packets [][]byte) (bare, error) {
	memory, err := packet.NewMemory(make([]byte, bareFrames*bareFrameSize), bareFrameSize)
	if err != nil {
		return bare{}, fmt.Errorf("run bare loop: %w", err)
	}
	source, err := memport.NewReplay("source", packets, 0)
	if err != nil {
		return bare{}, fmt.Errorf("run bare loop: %w", err)
	}
	sink := memport.NewSink("sink", 1)
	pool := memory.Split(1)[0]
	var in, out counter.Port
	rx, tx := source.Queue(0), sink.Queue(0)
	if err := rx.Attach(pool, &in, 1); err != nil {
		return bare{}, fmt.Errorf("run bare loop: %w", err)
	}
	if err := tx.Attach(pool, &out, 2); err != nil {
		return bare{}, fmt.Errorf("run bare loop: %w", err)
	}
	var batch packet.Batch
	b, err := onCore(ctx, core, d, func() {
		rx.Receive(&batch)
		tx.Send(&batch)
		tx.Flush()
	})
	b.packets = out.TxPackets.Load()
	return b, err
}
