//go:build lab

package afxdp

import (
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

	"pollux/counter"
	"pollux/internal/clock"
	"pollux/internal/lab"
	"pollux/packet"
)

// BenchmarkForward is the rate of a forwarder on a core of its own, and what waiting for fuller bursts brings. It wants
// a machine with nothing else to do.
//
//	generator a0 ==== sa  [forwarder]  sb ==== b0 XDP_DROP
//	  core 0                core 1
//
//	go test -tags lab -run '^$' -bench Forward -benchtime 1x ./rxtx/afxdp
func BenchmarkForward(b *testing.B) {
	for _, rate := range []int{0, 1_000_000, 300_000} {
		for _, wait := range []time.Duration{0, 5, 10, 20, 50} {
			wait *= time.Microsecond
			name := fmt.Sprintf("flat-out/%v", wait)
			if rate > 0 {
				name = fmt.Sprintf("%dkpps/%v", rate/1000, wait)
			}
			b.Run(name, func(b *testing.B) { benchForward(b, rate, wait) })
		}
	}
}

const benchSeconds = 2

func benchForward(b *testing.B, rate int, wait time.Duration) {
	x := newBench(b)
	dropAll(b, x.b, "b0")
	f := x.forward(b, 16384, Options{Device: "sa", Coalesce: wait}, Options{Device: "sb", Coalesce: wait})
	stop := generate(b, x.a, "a0", rate)
	time.Sleep(200 * time.Millisecond)
	for range b.N {
		rx, k, busy, n := f.counts[0].RxPackets.Load(), f.kicks.Load(), f.busy.Load(), f.burst.Load()
		begin := time.Now()
		time.Sleep(benchSeconds * time.Second)
		packets := float64(f.counts[0].RxPackets.Load() - rx)
		b.ReportMetric(packets/time.Since(begin).Seconds()/1e6, "Mpps")
		b.ReportMetric(packets/float64(f.kicks.Load()-k), "packets/send")
		b.ReportMetric(float64(f.busy.Load()-busy)/float64(f.burst.Load()-n)/clock.CyclesPerSecond()*1e9, "busy-ns/packet")
		b.ReportMetric(0, "ns/op")
	}
	stop()
	f.end(b)
}

// BenchmarkBurst is the processor time that forwarding a packet takes, by the size of
// the burst: one thread plays the generator and the forwarder in turn, and the time of the second is
// counted. It shows what a fuller burst is worth, however busy the machine is.
func BenchmarkBurst(b *testing.B) {
	for _, burst := range []int{1, 2, 4, 8, 16, 24, 32} {
		b.Run(fmt.Sprint(burst), func(b *testing.B) { benchBurst(b, burst) })
	}
}

func benchBurst(b *testing.B, burst int) {
	x := newBench(b)
	dropAll(b, x.b, "b0")
	f := &forwarder{}
	x.s.Do(b, func() error { return f.open(8192, []Options{{Device: "sa"}, {Device: "sb"}}) })
	x.a.Do(b, func() error { return f.add(Options{Device: "a0"}) }) // in another namespace, on the same memory
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := f.attach(); err != nil {
		b.Fatal(err)
	}
	gen, in, out := f.ports[2].Queue(0), f.ports[0].Queue(0), f.ports[1].Queue(0)
	var batch packet.Batch
	var spent int64
	frame := append(streamFrame(), 0)[:60]
	for b.Loop() {
		for range 2048 / burst {
			for range burst {
				p := f.pool.Get()
				p.Set(frame)
				batch.Append(p)
			}
			gen.Send(&batch)
			gen.Flush()
			begin := threadTime()
			in.Receive(&batch)
			if batch.Len() > 0 {
				out.Send(&batch)
				out.Flush()
			}
			spent += threadTime() - begin
		}
	}
	b.ReportMetric(float64(spent)/float64(f.counts[0].RxPackets.Load()), "cpu-ns/packet")
	b.ReportMetric(0, "ns/op")
	f.ended = make(chan error, 1)
	f.ended <- nil
	f.end(b)
}

// dropAll puts a program on a device that drops everything.
func dropAll(b testing.TB, ns *lab.NS, dev string) {
	ns.Do(b, func() error {
		ifi, err := net.InterfaceByName(dev)
		if err != nil {
			return err
		}
		prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()}})
		if err != nil {
			return err
		}
		l, err := link.AttachXDP(link.XDPOptions{Program: prog, Interface: ifi.Index, Flags: link.XDPDriverMode})
		if err == nil {
			b.Cleanup(func() { l.Close(); prog.Close() })
		}
		return err
	})
}

// generate sends 60-byte frames on a device from core 0, rate a second or as
// fast as it goes, until the returned function is called.
func generate(b testing.TB, ns *lab.NS, dev string, rate int) (stop func()) {
	var end atomic.Bool
	ready, ended := make(chan error, 1), make(chan error, 1)
	go ns.Do(b, func() error {
		runtime.LockOSThread()
		defer pin(0)()
		u, err := OpenUMEM(8192, 2048, HugeAuto)
		if err != nil {
			ready <- err
			return nil
		}
		p, err := Open(u, Options{Device: dev})
		if err != nil {
			ready <- err
			return nil
		}
		pool := u.Memory().Split(1)[0]
		err = p.Queue(0).Attach(pool, new(counter.Port), 0)
		ready <- err
		if err == nil {
			pump(p.Queue(0).(*Queue), pool, rate, &end)
			p.Queue(0).Detach()
		}
		p.Close()
		ended <- u.Close()
		return nil
	})
	if err := <-ready; err != nil {
		b.Fatal(err)
	}
	return func() {
		end.Store(true)
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}

func pump(q *Queue, pool *packet.Pool, rate int, end *atomic.Bool) {
	frame := append(streamFrame(), 0)[:60]
	var batch packet.Batch
	begin, sent := time.Now(), 0
	for !end.Load() {
		n := packet.BatchSize
		if rate > 0 {
			n = min(n, int(time.Since(begin).Seconds()*float64(rate))-sent)
		}
		for range n {
			if p := pool.Get(); p != nil {
				p.Set(frame)
				batch.Append(p)
			}
		}
		if batch.Len() > 0 {
			sent += batch.Len()
			q.Send(&batch)
		}
		q.Flush()
	}
}
