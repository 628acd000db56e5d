package vswitch

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pollux/config"
	"pollux/dpif"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/openflow"
	"pollux/rxtx"
	"pollux/rxtx/memport"
)

// The world: a whole switch on ports of memory and a clock turned by hand, fed random rules
// and random packets, beside a reference switch that does the same the obvious way
// (world_reference_test.go). Whatever leaves a port must be, byte for byte, what
// the reference sends there.
//
// A round lets time pass, lets ports and rules come and go, lets the control side
// tend to it (what is stale until then is nobody's fault), and then sends packets in
// bursts. A packet that teaches the reference an address goes alone, since
// the switch learns from packets of known flows only when it reads their counters.

var (
	worldSeed   = flag.Uint64("world.seed", 0, "play only the world of this seed")
	worldWorlds = flag.Int("world.worlds", 24, "how many worlds to play")
	worldRounds = flag.Int("world.rounds", 60, "how many rounds each world has")
)

const worldPorts = 5

// world is both switches.
type world struct {
	t     *testing.T
	d     dice
	clock clock.Manual
	mem   *Mem
	ref   *reference
	bench []*memport.Bench // by OpenFlow port - 1
	rules int              // how many were made
	log   []string         // what happened, for who reads a failure
}

func TestWorld(t *testing.T) {
	if *worldSeed != 0 {
		playWorld(t, *worldSeed)
		return
	}
	for i := range *worldWorlds {
		seed := uint64(i + 1)
		t.Run(fmt.Sprint(seed), func(t *testing.T) { playWorld(t, seed) })
	}
}

func playWorld(t *testing.T, seed uint64) {
	w := newWorld(t, seed)
	for range *worldRounds {
		if w.round(); t.Failed() {
			t.Logf("rerun with: go test ./vswitch -run 'TestWorld$' -world.seed=%d", seed)
			return
		}
	}
	w.balance()
}

// worldOptions are the options of a small switch with the given number of threads.
func worldOptions(threads int) Options {
	c := config.Default(config.Machine{})
	c.Umem.Frames, c.Umem.HugePages = 2048, config.Off
	c.Datapath.FlowLimit = 4000
	c.Cache.FirstEntries, c.Cache.SecondEntries, c.Cache.InsertInverseProbability = 256, 1024, 2
	o := Options{Config: c, Bridge: "br0", Version: "test", Console: io.Discard, Default: "table=0,priority=0,actions=drop"}
	for i := range threads {
		o.Cores = append(o.Cores, i)
	}
	return o
}

func newWorld(t *testing.T, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{t: t, d: dice{r, worldPorts, r.IntN(3) > 0}}
	w.clock.Advance(1000 * time.Second)
	o := worldOptions(1 + r.IntN(2))
	o.Config.Datapath.MaxMasks = pick(w.d, 32, 64, 256)
	o.Config.Cache.SecondEnabled = r.IntN(2) == 0
	o.Config.Datapath.Batch = pick(w.d, 1, 7, 32)
	w.ref = &reference{now: w.clock.Now(), ports: map[int]bool{}, macs: map[refAddress]*refEntry{}, aging: 300 * clock.Second}
	w.ref.rules = []*refRule{{}}
	var ports []rxtx.Port
	for i := range worldPorts {
		w.bench = append(w.bench, memport.NewBench(fmt.Sprintf("p%d", i+1)))
		ports = append(ports, w.bench[i])
		w.ref.ports[i+1] = true
	}
	w.mem = newMem(t, o, seed, &w.clock, ports...)
	for range 20 {
		w.addRule()
	}
	w.pass(time.Second)
	return w
}

// newMem makes a switch that is gone after the test.
func newMem(t *testing.T, o Options, seed uint64, clk clock.Clock, ports ...rxtx.Port) *Mem {
	t.Helper()
	m, err := NewMem(o, seed, clk, ports...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Region().Close() })
	return m
}

func (w *world) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%.3fs ", float64(w.clock.Now())/1e9)+fmt.Sprintf(format, args...))
}

func (w *world) round() {
	d := w.d
	for _, wait := range []struct {
		in int
		d  time.Duration
	}{{200, 301 * time.Second}, {40, 11 * time.Second}, {3, 3 * time.Second}, {1, 300 * time.Millisecond}} {
		if d.one(wait.in) {
			w.pass(wait.d)
			break
		}
	}
	if d.one(10) {
		w.changePorts()
	}
	for range d.IntN(4) {
		w.changeRules()
	}
	w.mem.Tend()
	w.quiet()
	w.packets(d.IntN(100))
}

// pass lets time pass and both switches see to what is due.
func (w *world) pass(d time.Duration) {
	w.clock.Advance(d)
	w.ref.now = w.clock.Now()
	w.mem.Tend()
	w.quiet()
	w.ref.tend()
	w.compare()
}

