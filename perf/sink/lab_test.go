//go:build lab

package sink

import (
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"pollux/internal/clock"
	"pollux/perf/netdev"
	"pollux/perf/report"
	"pollux/perf/stamp"
)

// TestProgramIsItsTwin feeds the XDP program random frames, by hand, and
// counts along in Go: the same frames have marks, the same are late, and every
// latency is in the slot that slotOf says, as far as the clock moved meanwhile.
func TestProgramIsItsTwin(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("loads XDP programs and needs root")
	}
	runtime.LockOSThread() // and on one CPU, for which the program counts
	if err := netdev.Pin(0); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	k, err := attach(1, true) // lo
	defer k.close()
	if err != nil {
		t.Fatal(err)
	}
	var want counters
	before := k.samples(t)
	for range 1000 {
		frame := make([]byte, 14+r.IntN(200))
		for i := range frame {
			frame[i] = byte(r.Uint32())
		}
		sent := int64(clock.System.Now()) - r.Int64N(1<<r.IntN(40))
		if len(frame) >= stamp.Size && r.IntN(4) > 0 {
			stamp.Put(frame, uint64(r.IntN(5000)), sent)
			if r.IntN(10) == 0 {
				frame[len(frame)-1-r.IntN(stamp.Size)]++
			}
		}
		want.count(frame)
		earliest := clock.System.Now()
		if verdict, err := k.prog.Run(&ebpf.RunOptions{Data: frame}); err != nil || verdict != xdpDrop {
			t.Fatalf("verdict %d, %v", verdict, err)
		}
		latest := clock.System.Now()
		if _, ns, ok := stamp.Get(frame); ok {
			const apart = 1000 // ns: our clock and the kernel's
			before = k.oneMore(t, before, max(0, int64(earliest)-ns-apart), max(0, int64(latest)-ns+apart))
		}
	}
	var rx report.Rx
	if err := k.look(&rx, func(report.Tick) {}); err != nil {
		t.Fatal(err)
	}
	got := counters{rx.Packets, rx.Bytes, rx.Stamped, rx.Reordered, rx.Gaps + rx.Stamped}
	if want.Next < want.Stamped {
		want.Next = want.Stamped
	}
	if got != want {
		t.Errorf("seed %d: got %+v, want %+v", seed, got, want)
	}
}

// count is what the program does, in Go.
func (c *counters) count(frame []byte) {
	c.Packets++
	c.Bytes += uint64(len(frame))
	seq, _, ok := stamp.Get(frame)
	if !ok {
		return
	}
	c.Stamped++
	if seq < c.Next {
		c.Reordered++
	} else {
		c.Next = seq + 1
	}
}

// samples are the packets in each slot.
func (k *kernel) samples(t *testing.T) []uint64 {
	t.Helper()
	all := make([]uint64, slots)
	for slot := range all {
		var perCPU []uint64
		if err := k.latency.Lookup(uint32(slot), &perCPU); err != nil {
			t.Fatal(err)
		}
		for _, n := range perCPU {
			all[slot] += n
		}
	}
	return all
}

// oneMore fails unless exactly one slot grew, by one, and it is one for a
// latency between from and to ns. It returns what the slots are now.
func (k *kernel) oneMore(t *testing.T, before []uint64, from, to int64) []uint64 {
	t.Helper()
	grown, after := -1, k.samples(t)
	for slot, n := range after {
		switch {
		case n == before[slot]:
		case n == before[slot]+1 && grown < 0:
			grown = slot
		default:
			t.Fatalf("slot %d went from %d to %d", slot, before[slot], n)
		}
	}
	if grown < slotOf(uint64(from)) || grown > slotOf(uint64(to)) {
		t.Fatalf("a latency of %d to %d ns is in slot %d, want %d to %d", from, to, grown, slotOf(uint64(from)), slotOf(uint64(to)))
	}
	return after
}
