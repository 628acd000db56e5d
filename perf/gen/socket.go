package gen

import (
	"context"
	"fmt"

	"github.com/asavie/xdp"
	"golang.org/x/sys/unix"

	"pollux/internal/clock"
	"pollux/perf/netdev"
	"pollux/perf/report"
	"pollux/perf/stamp"
	"pollux/perf/traffic"
)

const (
	ring  = 2048 // frames, transmit and completion descriptors
	burst = 64   // packets of one system call
)

// socket sends from one AF_XDP socket. Its frames are used in turn: number
// used%ring is free as long as fewer than ring packets are on their way,
// which spares the search through all frames that xdp.Socket.GetDescs is.
type socket struct {
	xsk   *xdp.Socket
	name  netdev.Name
	plan  *traffic.Plan
	size  int // bytes of a frame of the UMEM
	used  uint64
	at    int // place in the plan's order
	descs [burst]xdp.Desc
	tx    report.Tx
}

func runSocket(ctx context.Context, c Config, d netdev.Device, tick func(report.Tick)) (report.Tx, error) {
	s := &socket{name: d.Name, plan: c.Plan, size: 2048}
	if most := c.Plan.MaxLen(); most > 4096 {
		return s.tx, fmt.Errorf("send on %s: frame of %d bytes, at most 4096 fit", d.Name, most)
	} else if most > s.size {
		s.size = 4096
	}
	err := netdev.RetryBusy(func() (err error) {
		s.xsk, err = xdp.NewSocket(d.Index, c.Queue, &xdp.SocketOptions{
			NumFrames: ring, FrameSize: s.size,
			FillRingNumDescs: 64, CompletionRingNumDescs: ring, TxRingNumDescs: ring,
		})
		return err
	})
	if err != nil {
		return s.tx, fmt.Errorf("send on %s: bind queue %d: %w", d.Name, c.Queue, err)
	}
	// Before Linux 6.17 the kernel sends 32 packets a call; send sees to the rest.
	_ = unix.SetsockoptInt(s.xsk.FD(), unix.SOL_XDP, unix.XDP_MAX_TX_SKB_BUDGET, burst)
	err = s.loop(ctx, c, tick)
	return s.tx, err
}

func (s *socket) loop(ctx context.Context, c Config, tick func(report.Tick)) error {
	now := clock.System.Now()
	pace := newPacer(c.Rate, now)
	s.tx.Start = int64(now)
	for next := now; ctx.Err() == nil; now = clock.System.Now() {
		if now >= next {
			s.tick(now, tick)
			next = now + tickInterval
		}
		n := c.left(s.used, pace.due(now, burst))
		if n == 0 && c.Count > 0 && s.used == c.Count {
			break
		}
		n = min(n, s.free())
		s.prepare(n, now)
		if err := s.send(s.descs[:n]); err != nil {
			return err
		}
		pace.took(n)
	}
	err := s.drain()
	now = clock.System.Now()
	s.tx.End, s.tx.Packets = int64(now), s.used-uint64(s.xsk.NumTransmitted())
	s.tick(now, tick)
	return err
}

// free takes back the frames that were sent and counts those not in use.
func (s *socket) free() int {
	if n := s.xsk.NumCompleted(); n > 0 {
		s.xsk.Complete(n)
	}
	return ring - s.xsk.NumTransmitted()
}

// prepare copies the next n packets of the plan into free frames.
func (s *socket) prepare(n int, now clock.Time) {
	for i := range n {
		packet := s.plan.Frames[s.plan.Order[s.at]]
		if s.at++; s.at == len(s.plan.Order) {
			s.at = 0
		}
		d := xdp.Desc{Addr: s.used % ring * uint64(s.size), Len: uint32(len(packet))}
		frame := s.xsk.GetFrame(d)
		copy(frame, packet)
		if s.plan.Stamped {
			stamp.Put(frame, s.used, int64(now))
		}
		s.descs[i] = d
		s.used++
		s.tx.Bytes += uint64(len(packet))
	}
}

// send hands packets to the kernel and has it send them. Without packets it
// only pushes those that it left lying. xdp.Socket.Transmit panics when the
// device goes down.
func (s *socket) send(descs []xdp.Desc) (err error) {
	if len(descs) == 0 && s.xsk.NumTransmitted() == 0 {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("send on %s: is the device still up? %v", s.name, p)
		}
	}()
	s.xsk.Transmit(descs) // takes all: there are as many descriptors as frames
	return nil
}

// drain pushes until the kernel has sent everything, for a second at most.
func (s *socket) drain() error {
	for end := clock.System.Now() + clock.Second; s.free() < ring && clock.System.Now() < end; {
		if err := s.send(nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *socket) tick(now clock.Time, tick func(report.Tick)) {
	t := report.Tick{At: int64(now), Packets: s.used, Bytes: s.tx.Bytes}
	s.tx.Ticks = append(s.tx.Ticks, t)
	tick(t)
}
