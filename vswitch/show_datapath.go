package vswitch

import (
	"context"
	"fmt"
	"io"
	"pollux/dpif"
	"pollux/internal/clock"
	"slices"
	"strconv"
	"strings"

	"pollux/flow"
)

// datapathName is what Open vSwitch calls its one userspace datapath.
const datapathName = "netdev@ovs-netdev"

func (s *Switch) showDatapath(w io.Writer) error {
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	var hit, missed, lost uint64
	for i := range snap.Threads {
		c := &snap.Threads[i]
		hit += c.FirstHits + c.SecondHits + c.ClassifierHits
		missed += c.Misses
		lost += c.LostUpcalls
	}
	fmt.Fprintf(w, "%s:\n  lookups: hit:%d missed:%d lost:%d\n  flows: %d\n", datapathName, hit, missed, lost, flowsOf(snap))
	for _, p := range s.portList() {
		fmt.Fprintf(w, "  port %d: %s (afxdp)\n", p.Datapath, p.Name)
	}
	return nil
}

func (s *Switch) showDpif(w io.Writer) error {
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	var hit, missed uint64
	for i := range snap.Threads {
		c := &snap.Threads[i]
		hit += c.FirstHits + c.SecondHits + c.ClassifierHits
		missed += c.Misses
	}
	fmt.Fprintf(w, "%s: hit:%d missed:%d\n  %s:\n", datapathName, hit, missed, s.bridge.Name())
	for _, p := range s.portList() {
		fmt.Fprintf(w, "    %s %d/%d: (afxdp)\n", p.Name, p.Number, p.Datapath)
	}
	return nil
}

func (s *Switch) showStats(w io.Writer) error {
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	s.mu.Lock()
	before := s.before
	s.before = snap
	s.mu.Unlock()
	writeStats(w, s.portList(), snap, before)
	return nil
}

// perThread makes a command that prints something of each thread, or of that of one core (-pmd).
func (s *Switch) perThread(write func(w io.Writer, core int, c *ThreadCounts)) func(context.Context, []string) (string, error) {
	return func(_ context.Context, args []string) (string, error) {
		only, err := pmdCore(args)
		if err != nil {
			return "", err
		}
		c, err := s.now()
		if err != nil {
			return "", err
		}
		desc, err := c.link.Describe()
		if err != nil {
			return "", err
		}
		snap := TakeSnapshot(c.link.Region(), s.clock.Now())
		s.mu.Lock()
		base := s.cleared
		s.mu.Unlock()
		var b strings.Builder
		for i := range snap.Threads {
			if only >= 0 && desc.Cores[i] != only {
				continue
			}
			counts := snap.Threads[i]
			if base != nil && len(base.Threads) == len(snap.Threads) {
				counts.since(&base.Threads[i])
			}
			write(&b, desc.Cores[i], &counts)
		}
		return b.String(), nil
	}
}

func pmdCore(args []string) (int, error) {
	for i, a := range args {
		if a == "-pmd" {
			if i+1 == len(args) {
				return 0, fmt.Errorf("-pmd needs a core")
			}
			core, err := strconv.Atoi(args[i+1])
			if err != nil || core < 0 {
				return 0, fmt.Errorf("-pmd %s: not a core", args[i+1])
			}
			return core, nil
		}
	}
	return -1, nil
}

// clearStats makes what pmd-stats-show and pmd-perf-show print count from now
// on. The counters themselves run on: others read them, too.
func (s *Switch) clearStats(context.Context, []string) (string, error) {
	snap, err := s.Snapshot()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cleared = snap
	return "", nil
}

// since takes off what old had counted already.
func (c *ThreadCounts) since(old *ThreadCounts) {
	for _, f := range []struct{ now, then *uint64 }{
		{&c.Loops, &old.Loops}, {&c.BusyLoops, &old.BusyLoops}, {&c.BusyCycles, &old.BusyCycles}, {&c.IdleCycles, &old.IdleCycles},
		{&c.Bursts, &old.Bursts}, {&c.RxPackets, &old.RxPackets}, {&c.FirstHits, &old.FirstHits}, {&c.SecondHits, &old.SecondHits},
		{&c.ClassifierHits, &old.ClassifierHits}, {&c.Misses, &old.Misses}, {&c.SubtableLookups, &old.SubtableLookups},
		{&c.Upcalls, &old.Upcalls}, {&c.LostUpcalls, &old.LostUpcalls}, {&c.Recirculations, &old.Recirculations},
		{&c.Sends, &old.Sends}, {&c.SentPackets, &old.SentPackets}, {&c.Sleeps, &old.Sleeps}, {&c.SleepNanos, &old.SleepNanos},
	} {
		*f.now -= min(*f.now, *f.then)
	}
}

func (s *Switch) showRxQueues(w io.Writer) error {
	c, err := s.now()
	if err != nil {
		return err
	}
	threads, err := c.link.Threads()
	if err != nil {
		return err
	}
	ports, err := c.link.Ports()
	if err != nil {
		return err
	}
	writeRxQueues(w, threads, ports)
	return nil
}