var dumped = regexp.MustCompile(`cookie=(0x[0-9a-f]+),.* n_packets=(\d+), n_bytes=(\d+)`)

// compare holds what both switches know against each other: which rules there are, what they have counted, and who was heard where.
func (w *world) compare() {
	var got, want []string
	var dump bytes.Buffer
	w.mem.bridge.DumpRules(&dump, w.clock.Now())
	for _, m := range dumped.FindAllStringSubmatch(dump.String(), -1) {
		got = append(got, fmt.Sprintf("rule %s: %s packets, %s bytes", m[1], m[2], m[3]))
	}
	for _, e := range w.mem.bridge.MACs().Entries() {
		got = append(got, fmt.Sprintf("%012x of VLAN %d is on port %d", e.MAC, e.VLAN, e.Port))
	}
	for _, r := range w.ref.rules {
		want = append(want, fmt.Sprintf("rule %#x: %d packets, %d bytes", r.cookie, r.packets, r.bytes))
	}
	for a, e := range w.ref.macs {
		want = append(want, fmt.Sprintf("%012x of VLAN %d is on port %d", a.mac, a.vlan, e.port))
	}
	slices.Sort(got)
	slices.Sort(want)
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got) || i < len(want) && got[i] > want[i]:
			w.fail("the switch does not have: %s", want[i])
			return
		case i >= len(want) || got[i] < want[i]:
			w.fail("the switch has: %s", got[i])
			return
		}
	}
}

// quiet turns the switch until nothing is on its way.
func (w *world) quiet() {
	for idle, turns := 0, 0; idle < 3; idle++ {
		if n := w.mem.Step(); n > 0 || underWay(w.mem) {
			idle = 0
		}
		if turns++; turns > 100_000 {
			w.t.Fatal("the switch does not come to rest")
		}
	}
}

// underWay reports whether anything waits in a ring between threads and control side.
func underWay(m *Mem) bool {
	given, taken := uint64(0), uint64(0)
	for i, f := range m.current.Load().threads {
		if f.end.Upcalls.Peek(1) > 0 || f.end.Mail.Released() != f.end.Mail.Published() {
			return true
		}
		s := m.Region().Thread(i).Stats
		given += s.HandedOver.Load()
		taken += s.TakenOver.Load()
	}
	return given != taken
}

// addRule gives both switches a new rule.
func (w *world) addRule() {
	u := w.d.rule(min(w.d.IntN(numTables), w.d.IntN(numTables)))
	for slices.ContainsFunc(w.ref.rules, func(o *refRule) bool { return o.table == u.table && o.priority == u.priority }) {
		u.priority++
	}
	w.rules++
	u.cookie = w.rules
	w.apply("add " + u.String())
	w.ref.add(u)
}

func (w *world) apply(line string) {
	w.note("%s", line)
	mod, err := openflow.ParseFlowMod(line, nil)
	if err == nil {
		_, err = w.mem.bridge.Apply([]openflow.FlowMod{mod}, w.clock.Now())
	}
	if err != nil {
		w.fail("%s: %v", line, err)
	}
}

// changeRules adds, replaces, modifies or deletes rules.
func (w *world) changeRules() {
	d, rules := w.d, w.ref.rules
	if len(rules) < 2 || len(rules) < 60 && d.one(2) {
		w.addRule()
		return
	}
	u := rules[d.IntN(len(rules))]
	switch d.IntN(4) {
	case 0: // the same rule anew
		n := *u
		d.instruct(&n, u.class())
		w.apply("add " + n.String())
		w.ref.add(&n)
	case 1:
		w.modify(u)
	case 2:
		w.apply("delete_strict " + u.matchText())
		w.ref.rules = slices.DeleteFunc(rules, func(o *refRule) bool { return o == u })
	case 3:
		w.deleteCovered(u)
	}
}

// class is the class that the rule was made for.
func (u *refRule) class() (c class) {
	for _, m := range u.match {
		switch m.field {
		case "dl_type":
			c.typ = m.value.lo
		case "nw_proto":
			c.proto = m.value.lo
		}
	}
	return c
}

// modify gives other actions to a rule, or to all that its match covers.
func (w *world) modify(u *refRule) {
	n := *u
	w.d.instruct(&n, u.class())
	strict := w.d.one(2)
	if strict {
		w.apply("modify_strict " + n.matchText() + "," + n.actionText())
	} else {
		text := strings.ReplaceAll(n.matchText(), fmt.Sprintf(",priority=%d", n.priority), "")
		w.apply("modify " + text + "," + n.actionText())
	}
	for _, o := range w.ref.rules {
		if o == u || !strict && o.table == u.table && o.covered(u.match) {
			o.acts, o.next, o.metadata, o.metadataMask, o.modified = n.acts, n.next, n.metadata, n.metadataMask, w.ref.now
		}
	}
}

