package vswitch

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pollux/flow"
	"pollux/internal/clock"
	"pollux/internal/story"
	"pollux/rxtx"
	"pollux/rxtx/memport"
)

// A switch that a story plays with. Nothing but the story's commands moves its clock and turns its threads.
type stage struct {
	t     *testing.T
	clock clock.Manual
	mem   *Mem
	bench []*memport.Bench
}

func TestStories(t *testing.T) {
	story.RunEach(t, "testdata/*.txtar", func(t *testing.T) map[string]story.Verb {
		s := &stage{t: t}
		s.clock.Advance(1000 * time.Second)
		return map[string]story.Verb{"switch": s.start, "send": s.send, "wait": s.wait, "appctl": s.appctl}
	})
}

// start makes the switch: "switch 2 threads 3 ports <rules".
func (s *stage) start(c *story.Call) (string, error) {
	threads, err1 := strconv.Atoi(c.Args[0])
	count, err2 := strconv.Atoi(c.Args[2])
	if err1 != nil || err2 != nil {
		return "", fmt.Errorf("so many threads, so many ports")
	}
	o := worldOptions(threads)
	o.Default = c.Stdin
	var ports []rxtx.Port
	for i := range count {
		s.bench = append(s.bench, memport.NewBench(fmt.Sprint("p", i+1)))
		ports = append(ports, s.bench[i])
	}
	s.mem = newMem(s.t, o, 1, &s.clock, ports...)
	return "", nil
}

// send gives a port packets, 1 unless told how many, and says where they come out: "send p1 'udp,tp_dst=53' 5".
func (s *stage) send(c *story.Call) (string, error) {
	m, err := flow.ParseMatch(c.Args[1], nil)
	if err != nil {
		return "", err
	}
	n := 1
	if len(c.Args) > 2 {
		n, _ = strconv.Atoi(c.Args[2])
	}
	from, _ := strconv.Atoi(c.Args[0][1:])
	for range n {
		s.bench[from-1].Put(flow.Compose(&m.Key, nil))
	}
	s.rest()
	var b strings.Builder
	for i, p := range s.bench {
		packets := p.Take()
		for len(packets) > 0 {
			same := slices.IndexFunc(packets, func(o []byte) bool { return string(o) != string(packets[0]) })
			if same < 0 {
				same = len(packets)
			}
			fmt.Fprintf(&b, "p%d: %d x %s\n", i+1, same, hex.EncodeToString(packets[0]))
			packets = packets[same:]
		}
	}
	return b.String(), nil
}

// rest turns the switch until nothing is on its way and gauges are written.
func (s *stage) rest() {
	for range 300 {
		s.mem.Step()
	}
}

func (s *stage) wait(c *story.Call) (string, error) {
	d, err := time.ParseDuration(c.Args[0])
	if err != nil {
		return "", err
	}
	s.clock.Advance(d)
	s.mem.Tend()
	s.rest()
	return "", nil
}

// machine are the parts of what commands print that differ from machine to machine, and from run to run.
var machine = []struct {
	part *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?m)^.*\bcycles\b.*\n`), ""},
	{regexp.MustCompile(`pmd usage: *\d+ %`), "pmd usage: N %"},
	{regexp.MustCompile(`BUSY +FLOWS`), "BUSY FLOWS"},
	{regexp.MustCompile(`(?m)^(\d .*% +\d+ +)\d+ +\d+\.\d% +`), "${1}N N% "},
	{regexp.MustCompile(`process:( +)\d+, \S+ MB`), "process:${1}PID, N MB"},
	{regexp.MustCompile(`shared memory:( +)\S+ MB`), "shared memory:${1}N MB"},
}

// appctl runs a command of the control socket.
func (s *stage) appctl(c *story.Call) (string, error) {
	for _, cmd := range s.mem.commands(&life{}) {
		if cmd.Name != c.Args[0] {
			continue
		}
		out, err := cmd.Run(context.Background(), c.Args[1:])
		s.rest()
		for _, m := range machine {
			out = m.part.ReplaceAllString(out, m.with)
		}
		return out, err
	}
	return "", fmt.Errorf("no command %s", c.Args[0])
}

// Every command that only shows something also says so when there is no datapath.
func TestCommandsWithoutADatapath(t *testing.T) {
	o := worldOptions(1)
	o.Console = io.Discard
	m := newMem(t, o, 1, new(clock.Manual))
	m.current.Store(nil)
	for _, cmd := range m.commands(&life{}) {
		switch cmd.Name {
		case "pollux/status", "pollux/stats", "dpif-netdev/pmd-stats-show", "dpif-netdev/pmd-perf-show", "dpif-netdev/pmd-stats-clear",
			"dpif-netdev/pmd-rxq-show", "dpif-netdev/pmd-rxq-rebalance", "dpif-netdev/subtable-lookup-info-get", "dpctl/show", "dpif/show",
			"dpctl/dump-flows", "coverage/show":
			if _, err := cmd.Run(context.Background(), nil); err == nil {
				t.Errorf("%s finds a datapath", cmd.Name)
			}
		}
	}
}
