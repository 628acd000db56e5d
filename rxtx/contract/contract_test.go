package contract

import (
	"io"
	"testing"

	"pollux/counter"
	"pollux/internal/clock"
	"pollux/packet"
	"pollux/rxtx"
	"pollux/rxtx/memport"
	"pollux/rxtx/wrap"
)

func bench(*testing.T) Rig {
	b := memport.NewBench("b")
	return Rig{
		Port: b, Allocates: true,
		Feed: func(_ int, packets [][]byte) {
			for _, p := range packets {
				b.Put(p)
			}
		},
		Sent: func(int) [][]byte { return b.Take() },
	}
}

func replay(t *testing.T) Rig {
	p, err := memport.NewReplay("r", [][]byte{make([]byte, 60), make([]byte, 1514), make([]byte, 14)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return Rig{Port: p, Endless: true}
}

func sink(*testing.T) Rig { return Rig{Port: memport.NewSink("s", 3)} }

// pair is one end of a cable of two queues; the test's other end has frames of its own.
func pair(t *testing.T) Rig {
	near, far := memport.NewPair("near", "far", 2, 512)
	memory, err := packet.NewMemory(make([]byte, 1024*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	pool := memory.Split(1)[0]
	for q := range far.Queues() {
		if err := far.Queue(q).Attach(pool, new(counter.Port), 1); err != nil {
			t.Fatal(err)
		}
	}
	return Rig{
		Port: near,
		Feed: func(q int, packets [][]byte) {
			var b packet.Batch
			for _, p := range packets {
				b.Append(pool.Make(p))
				far.Queue(q).Send(&b)
			}
		},
		Sent: func(q int) (all [][]byte) {
			var b packet.Batch
			for far.Queue(q).Receive(&b); b.Len() > 0; far.Queue(q).Receive(&b) {
				for _, p := range b.Packets() {
					data := make([]byte, p.Len())
					p.CopyTo(data)
					all = append(all, data)
				}
				pool.PutBatch(&b)
			}
			return all
		},
	}
}

func TestMemoryPorts(t *testing.T) {
	for name, f := range map[string]Factory{"bench": bench, "replay": replay, "sink": sink, "pair": pair} {
		t.Run(name, func(t *testing.T) { Test(t, f) })
	}
}

// Wrappers that change nothing keep everything; the injector of faults that injects
// nothing, too.
func TestWrappedPorts(t *testing.T) {
	wrapped := func(f Factory, hook func(int) wrap.Hook, changes bool) Factory {
		return func(t *testing.T) Rig {
			r := f(t)
			r.Port = wrap.Port(r.Port, hook)
			r.Injects = changes
			return r
		}
	}
	capture := func(int) wrap.Hook {
		c, err := wrap.NewCapture(io.Discard, new(clock.Manual))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, f := range map[string]Factory{"replay": replay, "sink": sink, "pair": pair} {
		t.Run(name, func(t *testing.T) {
			t.Run("tracer", func(t *testing.T) {
				Test(t, wrapped(f, wrap.NewTracer(func(wrap.Direction, int, *packet.Packet) {}), false))
			})
			t.Run("capture", func(t *testing.T) { Test(t, wrapped(f, capture, false)) })
			t.Run("no faults", func(t *testing.T) { Test(t, wrapped(f, wrap.NewFaults(wrap.Faults{}, 1), false)) })
			t.Run("faults", func(t *testing.T) {
				Test(t, wrapped(f, wrap.NewFaults(wrap.Faults{Drop: 0.1, Flip: 0.3, Cut: 0.1, Swap: 0.2, SendLost: 0.1}, 1), true))
			})
		})
	}
}

var _ rxtx.Port = (*memport.Bench)(nil)
