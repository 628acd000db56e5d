//go:build lab

package afxdp

import (
	"fmt"
	"testing"
	"time"

	"pollux/counter"
	"pollux/internal/lab"
)

func both(o Options) (Options, Options) {
	a, b := o, o
	a.Device, b.Device = "sa", "sb"
	return a, b
}

func TestJumbo(t *testing.T) {
	for _, frameSize := range []int{2048, 4096} {
		t.Run(fmt.Sprint(frameSize), func(t *testing.T) {
			x := newBench(t)
			x.setMTU(t, "9000")
			o1, o2 := both(Options{})
			f := x.run(t, &forwarder{frameSize: frameSize}, 16384, []Options{o1, o2})
			for _, size := range []string{"1472", "3000", "8972"} {
				x.crosses(t, "10.9.0.2", "-M", "do", "-s", size)
			}
			r := x.a.Iperf(t, x.b, "10.9.0.2", 2)
			t.Logf("TCP, MTU 9000: %.0f Mbit/s, %+v", r.BitsPerSecond/1e6, r)
			if r.BitsPerSecond < 5e6 {
				t.Error("jumbo frames hardly come through")
			}
			f.end(t)
			c := f.counts[0]
			if odd := c.Drops[counter.RxTooManyFrags].Load() + c.Drops[counter.RxTruncated].Load(); odd != 0 {
				t.Errorf("%d packets were dropped as odd", odd)
			}
		})
	}
}

// Each end has two queues; the kernel of the sending host spreads connections over them.
func TestTwoQueues(t *testing.T) {
	x := newBench(t, "numrxqueues", "2", "numtxqueues", "2")
	o1, o2 := both(Options{})
	f := x.forward(t, 16384, o1, o2)
	if f.ports[0].Queues() != 2 {
		t.Fatalf("%d queues", f.ports[0].Queues())
	}
	r := x.a.Iperf(t, x.b, "10.9.0.2", 2, "-P", "16")
	t.Logf("16 connections: %.0f Mbit/s", r.BitsPerSecond/1e6)
	if r.BitsPerSecond < 5e6 {
		t.Error("connections hardly come through")
	}
	f.end(t)
	for i, c := range f.counts {
		t.Logf("port %d: %d", i, c.RxPackets.Load())
	}
	for q, n := range f.perQueue[:2] {
		if n == 0 {
			t.Errorf("queue %d received nothing", q)
		}
	}
}

// Two devices that each register the memory for themselves, as zero copy needs it, exchange frames all the same; a
// queue that was detached joins the registration that the other one holds.
func TestOwnRegistration(t *testing.T) {
	x := newBench(t, "numrxqueues", "2", "numtxqueues", "2")
	o1, o2 := both(Options{})
	f := x.run(t, &forwarder{own: true}, 16384, []Options{o1, o2})
	x.crosses(t, "10.9.0.2")
	f.pause(t)
	x.s.Do(t, func() error {
		q := f.ports[0].Queue(0).(*Queue)
		q.Detach()
		if err := q.Prepare(); err != nil {
			return err
		}
		return q.Attach(f.pool, f.counts[0], 0)
	})
	x.resume(t, f)
	x.crosses(t, "10.9.0.2")
	f.end(t)
}

// A device is deleted while packets run through it; the others go on.
func TestDeviceDeleted(t *testing.T) {
	x := newBench(t)
	o1, o2 := both(Options{})
	f := x.forward(t, 8192, o1, o2)
	s := lab.StartStream(t, x.a.Wire(t, "a0"), x.b.Wire(t, "b0"), streamFrame(), 20000)
	back := lab.StartStream(t, x.b.Wire(t, "b0"), x.a.Wire(t, "a0"), streamFrame(), 20000)
	s.More(t, 2000, 10*time.Second)
	back.More(t, 2000, 10*time.Second)
	x.s.Run(t, "ip", "link", "del", "sb")
	lab.Until(t, 10*time.Second, "packets for the deleted device to be dropped", func() error {
		if n := f.counts[1].Drops[counter.TxDown].Load(); n < 1000 {
			return fmt.Errorf("%d were", n)
		}
		return nil
	})
	if i := f.ports[1].Info(); i.Up || len(i.Notes) == 0 {
		t.Errorf("%+v", i)
	}
	if i := f.ports[0].Info(); !i.Up {
		t.Errorf("%+v", i)
	}
	f.end(t)
	rx, tx := f.counts[0].RxPackets.Load(), f.counts[1].TxPackets.Load()+f.counts[1].Drops.Total()
	if rx != tx {
		t.Errorf("received %d packets, sent or dropped %d", rx, tx)
	}
}

// A device that is set down and up again forwards again.
func TestDeviceDownAndUp(t *testing.T) {
	x := newBench(t)
	o1, o2 := both(Options{})
	f := x.forward(t, 8192, o1, o2)
	s := lab.StartStream(t, x.a.Wire(t, "a0"), x.b.Wire(t, "b0"), streamFrame(), 20000)
	s.More(t, 1000, 10*time.Second)
	x.s.Run(t, "ip", "link", "set", "sb", "down")
	lab.Until(t, 10*time.Second, "packets to be dropped", func() error {
		if n := f.counts[1].Drops.Total(); n < 1000 {
			return fmt.Errorf("%d were", n)
		}
		return nil
	})
	if f.ports[1].Info().Up {
		t.Error("a device that is down is called up")
	}
	x.s.Run(t, "ip", "link", "set", "sb", "up")
	s.More(t, 1000, 10*time.Second)
	f.end(t)
}

// What the kernel drops because the thread does not come is counted by it.
func TestLost(t *testing.T) {
	x := newBench(t)
	w := x.a.Wire(t, "a0")
	x.s.Do(t, func() error {
		f := &forwarder{}
		if err := f.open(4096, []Options{{Device: "sa", RxSize: 64, FillSize: 64, TxSize: 64}}); err != nil {
			return err
		}
		if err := f.attach(); err != nil {
			return err
		}
		for range 200 {
			w.Send(t, streamFrame())
		}
		p := f.ports[0].(*Port)
		lab.Until(t, 10*time.Second, "the kernel to drop", func() error {
			if l := p.Lost(); l.NoFrame < 100 {
				return fmt.Errorf("%+v", l)
			}
			return nil
		})
		p.Queue(0).Detach()
		if l := p.Lost(); l.NoFrame < 100 {
			t.Errorf("forgotten: %+v", l)
		}
		if err := p.Close(); err != nil {
			return err
		}
		return f.umem.Close()
	})
}

func streamFrame() []byte {
	f := append([]byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5"), make([]byte, 60)...)
	return f
}

func TestModes(t *testing.T) {
	x := newBench(t)
	for _, mode := range []string{ModeGeneric, ModeNative} {
		o1, o2 := both(Options{Mode: mode})
		f := x.forward(t, 8192, o1, o2)
		if got := f.ports[0].Info().Mode; got != mode {
			t.Errorf("asked for %s, is %s", mode, got)
		}
		x.crosses(t, "10.9.0.2")
		f.end(t)
	}
}
