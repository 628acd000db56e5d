package vswitch

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"pollux/config"
	"pollux/internal/clock"
	_ "pollux/internal/story" // its flag -update is ours, too
	"pollux/rxtx"
	"pollux/rxtx/memport"
)

// What traffic costs, in numbers that no machine changes: testdata/cost.txt. A change that
// alters them explains itself; "go test ./vswitch -run TestCost -update" writes them anew.

const costFile = "testdata/cost.txt"

const costHead = `What a packet costs, in numbers that are the same on every machine: one thread, all sizes as in an empty
configuration, bursts of 32, a clock that moves 100 us a turn. Written by: go test ./vswitch -run TestCost -update

  first, second, classifier   share of lookups that found their flow in the first cache, the second, behind them
  subtables                   asked for each lookup that came to the classifier
  packets/send                packets given to a port at once

`

// traffic is one scenario: rules, and the packets that meet them.
type traffic struct {
	name    string
	ports   int
	rules   string
	packets int
	packet  func(r *rand.Rand, i int) (port int, f frame)
}

func TestCost(t *testing.T) {
	var b strings.Builder
	b.WriteString(costHead)
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "scenario                         \tpackets\tout\tcopies\tupcalls\tlost\tflows\tmasks\tfirst\tsecond\tclassifier\tsubtables\tpackets/send\t")
	for _, s := range traffics() {
		tab.Write([]byte(s.cost(t)))
	}
	tab.Flush()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(costFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(costFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("costs are not those of %s; if that is meant, rewrite it with -update and say why\n-- now --\n%s\n-- there --\n%s", costFile, b.String(), want)
	}
}

// cost plays the traffic and returns its line.
func (s *traffic) cost(t *testing.T) string {
	var clk clock.Manual
	clk.Advance(1000 * time.Second)
	o := worldOptions(1)
	o.Config.Cache, o.Config.Limits = config.Default(config.Machine{}).Cache, config.Default(config.Machine{}).Limits
	o.Config.Datapath.FlowLimit, o.Default = 40_000, s.rules
	var ports []rxtx.Port
	var bench []*memport.Bench
	for i := range s.ports {
		bench = append(bench, memport.NewBench(fmt.Sprint("p", i+1)))
		ports = append(ports, bench[i])
	}
	m := newMem(t, o, 1, &clk, ports...)
	r := rand.New(rand.NewPCG(1, 1))
	for i := 0; i < s.packets; {
		for range 32 {
			port, f := s.packet(r, i)
			bench[port-1].Put(f.bytes())
			i++
		}
		m.Step()
		clk.Advance(100 * time.Microsecond)
		if i%(32*1000) == 0 { // every 100 ms
			m.Tend()
		}
		for _, p := range bench {
			p.Take()
		}
	}
	for range 600 { // gauges are written now and then
		m.Step()
	}
	return s.line(t, TakeSnapshot(m.Region(), clk.Now()))
}

func (s *traffic) line(t *testing.T, snap *Snapshot) string {
	c, b := &snap.Threads[0], snap.Totals()
	if b.In+b.Made != b.Out+b.Dropped+b.ToControl+b.Held {
		t.Errorf("%s: the books do not balance: %+v", s.name, b)
	}
	lookups := c.FirstHits + c.SecondHits + c.ClassifierHits + c.Misses
	return fmt.Sprintf("%-33s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.2f%%\t%.2f%%\t%.2f%%\t%.2f\t%.2f\t\n", s.name, b.In, b.Out, c.Copies, c.Upcalls, c.LostUpcalls,
		c.Flows, c.Masks, percent(c.FirstHits, lookups), percent(c.SecondHits, lookups), percent(c.ClassifierHits, lookups),
		share(c.SubtableLookups, c.ClassifierHits+c.Misses), share(c.SentPackets, c.Sends))
}
