package perf

import (
	"pollux/counter"
	"pollux/dpif"
	"pollux/rxtx"
)

// `perf mem` runs a switch on ports in memory, so that what is measured is the
// switch and no device, driver or cable:
//
//	a capture, over and over --- port 1 [ switch, one polling thread ] port 2 --- thrown away
//
// The switch is warmed up until it asks its control side nothing any more, then
// watched for some seconds. All numbers are differences of its own counters between
// two moments, so that nothing is added to the packet's way. Beside it runs,
// in the same process and on the same core, a loop that only receives
// and sends on ports of the same kind: what is above that is the switch, and
// the gaps that it has too are the machine's.
//
// perf does not know how a switch is made. Whoever wires one up gives a MemBuilder.

// MemOptions is what the switch under test is made of. Port 1 is its source,
// port 2 its sink.
type MemOptions struct {
	Rules string // file of rules in the syntax of ovs-ofctl; "": in_port=1,actions=output:2
	Core  int    // that its one thread polls on

	// Of the caches; a negative number leaves the switch its default.
	FirstEntries       int
	SecondEntries      int // 0: no second cache
	InverseProbability int
}

// MemBuilder makes a switch of two ports that polls nothing before Start.
type MemBuilder func(o MemOptions, source, sink rxtx.Port) (MemSwitch, error)

// MemSwitch is a switch under test.
type MemSwitch interface {
	Start() error
	// Counts reads the counters from another goroutine than the polling one, while packets run
	// and also after Stop.
	Counts() MemCounts
	// Stop ends the polling thread and its control side; both ports are detached afterwards.
	Stop() error
}

// MemCounts is where the counters of a switch stand. They are those of
// dpif.ThreadStats and counter.Port, summed over threads and ports.
type MemCounts struct {
	PacketsIn, PacketsOut uint64 // at the ports
	Made                  uint64 // packets made inside: copies, packets executed
	ToControl, Held       uint64 // that went to the control side only; that wait inside (a gauge)
	Drops                 [counter.NumDrops]uint64

	FirstHits, SecondHits, ClassifierHits, Misses uint64 // where packets were found
	SubtableLookups, Upcalls                      uint64
	Flows, Masks                                  uint64 // gauges

	Loops, BusyLoops, BusyCycles, IdleCycles uint64

	// Gaps counts the times in ns between two polls as counter.Histogram does, those of
	// 1 µs and more; GapNanos20 is the time spent in gaps above 20 µs, WorstGap the longest ever in ns.
	Gaps                 [counter.HistogramBins]uint64
	GapNanos20, WorstGap uint64
}

// ReadMemCounts reads the counters of a datapath from its region.
func ReadMemCounts(r *dpif.Region) (c MemCounts) {
	for i := range r.Layout.Threads {
		t := r.Thread(i)
		c.addThread(t.Stats)
		for n := range t.Ports {
			p := &t.Ports[n]
			c.PacketsIn += p.RxPackets.Load()
			c.PacketsOut += p.TxPackets.Load()
			c.addDrops(&p.Drops)
		}
	}
	return c
}

func (c *MemCounts) addThread(s *dpif.ThreadStats) {
	c.Made += s.Copies.Load() + s.Executed.Load()
	c.ToControl += s.ToControl.Load()
	c.Held += s.Parked.Load()
	c.addDrops(&s.Drops)
	c.FirstHits += s.FirstHits.Load()
	c.SecondHits += s.SecondHits.Load()
	c.ClassifierHits += s.ClassifierHits.Load()
	c.Misses += s.Misses.Load()
	c.SubtableLookups += s.SubtableLookups.Load()
	c.Upcalls += s.Upcalls.Load()
	c.Flows += s.Flows.Load()
	c.Masks += s.Masks.Load()
	c.Loops += s.Loops.Load()
	c.BusyLoops += s.BusyLoops.Load()
	c.BusyCycles += s.BusyCycles.Load()
	c.IdleCycles += s.IdleCycles.Load()
	for i := range c.Gaps {
		c.Gaps[i] += s.Gaps[i].Load()
	}
	c.GapNanos20 += s.GapNanos20.Load()
	c.WorstGap = max(c.WorstGap, s.WorstGap.Load())
}

func (c *MemCounts) addDrops(d *counter.Drops) {
	for i := range d {
		c.Drops[i] += d[i].Load()
	}
}

func (c *MemCounts) dropped() (n uint64) {
	for _, d := range c.Drops {
		n += d
	}
	return n
}
