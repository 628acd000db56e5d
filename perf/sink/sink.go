// Package sink takes packets off a device and says how many came, which are
// missing, late or doubled, and how old they were.
//
// Two of them. The socket sink (github.com/asavie/xdp, AF_XDP) sees every
// packet in user space and knows everything. The kernel sink is an XDP program
// that counts and drops; it keeps up with whatever the kernel delivers, cannot
// see doubled packets, and its latencies are exact to about 3 %.
//
// One Run per process: github.com/asavie/xdp keeps its rings mapped after
// Close, and a queue bound once stays busy for as long as they are.
package sink

import (
	"context"

	"github.com/HdrHistogram/hdrhistogram-go"

	"pollux/internal/clock"
	"pollux/perf/netdev"
	"pollux/perf/report"
)

// Config says what to take packets from.
type Config struct {
	Dev     netdev.Name
	CPU     int  // that the sink's thread is pinned to; negative: none. The kernel sink runs where packets arrive
	Kernel  bool // count in an XDP program
	Latency bool // measure latency; the socket sink always does
}

// tickInterval is how often the counters are looked at, in nanoseconds.
const tickInterval = 100 * clock.Millisecond

// Run takes packets until ctx ends. It calls ready once, when no packet that
// is sent from then on can be missed, and tick ten times a second, both on one
// goroutine. Needs CAP_NET_ADMIN and CAP_BPF or root.
func Run(ctx context.Context, c Config, ready func(), tick func(report.Tick)) (report.Rx, error) {
	var rx report.Rx
	err := c.Dev.Do(func(d netdev.Device) (err error) {
		if err := d.WaitUp(); err != nil {
			return err
		}
		if c.Kernel {
			rx, err = runKernel(ctx, c, d, ready, tick)
		} else {
			rx, err = runSockets(ctx, c, d, ready, tick)
		}
		return err
	})
	return rx, err
}

// maxLatency is the longest latency the histogram tells apart, in ns.
const maxLatency = int64(100 * clock.Second)

// newHistogram has three significant digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, maxLatency, 3) }

// summary reads the histogram out.
func summary(h *hdrhistogram.Histogram) report.Latency {
	if h.TotalCount() == 0 {
		return report.Latency{}
	}
	return report.Latency{
		Samples: uint64(h.TotalCount()),
		Min:     h.Min(),
		Mean:    h.Mean(),
		P50:     h.ValueAtQuantile(50),
		P99:     h.ValueAtQuantile(99),
		P999:    h.ValueAtQuantile(99.9),
		Max:     h.Max(),
	}
}
