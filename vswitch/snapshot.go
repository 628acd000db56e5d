package vswitch

import (
	"pollux/counter"
	"pollux/dpif"
	"pollux/internal/clock"
)

// Snapshot is the counters of a datapath at one moment, as plain numbers.
// Taken while packets run it is right to a burst for each thread.
type Snapshot struct {
	Time    clock.Time
	Ports   []PortCounts // by datapath port; index 0 unused
	Threads []ThreadCounts
	Drops   [counter.NumDrops]uint64 // over all threads and ports
}

// PortCounts is what all threads together did on one port.
type PortCounts struct {
	RxPackets, RxBytes, TxPackets, TxBytes uint64
	RxDropped, TxDropped                   uint64
	Drops                                  [counter.NumDrops]uint64
}

// ThreadCounts is what one thread did. The names are those of dpif.ThreadStats.
type ThreadCounts struct {
	Loops, BusyLoops, BusyCycles, IdleCycles, Bursts, RxPackets      uint64
	FirstHits, SecondHits, ClassifierHits, Misses, SubtableLookups   uint64
	Upcalls, LostUpcalls, Recirculations, Copies, Executed           uint64
	ToControl, LostToControl, Sends, SentPackets, HandedOver         uint64
	Sleeps, SleepNanos, Flows, Masks, Parked, FreeFrames             uint64
	WorstGap, GapNanos20, MailsDone, MailsRefused                    uint64
	GapMedian, GapP99, GapP999, BurstMedian, UpcallMedian, UpcallP99 uint64
	Drops                                                            [counter.NumDrops]uint64
}

// lostUpcalls are the reasons under which a packet misses the slow path.
var lostUpcalls = []counter.Drop{counter.UpcallQueueFull, counter.UpcallNoControl, counter.UpcallExpired, counter.ParkingFull}

// TakeSnapshot reads the counters of a region.
func TakeSnapshot(r *dpif.Region, now clock.Time) *Snapshot {
	s := &Snapshot{Time: now, Ports: make([]PortCounts, r.Layout.Ports)}
	for i := range r.Layout.Threads {
		t := r.Thread(i)
		s.Threads = append(s.Threads, readThread(t.Stats))
		for d, n := range s.Threads[i].Drops {
			s.Drops[d] += n
		}
		for n := range t.Ports {
			s.Ports[n].add(&t.Ports[n])
		}
	}
	for n := range s.Ports {
		for d, c := range s.Ports[n].Drops {
			s.Drops[d] += c
		}
	}
	return s
}

func (p *PortCounts) add(c *counter.Port) {
	rx := c.RxPackets.Load()
	tx := c.TxPackets.Load()
	if rx|tx == 0 && c.Drops.Total() == 0 {
		return
	}
	p.RxPackets += rx
	p.RxBytes += c.RxBytes.Load()
	p.TxPackets += tx
	p.TxBytes += c.TxBytes.Load()
	for d := range c.Drops {
		n := c.Drops[d].Load()
		p.Drops[d] += n
		if isReceive(counter.Drop(d)) {
			p.RxDropped += n
		} else {
			p.TxDropped += n
		}
	}
}

// isReceive reports whether a port counts the reason for packets that came in.
func isReceive(d counter.Drop) bool { return d <= counter.Malformed }

func readThread(t *dpif.ThreadStats) ThreadCounts {
	c := ThreadCounts{
		Loops: t.Loops.Load(), BusyLoops: t.BusyLoops.Load(), BusyCycles: t.BusyCycles.Load(), IdleCycles: t.IdleCycles.Load(),
		Bursts: t.Bursts.Load(), RxPackets: t.RxPackets.Load(),
		FirstHits: t.FirstHits.Load(), SecondHits: t.SecondHits.Load(), ClassifierHits: t.ClassifierHits.Load(),
		Misses: t.Misses.Load(), SubtableLookups: t.SubtableLookups.Load(), Upcalls: t.Upcalls.Load(),
		Recirculations: t.Recirculations.Load(), Copies: t.Copies.Load(), Executed: t.Executed.Load(),
		ToControl: t.ToControl.Load(), LostToControl: t.LostToControl.Load(), Sends: t.Sends.Load(), SentPackets: t.SentPackets.Load(),
		HandedOver: t.HandedOver.Load(), Sleeps: t.Sleeps.Load(), SleepNanos: t.SleepNanos.Load(),
		Flows: t.Flows.Load(), Masks: t.Masks.Load(), Parked: t.Parked.Load(), FreeFrames: t.FreeFrames.Load(),
		WorstGap: t.WorstGap.Load(), GapNanos20: t.GapNanos20.Load(), MailsDone: t.MailsDone.Load(), MailsRefused: t.MailsRefused.Load(),
		GapMedian: t.Gaps.Quantile(0.5), GapP99: t.Gaps.Quantile(0.99), GapP999: t.Gaps.Quantile(0.999),
		BurstMedian: t.BurstSizes.Quantile(0.5), UpcallMedian: t.UpcallNanos.Quantile(0.5), UpcallP99: t.UpcallNanos.Quantile(0.99),
	}
	for d := range t.Drops {
		c.Drops[d] = t.Drops[d].Load()
	}
	for _, d := range lostUpcalls {
		c.LostUpcalls += c.Drops[d]
	}
	return c
}

// Totals is the sums of a snapshot's books: In = Out + Dropped + ToControl + Held at rest.
type Totals struct{ In, Made, Out, Dropped, ToControl, Held uint64 }

// Totals adds up what came in, was made, went out, was dropped and is held.
func (s *Snapshot) Totals() (t Totals) {
	for i := range s.Ports {
		t.In += s.Ports[i].RxPackets
		t.Out += s.Ports[i].TxPackets
	}
	for i := range s.Threads {
		c := &s.Threads[i]
		t.Made += c.Copies + c.Executed
		t.ToControl += c.ToControl
		t.Held += c.Parked
	}
	for _, n := range s.Drops {
		t.Dropped += n
	}
	return t
}

func dropName(d int) string { return counter.Drop(d).String() }