// deleteCovered deletes all rules that a part of the rule's match covers.
func (w *world) deleteCovered(u *refRule) {
	conds := append([]cond(nil), u.match...)
	needs := len(u.class().conds())
	if len(conds) > needs && w.d.one(2) {
		conds = conds[:len(conds)-1]
	}
	text := fmt.Sprintf("delete table=%d", u.table)
	for _, c := range conds {
		text += "," + c.text
	}
	w.apply(text)
	w.ref.rules = slices.DeleteFunc(w.ref.rules, func(o *refRule) bool { return o.table == u.table && o.covered(conds) })
}

// changePorts takes a port away or puts one back.
func (w *world) changePorts() {
	n := 1 + w.d.IntN(worldPorts)
	name := fmt.Sprintf("p%d", n)
	var err error
	if w.ref.ports[n] {
		w.note("port %d goes", n)
		err = w.mem.RemovePort(name)
		w.ref.removePort(n)
	} else {
		w.note("port %d comes", n)
		w.mem.mu.Lock()
		_, err = w.mem.addPort(dpif.PortSpec{Port: uint32(n), Name: name, Kind: "memport"})
		w.mem.mu.Unlock()
		w.ref.ports[n] = true
	}
	if err != nil {
		w.fail("change ports: %v", err)
	}
}

// arrival is a packet at a port.
type arrival struct {
	port int
	frame
}

// packets sends n random packets.
func (w *world) packets(n int) {
	var burst []arrival
	var walks []*walk
	flush := func() {
		w.burst(burst, walks)
		burst, walks = nil, nil
	}
	for range n {
		a := arrival{1 + w.d.IntN(worldPorts), w.d.packet()}
		if len(burst) > 0 && w.d.one(3) {
			a = burst[w.d.IntN(len(burst))]
		}
		if !w.ref.ports[a.port] {
			continue
		}
		k := w.ref.process(a.port, a.frame)
		if k.teaches() && len(burst) > 0 {
			flush()
			k = w.ref.process(a.port, a.frame)
		}
		teaches := k.teaches()
		k.commit()
		burst, walks = append(burst, a), append(walks, k)
		if teaches || len(burst) >= 40 {
			flush()
		}
	}
	flush()
}

// burst gives the switch packets at once, and holds what comes out against what the reference sent.
func (w *world) burst(burst []arrival, walks []*walk) {
	if len(burst) == 0 || w.t.Failed() {
		return
	}
	var want [worldPorts + 1][]string
	for i, a := range burst {
		data := a.bytes()
		w.note("packet to port %d: %s", a.port, hex.EncodeToString(data))
		w.bench[a.port-1].Put(data)
		for _, s := range walks[i].sent {
			want[s.port] = append(want[s.port], s.data)
		}
	}
	w.quiet()
	for p := 1; p <= worldPorts; p++ {
		var got []string
		for _, b := range w.bench[p-1].Take() {
			got = append(got, string(b))
		}
		slices.Sort(got)
		slices.Sort(want[p])
		if !slices.Equal(got, want[p]) {
			w.fail("port %d sent\n%swant\n%s", p, hexLines(got), hexLines(want[p]))
			return
		}
	}
	w.pass(time.Duration(260+w.d.IntN(500)) * time.Millisecond)
}

func hexLines(l []string) (s string) {
	for _, p := range l {
		s += "    " + hex.EncodeToString([]byte(p)) + "\n"
	}
	return s
}

// fail says what is wrong, and how it came to that.
func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	var rules bytes.Buffer
	w.mem.bridge.DumpRules(&rules, w.clock.Now())
	var macs bytes.Buffer
	w.mem.bridge.ShowMACs(&macs, w.clock.Now())
	flows, _ := w.mem.dumpFlows(nil, nil)
	last := w.log[max(0, len(w.log)-60):]
	w.t.Errorf(format+"\n-- rules --\n%s-- addresses --\n%s-- flows --\n%s-- what happened last --\n%s",
		append(args, rules.String(), macs.String(), flows, strings.Join(last, "\n"))...)
}

// balance holds the books at rest.
func (w *world) balance() {
	for range 300 { // gauges are written now and then
		w.mem.Step()
	}
	t := TakeSnapshot(w.mem.Region(), w.clock.Now()).Totals()
	if t.In+t.Made != t.Out+t.Dropped+t.ToControl+t.Held {
		w.t.Errorf("the books do not balance: %+v", t)
	}
}

// keyOf is the key of a packet that seems to come in by an OpenFlow port.
func keyOf(t *testing.T, data []byte, port uint32) *flow.Key {
	key := flow.Key{flow.WordPort: uint64(port) << 32}
	if err := keyOfHex(hex.EncodeToString(data), &key); err != nil {
		t.Fatal(err)
	}
	return &key
}
