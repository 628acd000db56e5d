package gen

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"pollux/internal/clock"
	"pollux/perf/netdev"
	"pollux/perf/report"
)

// The kernel generator is one system call as long as the run. BPF_PROG_RUN
// with live frames takes a packet, makes frames of it and runs an XDP program
// on each, 64 at a time; what the program redirects leaves by the device. Such
// a call costs some 25 ms to set up and tear down (a page pool and an RCU grace
// period), so many short calls measure nothing but themselves.
//
// Everything else is the program's: which packet comes next, whether it is due
// (an early frame is dropped, which takes 30 ns, so the pacing is as even as
// 64 of those), its mark, the counters. A goroutine reads the counters and ends
// the call with a signal; that is the only way out of it, and the reason why
// the call is made here and not through cilium/ebpf, which would start anew.

// kernel is a loaded generator.
type kernel struct {
	*program
	template []byte // a packet of the greatest length
	ifindex  int
	stopped  atomic.Bool
}

// control is what the program is told, as it lies in its map.
type control struct {
	Stop     uint64 // not 0: send nothing more
	Limit    uint64 // packets to send in all
	Interval uint64 // between packets, 1/256 ns; 0: none
}

// state is what the program keeps, as it lies in its map.
type state struct {
	Sent  uint64 // packets
	Bytes uint64
	Next  uint64 // when the next packet is due, 1/256 ns of CLOCK_MONOTONIC
	Pos   uint64 // place in the plan's order
	First uint64 // when the first packet was sent, ns; 0 if the program reads no clock
	Last  uint64 // when the last packet was sent, ns; the same
}

func runKernel(ctx context.Context, c Config, d netdev.Device, tick func(report.Tick)) (tx report.Tx, err error) {
	p, err := loadProgram(c.Plan, d.Index, c.Rate > 0)
	if err != nil {
		return tx, fmt.Errorf("load generator for %s: %w", d.Name, err)
	}
	defer p.close()
	k := &kernel{program: p, template: make([]byte, c.Plan.MaxLen()), ifindex: d.Index}
	copy(k.template, c.Plan.Frames[0])
	ctl := control{Limit: math.MaxUint64}
	if c.Count > 0 {
		ctl.Limit = c.Count
	}
	if c.Rate > 0 {
		ctl.Interval = uint64(256e9 / c.Rate)
	}
	st := state{Next: uint64(clock.System.Now()) << 8}
	if err := errors.Join(p.control.Put(uint32(0), &ctl), p.state.Put(uint32(0), &st)); err != nil {
		return tx, fmt.Errorf("start generator for %s: %w", d.Name, err)
	}
	tid := unix.Gettid()
	watched, left := make(chan error, 1), make(chan struct{})
	go func() { watched <- k.watch(ctx, ctl, &tx, tick, tid, left) }()
	err = k.emit()
	close(left)
	if err = errors.Join(err, <-watched); err != nil {
		return tx, fmt.Errorf("send on %s: %w", d.Name, err)
	}
	return tx, nil
}

// emit stays in the kernel until the generator is stopped.
func (k *kernel) emit() error {
	xdpMd := make([]byte, 24) // struct xdp_md: data_end and ingress_ifindex
	binary.NativeEndian.PutUint32(xdpMd[4:], uint32(len(k.template)))
	binary.NativeEndian.PutUint32(xdpMd[12:], uint32(k.ifindex))
	for !k.stopped.Load() {
		err := progRun(k.prog.FD(), k.template, xdpMd, math.MaxInt32, unix.BPF_F_TEST_XDP_LIVE_FRAMES)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("run XDP program on live frames of %d bytes: %w", len(k.template), err)
		}
	}
	return nil
}

// watch reads the counters until ctx ends or everything is sent; then it calls
// thread tid back from the kernel. left is closed when that thread is out.
func (k *kernel) watch(ctx context.Context, ctl control, tx *report.Tx, tick func(report.Tick), tid int, left <-chan struct{}) error {
	var st state
	var err error
	look := func() {
		err = k.state.Lookup(uint32(0), &st)
		t := report.Tick{At: int64(clock.System.Now()), Packets: st.Sent, Bytes: st.Bytes}
		tx.Ticks = append(tx.Ticks, t)
		tick(t)
	}
	look()
	every := time.NewTicker(time.Duration(tickInterval))
	defer every.Stop()
	for running := true; running && err == nil && st.Sent < ctl.Limit; {
		select {
		case <-every.C:
			look()
		case <-ctx.Done():
			running = false
		case <-left: // emit failed
			running = false
		}
	}
	ctl.Stop = 1
	err = errors.Join(err, k.control.Put(uint32(0), &ctl))
	stopped := int64(clock.System.Now())
	k.stopped.Store(true)
	callBack(tid, left)
	look()
	tx.Packets, tx.Bytes, tx.Start, tx.End = st.Sent, st.Bytes, int64(st.First), int64(st.Last)
	if st.First == 0 {
		tx.Start, tx.End = tx.Ticks[0].At, stopped
	}
	return err
}

// callBack interrupts the system call of thread tid until it is out of it. The
// signal is the one by which the Go runtime preempts, which is harmless at any
// moment; one that comes between two calls is lost, hence the repetition.
func callBack(tid int, left <-chan struct{}) {
	for {
		_ = unix.Tgkill(unix.Getpid(), tid, unix.SIGURG)
		select {
		case <-left:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}
