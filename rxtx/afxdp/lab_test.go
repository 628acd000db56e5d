//go:build lab

package afxdp

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/internal/clock"
	"pollux/internal/lab"
	"pollux/packet"
	"pollux/rxtx"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }

// A bench is two hosts with the test between them, on one thread as the datapath does it.
//
//	a: a0 10.9.0.1 ==== sa  [test]  sb ==== b0 10.9.0.2 :b
type bench struct {
	a, b, s *lab.NS
}

func newBench(t testing.TB, words ...string) *bench {
	lab.Need(t, "ping", "iperf3", "ethtool")
	x := &bench{a: lab.NewNS(t, "a"), b: lab.NewNS(t, "b"), s: lab.NewNS(t, "s")}
	lab.Cable(t, x.a, "a0", x.s, "sa", words...)
	lab.Cable(t, x.b, "b0", x.s, "sb", words...)
	x.a.Addr(t, "a0", "10.9.0.1/24", "fd00:9::1/64")
	x.b.Addr(t, "b0", "10.9.0.2/24", "fd00:9::2/64")
	return x
}

// setMTU sets the MTU of all four ends.
func (x *bench) setMTU(t *testing.T, mtu string) {
	x.a.Run(t, "ip", "link", "set", "a0", "mtu", mtu)
	x.s.Run(t, "ip", "link", "set", "sa", "mtu", mtu)
	x.s.Run(t, "ip", "link", "set", "sb", "mtu", mtu)
	x.b.Run(t, "ip", "link", "set", "b0", "mtu", mtu)
}

