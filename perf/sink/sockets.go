package sink

import (
	"context"
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/asavie/xdp"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pollux/internal/clock"
	"pollux/perf/netdev"
	"pollux/perf/report"
	"pollux/perf/stamp"
)

const (
	frames    = 4096 // of each queue's UMEM; all of them wait in the fill ring
	frameSize = 4096 // bytes, of which the kernel keeps 256 as headroom
	idleSpins = 200  // empty looks at the rings before the thread sleeps in poll(2)
	pollMs    = 10   // longest sleep, milliseconds
)

// sockets is one AF_XDP socket per receive queue, and what was seen so far.
type sockets struct {
	queues  []*xdp.Socket
	pollFds []unix.PollFd
	track   tracker
	latency *hdrhistogram.Histogram
	rx      report.Rx
}

func runSockets(ctx context.Context, c Config, d netdev.Device, ready func(), tick func(report.Tick)) (report.Rx, error) {
	if err := netdev.Pin(c.CPU); err != nil {
		return report.Rx{}, err
	}
	s := &sockets{latency: newHistogram()}
	detach, err := s.open(d)
	if err != nil {
		return report.Rx{}, fmt.Errorf("open sink on %s: %w", d.Name, err)
	}
	defer detach()
	ready()
	s.loop(ctx, tick)
	return s.finish()
}

// open binds a socket to every queue and steers the device's packets to them.
// The program hangs on a BPF link, so the device is free again when the
// process ends, however it ends (xdp.Program.Attach would leave it, and its
// Detach never returns where XDP is generic).
func (s *sockets) open(d netdev.Device) (detach func() error, err error) {
	prog, err := xdp.NewProgram(d.Queues)
	if err != nil {
		return nil, err
	}
	for q := range d.Queues {
		if err := s.bind(d, q, prog); err != nil {
			return nil, fmt.Errorf("bind queue %d: %w", q, err)
		}
	}
	l, err := link.AttachXDP(link.XDPOptions{Program: prog.Program, Interface: d.Index})
	if err != nil {
		return nil, fmt.Errorf("attach XDP program: %w", err)
	}
	return l.Close, nil
}

// bind opens a socket on one queue and gives the kernel all its frames.
func (s *sockets) bind(d netdev.Device, queue int, prog *xdp.Program) error {
	var sock *xdp.Socket
	err := netdev.RetryBusy(func() (err error) {
		sock, err = xdp.NewSocket(d.Index, queue, &xdp.SocketOptions{
			NumFrames: frames, FrameSize: frameSize,
			FillRingNumDescs: frames, CompletionRingNumDescs: 64, RxRingNumDescs: frames,
		})
		return err
	})
	if err != nil {
		return err
	}
	all := make([]xdp.Desc, frames)
	for i := range all {
		all[i] = xdp.Desc{Addr: uint64(i * frameSize)}
	}
	sock.Fill(all)
	s.queues = append(s.queues, sock)
	s.pollFds = append(s.pollFds, unix.PollFd{Fd: int32(sock.FD()), Events: unix.POLLIN})
	return prog.Register(queue, sock.FD())
}

// loop empties the queues in turn. After a while without packets it sleeps in
// the kernel, so that a sink shares its CPU when there is nothing to measure.
func (s *sockets) loop(ctx context.Context, tick func(report.Tick)) {
	idle := 0
	for next := clock.System.Now(); ctx.Err() == nil; {
		n := 0
		for _, q := range s.queues {
			n += s.receive(q)
		}
		if idle++; n > 0 {
			idle = 0
		}
		if idle > idleSpins {
			_, _ = unix.Poll(s.pollFds, pollMs) // an error is an interruption: look at the rings
		}
		if now := clock.System.Now(); now >= next {
			s.tick(now, tick)
			next = now + tickInterval
		}
	}
}

// receive takes what waits in one queue and gives the frames back to the
// kernel. All its packets are taken at one time.
func (s *sockets) receive(q *xdp.Socket) int {
	n := q.NumReceived()
	if n == 0 {
		return 0
	}
	descs := q.Receive(n)
	now := int64(clock.System.Now())
	for _, d := range descs {
		frame := q.GetFrame(d)
		s.rx.Packets++
		s.rx.Bytes += uint64(len(frame))
		if seq, ns, ok := stamp.Get(frame); ok {
			s.rx.Stamped++
			s.track.see(seq)
			_ = s.latency.RecordValue(min(max(now-ns, 1), maxLatency)) // in bounds
		}
	}
	q.Fill(descs)
	return len(descs)
}

func (s *sockets) tick(now clock.Time, tick func(report.Tick)) {
	t := report.Tick{At: int64(now), Packets: s.rx.Packets, Bytes: s.rx.Bytes}
	s.rx.Ticks = append(s.rx.Ticks, t)
	tick(t)
}

// finish asks the kernel what it could not put into our rings.
func (s *sockets) finish() (report.Rx, error) {
	for i, q := range s.queues {
		st, err := q.Stats()
		if err != nil {
			return s.rx, fmt.Errorf("read counters of queue %d: %w", i, err)
		}
		s.rx.Dropped += st.KernelStats.Rx_dropped + st.KernelStats.Rx_ring_full
	}
	s.rx.Gaps, s.rx.Reordered, s.rx.Duplicate = s.track.gaps(), s.track.reordered, s.track.duplicate
	s.rx.Latency = summary(s.latency)
	return s.rx, nil
}