func (s *Switch) showSubtables(w io.Writer) error {
	c, err := s.now()
	if err != nil {
		return err
	}
	threads, err := c.link.Threads()
	if err != nil {
		return err
	}
	for _, t := range threads {
		fmt.Fprintf(w, "pmd thread numa_id 0 core_id %d:\n", t.Core)
		for _, sub := range t.Subtables {
			fmt.Fprintf(w, "  %d flows, %d hits: %s\n", sub.Flows, sub.Hits, maskText(&sub.Mask))
		}
	}
	return nil
}

// maskText names the fields of a mask.
func maskText(m *flow.Mask) string {
	var names []string
	left := *m
	flow.Fields(func(f *flow.Field) bool {
		if v := f.GetMask(&left); !v.IsZero() && !strings.Contains(f.Name, "reg") {
			name := f.Name
			if v != f.Ones() {
				name += fmt.Sprintf("/%#x", v.Lo)
			}
			names = append(names, name)
			f.SetMask(&left, flow.Value{})
		}
		return true
	})
	return strings.Join(names, ",")
}

// dumpFlows prints the datapath's flows as ovs-appctl dpctl/dump-flows does.
func (s *Switch) dumpFlows(_ context.Context, args []string) (string, error) {
	c, err := s.now()
	if err != nil {
		return "", err
	}
	desc, err := c.link.Describe()
	if err != nil {
		return "", err
	}
	name := s.portNamer(slices.Contains(args, "--names"))
	more := slices.Contains(args, "-m")
	var b []byte
	now := s.clock.Now()
	for i := range c.threads {
		thread := c.link.Region().Thread(i)
		b = fmt.Appendf(b, "flow-dump from pmd on cpu core: %d\n", desc.Cores[i])
		c.threads[i].show(func(id uint32, spec *dpif.FlowSpec) {
			b = appendFlow(b, spec, thread, id, now, more, name)
		})
	}
	return string(b), nil
}

func appendFlow(b []byte, spec *dpif.FlowSpec, thread *dpif.Thread, id uint32, now clock.Time, more bool, name flow.PortNames) []byte {
	stats := &thread.FlowStats[id]
	m := flow.Match{Key: spec.Key, Mask: spec.Mask}
	if more {
		b = fmt.Appendf(b, "ufid:%08x-0000-0000-0000-%012x, ", flow.HashWords(spec.Mask[:], 0)&0xffffffff, flow.Hash(&spec.Key, &spec.Mask, 0)&(1<<48-1))
	}
	b = m.AppendODP(b, name)
	b = fmt.Appendf(b, ", packets:%d, bytes:%d, used:", stats.Packets.Load(), stats.Bytes.Load())
	if used := clock.Time(stats.Used.Load()); used == 0 {
		b = append(b, "never"...)
	} else {
		b = fmt.Appendf(b, "%.3fs", now.Sub(used).Seconds())
	}
	b = append(b, ", actions:"...)
	b = spec.Actions.AppendODP(b, name, &spec.Key)
	return append(b, '\n')
}

// portNames knows the datapath's ports by name; it is flow.PortNames.
type portNames map[uint32]string

// PortName implements flow.PortNames.
func (p portNames) PortName(n uint32) (string, bool) {
	name, ok := p[n]
	return name, ok
}

// PortNumber implements flow.PortNames.
func (p portNames) PortNumber(name string) (uint32, bool) {
	for n, known := range p {
		if known == name {
			return n, true
		}
	}
	return 0, false
}

// portNamer knows the ports if names are wanted, else none.
func (s *Switch) portNamer(names bool) portNames {
	known := portNames{}
	if names {
		for _, p := range s.portList() {
			known[p.Datapath] = p.Name
		}
	}
	return known
}

// showCoverage prints coverage/show: every counter that is not zero.
func (s *Switch) showCoverage(w io.Writer) error {
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	up := s.clock.Now().Sub(s.started).Seconds()
	events := coverage(snap)
	fmt.Fprintf(w, "Event coverage, avg rate over the last %.0f seconds:\n", up)
	for _, e := range events {
		if e.n > 0 {
			fmt.Fprintf(w, "%-24s %10.1f/sec   total: %d\n", e.name, float64(e.n)/max(up, 1), e.n)
		}
	}
	return nil
}

type event struct {
	name string
	n    uint64
}

func coverage(snap *Snapshot) []event {
	var t ThreadCounts
	for i := range snap.Threads {
		c := &snap.Threads[i]
		t.Upcalls += c.Upcalls
		t.LostUpcalls += c.LostUpcalls
		t.Recirculations += c.Recirculations
		t.Copies += c.Copies
		t.Executed += c.Executed
		t.MailsDone += c.MailsDone
		t.MailsRefused += c.MailsRefused
		t.HandedOver += c.HandedOver
		t.LostToControl += c.LostToControl
	}
	events := []event{
		{"datapath_upcall", t.Upcalls}, {"datapath_upcall_lost", t.LostUpcalls}, {"datapath_recirculate", t.Recirculations},
		{"datapath_copy", t.Copies}, {"datapath_execute", t.Executed}, {"datapath_mail", t.MailsDone},
		{"datapath_mail_refused", t.MailsRefused}, {"datapath_handover", t.HandedOver}, {"datapath_userspace_lost", t.LostToControl},
	}
	for d, n := range snap.Drops {
		events = append(events, event{"datapath_drop_" + dropName(d), n})
	}
	return events
}
