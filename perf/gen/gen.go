// Package gen sends a traffic plan out of a device, at a rate or as fast as it
// goes, and marks the packets (package stamp) where they have room.
//
// Two generators. The socket generator (github.com/asavie/xdp, AF_XDP) is what
// a program can do from user space: about 2.3 Mpps over a veth pair. The
// kernel generator is an XDP program that the kernel runs on frames it makes
// itself (BPF_PROG_RUN with live frames, Documentation/bpf/bpf_prog_run.rst):
// several times faster, and no user space is involved at all.
//
// What a device is handed is called sent. A veth whose other end takes no XDP
// frames (neither an XDP program nor GRO is on there) refuses those of the
// kernel generator.
//
// One Run per process: github.com/asavie/xdp keeps its rings mapped after
// Close, and a queue bound once stays busy for as long as they are.
package gen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pollux/internal/clock"
	"pollux/perf/netdev"
	"pollux/perf/report"
	"pollux/perf/traffic"
)

// Config says what to send and how.
type Config struct {
	Dev      netdev.Name
	Queue    int           // of the device, for the socket generator
	Plan     *traffic.Plan // read only
	Rate     float64       // packets per second; 0 is as fast as it goes
	Count    uint64        // packets to send; 0 is no limit
	Duration time.Duration // to send for; 0 is no limit
	CPU      int           // that the sending thread is pinned to; negative: none
	Kernel   bool          // let the kernel make the frames
}

// tickInterval is how often the counters are looked at.
const tickInterval = 100 * clock.Millisecond

// Run sends until the count, the duration or ctx ends, whichever is first, and
// returns when the device has taken the last packet. It calls tick ten times a
// second, always from one goroutine. Needs CAP_NET_ADMIN and CAP_BPF or root.
func Run(ctx context.Context, c Config, tick func(report.Tick)) (report.Tx, error) {
	if c.Plan == nil || len(c.Plan.Order) == 0 {
		return report.Tx{}, errors.New("generate packets: the plan is empty")
	}
	if c.Rate < 0 {
		return report.Tx{}, fmt.Errorf("generate packets: rate %v is negative", c.Rate)
	}
	if c.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Duration)
		defer cancel()
	}
	var tx report.Tx
	err := c.Dev.Do(func(d netdev.Device) (err error) {
		if err := errors.Join(d.WaitUp(), netdev.Pin(c.CPU)); err != nil {
			return err
		}
		before := d.TxCounters()
		if c.Kernel {
			tx, err = runKernel(ctx, c, d, tick)
		} else {
			tx, err = runSocket(ctx, c, d, tick)
		}
		tx.Dropped = d.Refused(before, d.TxCounters(), tx.Packets)
		return err
	})
	return tx, err
}

// left says how many of want packets may still be sent after sent ones.
func (c Config) left(sent uint64, want int) int {
	if c.Count == 0 {
		return want
	}
	return int(min(uint64(want), c.Count-sent))
}