// crosses sees that pings from a come back. A busy machine may keep a reply for longer than ping
// waits, so it asks more than once.
func (x *bench) crosses(t *testing.T, to string, words ...string) {
	t.Helper()
	lab.Until(t, 20*time.Second, "pings to "+to, func() error {
		if r := x.a.Ping(t, to, 3, words...); r.Received != r.Sent {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
}

// A forwarder sends what comes in by one port out by the other, queue by queue.
type forwarder struct {
	frameSize   int  // of the packet memory, if not 2048
	own         bool // every device registers the memory for itself, as for zero copy
	umem        *UMEM
	ports       []rxtx.Port
	pool        *packet.Pool
	counts      []*counter.Port
	stop        atomic.Bool
	busy, burst atomic.Int64 // cycles spent on packets, and how many packets
	disturbed   uint64       // a poll that took longer was interrupted
	kicks       atomic.Int64
	perQueue    [8]int // packets received
	ended       chan error
	look        func(port int, p *packet.Packet) // at what was received, on the polling thread
}

// forward opens the ports and polls them until end is called.
func (x *bench) forward(t testing.TB, frames int, options ...Options) *forwarder {
	t.Helper()
	return x.forwardLooking(t, frames, nil, options...)
}

func (x *bench) forwardLooking(t testing.TB, frames int, look func(int, *packet.Packet), options ...Options) *forwarder {
	t.Helper()
	return x.run(t, &forwarder{look: look}, frames, options)
}

func (x *bench) run(t testing.TB, f *forwarder, frames int, options []Options) *forwarder {
	t.Helper()
	f.ended = make(chan error, 1)
	ready := make(chan error, 1)
	go x.s.Do(t, func() error {
		err := f.open(frames, options)
		if err == nil {
			err = f.attach()
		}
		ready <- err
		if err == nil {
			f.poll()
			f.ended <- nil
		}
		return nil
	})
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *forwarder) open(frames int, options []Options) (err error) {
	if f.own {
		f.umem, err = newUMEM(frames, 2048, HugeAuto)
	} else {
		f.umem, err = OpenUMEM(frames, cmp.Or(f.frameSize, 2048), HugeAuto)
	}
	if err != nil {
		return err
	}
	f.pool = f.umem.Memory().Split(1)[0]
	for _, o := range options {
		if err = f.add(o); err != nil {
			return err
		}
	}
	return nil
}

func (f *forwarder) add(o Options) error {
	p, err := Open(f.umem, o)
	if err == nil {
		f.ports = append(f.ports, p)
		f.counts = append(f.counts, new(counter.Port))
	}
	return err
}

func (f *forwarder) attach() error {
	for i, p := range f.ports {
		for n := range p.Queues() {
			q := p.Queue(n).(*Queue)
			if err := q.Attach(f.pool, f.counts[i], uint32(i)); err != nil {
				return err
			}
			q.kernel = countingKernel{q.kernel, &f.kicks}
		}
	}
	return nil
}

func (f *forwarder) poll() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer pin(1 % runtime.NumCPU())()
	var b packet.Batch
	f.disturbed = uint64(clock.CyclesPerSecond() / 5000)
	for !f.stop.Load() {
		for i, p := range f.ports {
			out := f.ports[(i+1)%len(f.ports)]
			for q := range p.Queues() {
				begin, n := clock.Cycles(), 0
				p.Queue(q).Receive(&b)
				n = b.Len()
				f.perQueue[q] += n
				for _, pkt := range b.Packets() {
					if f.look != nil {
						f.look(i, pkt)
					}
				}
				to := out.Queue(q % out.Queues())
				if b.Len() > 0 {
					to.Send(&b)
				}
				to.Flush()
				f.worked(clock.Cycles()-begin, n)
			}
		}
	}
}

// worked counts what n packets have cost, unless the machine interrupted.
func (f *forwarder) worked(cycles uint64, n int) {
	if n > 0 && cycles < f.disturbed {
		f.busy.Store(f.busy.Load() + int64(cycles))
		f.burst.Store(f.burst.Load() + int64(n))
	}
}

// countingKernel counts the system calls that send.
type countingKernel struct {
	kernel
	n *atomic.Int64
}

func (c countingKernel) kickTx() unix.Errno {
	c.n.Add(1)
	return c.kernel.kickTx()
}

// pin ties the thread to a core until the returned function is called.
func pin(core int) (unpin func()) {
	var before, set unix.CPUSet
	unix.SchedGetaffinity(0, &before)
	set.Set(core)
	unix.SchedSetaffinity(0, &set)
	return func() { unix.SchedSetaffinity(0, &before) }
}

// threadTime is the processor time that this thread has had, in nanoseconds.
func threadTime() int64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return ts.Nano()
}

// held is what all queues hold.
func (f *forwarder) held() (n int) {
	for _, p := range f.ports {
		for q := range p.Queues() {
			n += p.Queue(q).Held()
		}
	}
	return n
}

// pause stops the polling, resume goes on.
func (f *forwarder) pause(t testing.TB) {
	t.Helper()
	f.stop.Store(true)
	if err := <-f.ended; err != nil {
		t.Fatal(err)
	}
	f.stop.Store(false)
}

func (x *bench) resume(t testing.TB, f *forwarder) {
	go x.s.Do(t, func() error {
		f.poll()
		f.ended <- nil
		return nil
	})
}

// end stops the polling, gives everything back and sees that nothing is missing.
func (f *forwarder) end(t testing.TB) {
	t.Helper()
	f.pause(t)
	all := f.umem.Memory().Frames()
	if n := f.held() + f.pool.Len(); n != all {
		t.Errorf("%d frames are held or free, there are %d", n, all)
	}
	for _, p := range f.ports {
		for q := range p.Queues() {
			p.Queue(q).Detach()
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if f.held() != 0 || f.pool.Len() != all {
		t.Errorf("after the end %d frames are held and %d of %d free", f.held(), f.pool.Len(), all)
	}
	if err := f.umem.Close(); err != nil {
		t.Error(err)
	}
	for i, c := range f.counts {
		t.Logf("port %d: rx %d tx %d drops %d", i, c.RxPackets.Load(), c.TxPackets.Load(), c.Drops.Total())
	}
}

func TestPing(t *testing.T) {
	x := newBench(t)
	for range 3 { // open and close again and again
		f := x.forward(t, 8192, Options{Device: "sa"}, Options{Device: "sb"})
		for _, p := range f.ports {
			t.Logf("%+v %v", p.Info(), p.(*Port).program.variant)
		}
		for _, to := range []string{"10.9.0.2", "fd00:9::2"} {
			x.crosses(t, to)
		}
		f.end(t)
	}
}

// The hosts have all their offloads on, as they are born.
func TestIperfThrough(t *testing.T) {
	x := newBench(t)
	f := x.forward(t, 8192, Options{Device: "sa"}, Options{Device: "sb"})
	for _, r := range []lab.IperfResult{
		x.a.Iperf(t, x.b, "10.9.0.2", 2),
		x.a.Iperf(t, x.b, "fd00:9::2", 2),
		x.a.Iperf(t, x.b, "10.9.0.2", 2, "-u", "-b", "100M"),
	} {
		t.Logf("%.0f Mbit/s, %+v", r.BitsPerSecond/1e6, r)
		if r.BitsPerSecond < 5e6 {
			t.Error("packets hardly come through")
		}
	}
	f.end(t)
}
