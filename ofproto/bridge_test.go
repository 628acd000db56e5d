package ofproto

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto/mac"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

func seeded(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func testBridge(threads, ports int) (*Bridge, *datapath) {
	dp := newDatapath()
	b := New(Config{Name: "br0", Threads: threads, MaxMasks: 16}, dp)
	b.SetPorts(testPorts(ports))
	return b, dp
}

func testPorts(n int) (ports []xlate.Port) {
	for i := 1; i <= n; i++ {
		ports = append(ports, xlate.Port{Number: openflow.Port(i), Datapath: xlate.DatapathPort(100 + i), Name: fmt.Sprintf("p%d", i)})
	}
	return ports
}

func randomRule(r *rand.Rand) string {
	match := []string{"", "in_port=1,", "dl_dst=00:00:00:00:00:02,", "ip,nw_dst=10.0.0.0/8,", "tcp,tp_dst=80,", "ip,nw_src=10.0.0.0/30,", "dl_vlan=1,"}
	actions := []string{"output:1", "output:2", "NORMAL", "resubmit(,1)", "resubmit(,2)", "drop", "mod_dl_src:00:00:00:00:00:07,output:2", "dec_ttl,output:1", "FLOOD"}
	return fmt.Sprintf("table=%d,priority=%d,%sactions=%s", r.IntN(3), r.IntN(4), match[r.IntN(len(match))], actions[r.IntN(len(actions))])
}

func randomPacket(r *rand.Rand, ports int) (k flow.Key) {
	set := func(id flow.FieldID, v uint64) { id.Field().Set(&k, flow.Value{Lo: v}) }
	k[flow.WordPort] = uint64(101+r.IntN(ports)) << 32
	set(flow.FieldEthDst, uint64(2*r.IntN(30)))
	set(flow.FieldEthSrc, uint64(2*r.IntN(30)))
	set(flow.FieldEthType, flow.EthTypeIPv4)
	set(flow.FieldNWSrc, 0x0a000000+uint64(r.IntN(8)))
	set(flow.FieldNWDst, uint64(8+r.IntN(4))<<24)
	set(flow.FieldIPProto, flow.ProtoTCP)
	set(flow.FieldTCPDst, uint64(78+r.IntN(4)))
	set(flow.FieldNWTTL, uint64(r.IntN(3)))
	return k
}

func mustRule(t testing.TB, text string) openflow.Rule {
	t.Helper()
	r, err := openflow.ParseRule(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Packets, rule changes and revalidation at the same time: in the end, when all is quiet, every flow of the
// datapath does what translation says of any packet it knows, no thread has more masks than it
// may, and every packet was credited to the rule that all of them meet.
func TestAllAtOnce(t *testing.T) {
	const threads, ports = 3, 3
	b, dp := testBridge(threads, ports)
	rules := seeded(t)
	if err := b.ApplyRules([]openflow.Rule{mustRule(t, "priority=9,actions=resubmit(,1),resubmit(,2),NORMAL")}, 0); err != nil {
		t.Fatal(err)
	}
	var now clock.Time = clock.Second
	var work, checking sync.WaitGroup
	stop := make(chan struct{})
	const packets = 1500
	for thread := range threads {
		r := rand.New(rand.NewPCG(rules.Uint64(), 0))
		work.Go(func() {
			for range packets {
				k := randomPacket(r, ports)
				dp.send(b, thread, &k, 1, 60, now)
			}
		})
	}
	work.Go(func() {
		for range 200 {
			rule := mustRule(t, randomRule(rules))
			if rule.Table == 0 {
				continue // the rule that all packets meet stays
			}
			c := []openflow.Command{openflow.Add, openflow.Add, openflow.DeleteStrict, openflow.Delete}[rules.IntN(4)]
			if _, err := b.Apply([]openflow.FlowMod{{Command: c, Rule: rule, OutPort: openflow.PortNone, OutGroup: openflow.NoGroup}}, now); err != nil {
				t.Error(err)
			}
			if rules.IntN(10) == 0 {
				all := testPorts(ports)
				all[rules.IntN(ports)].NoFlood = true
				b.SetPorts(all)
			}
		}
	})
	checking.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-b.Changed():
				b.Revalidate(now)
			}
		}
	})
	work.Wait()
	close(stop)
	checking.Wait()
	b.Revalidate(now)
	const quiet = 500 // packets when nothing changes any more, so that there are flows whatever the last change swept away
	for range quiet {
		k := randomPacket(rules, ports)
		dp.send(b, 0, &k, 1, 60, now)
	}
	b.Revalidate(now)
	checkFlows(t, b, dp, rules)
	if len(dp.flows) < 3 {
		t.Errorf("only %d flows are there to be checked", len(dp.flows))
	}
	b.Revalidate(now + 11*clock.Second)
	if n := len(dp.flows); n != 0 {
		t.Errorf("%d flows stay without packets", n)
	}
	if n := int(b.View().Tables[0].Sorted()[0].Stats.Packets.Load()); n+dp.lost != threads*packets+quiet {
		t.Errorf("%d packets were credited and %d met no flow, %d were sent", n, dp.lost, threads*packets+quiet)
	}
	emptyBooks(t, b)
}

// emptyBooks checks that nothing is written of flows of a datapath without any.
func emptyBooks(t *testing.T, b *Bridge) {
	t.Helper()
	for _, f := range b.threads {
		if len(f.list)+len(f.byID)+len(f.byHash)+len(f.masks)+f.bound.Len() != 0 {
			t.Error("the books are not empty when the datapath is")
		}
	}
}

// checkFlows compares what the datapath has with the books and with fresh translations.
func checkFlows(t *testing.T, b *Bridge, dp *datapath, r *rand.Rand) {
	t.Helper()
	var x xlate.Translator
	masks := map[int]map[flow.Mask]bool{}
	for _, f := range b.Flows() {
		d := dp.flows[f.ID]
		if d == nil || d.match != f.Match || !slices.Equal(d.actions, f.Actions) {
			t.Fatal("the datapath has not what the books say")
		}
		if masks[f.Thread] == nil {
			masks[f.Thread] = map[flow.Mask]bool{}
		}
		masks[f.Thread][f.Match.Mask] = true
		for range 5 {
			k := randomPacket(r, 3)
			for w := range k {
				k[w] = k[w]&^f.Match.Mask[w] | f.Match.Key[w]
			}
			if res := x.Translate(b.View(), &k); !slices.Equal(res.Actions, f.Actions) {
				t.Fatalf("flow %s does %v, translation says %v", f.Match.String(), f.Actions, res.Actions)
			}
		}
	}
	if len(b.Flows()) != len(dp.flows) {
		t.Errorf("the books know %d flows, the datapath %d", len(b.Flows()), len(dp.flows))
	}
	for thread, m := range masks {
		if len(m) > 16 {
			t.Errorf("thread %d has %d masks", thread, len(m))
		}
	}
}

// A control process that was started anew takes over what runs: flows that are right stay, with their counters;
// what they teach is known; those that the rules want otherwise change.
func TestAdopt(t *testing.T) {
	old, dp := testBridge(1, 3)
	normal := []openflow.Rule{mustRule(t, "actions=NORMAL")}
	if err := old.ApplyRules(normal, 0); err != nil {
		t.Fatal(err)
	}
	r := seeded(t)
	for range 50 {
		k := randomPacket(r, 3)
		dp.send(old, 0, &k, 10, 60, clock.Second)
		old.Revalidate(clock.Second)
	}
	b := New(Config{Name: "br0", Threads: 1}, dp)
	b.SetPorts(testPorts(3))
	if err := b.ApplyRules(normal, 2*clock.Second); err != nil {
		t.Fatal(err)
	}
	for _, f := range old.Flows() {
		b.Adopt(0, f.ID, &f.Match.Key, &f.Match.Mask, f.Actions, 2*clock.Second)
	}
	for _, e := range old.MACs().Entries() {
		if _, ok := b.MACs().Lookup(mac.Address{MAC: e.MAC, VLAN: e.VLAN}); !ok {
			t.Errorf("address %x was known and is not any more", e.MAC)
		}
	}
	b.Revalidate(2 * clock.Second)
	checkFlows(t, b, dp, r)
	var before uint64
	for _, f := range dp.flows {
		before += f.stats.Packets
		f.stats.Packets += 2
		f.stats.Used = 3 * clock.Second
	}
	b.Revalidate(3 * clock.Second)
	if got := b.View().Tables[0].Sorted()[0].Stats.Packets.Load(); got != uint64(2*len(dp.flows)) || before == 0 {
		t.Errorf("%d packets were credited, want %d", got, 2*len(dp.flows))
	}
}

// Either all of a change is seen or nothing.
func TestRefusedChange(t *testing.T) {
	b, _ := testBridge(1, 2)
	if err := b.ApplyRules([]openflow.Rule{mustRule(t, "priority=5,in_port=1,actions=output:2")}, 0); err != nil {
		t.Fatal(err)
	}
	before := b.View()
	err := b.ApplyRules([]openflow.Rule{mustRule(t, "actions=drop"), mustRule(t, "check_overlap,priority=5,in_port=1,dl_type=0x800,actions=drop")}, 0)
	if err == nil || !strings.Contains(err.Error(), ErrOverlap.Error()) || b.View() != before {
		t.Errorf("an overlapping rule: %v, view changed: %v", err, b.View() != before)
	}
	err = b.ApplyRules([]openflow.Rule{mustRule(t, "actions=drop"), mustRule(t, "table=7,actions=group:5")}, 0)
	if err == nil || !strings.Contains(err.Error(), "no group 5") || b.View() != before {
		t.Errorf("a rule with a group: %v, view changed: %v", err, b.View() != before)
	}
}

// What a thread refuses, and what no room is for, still gets its packets through.
func TestNoRoom(t *testing.T) {
	b, dp := testBridge(1, 2)
	if err := b.ApplyRules([]openflow.Rule{mustRule(t, "in_port=1,actions=output:2")}, 0); err != nil {
		t.Fatal(err)
	}
	k := randomPacket(seeded(t), 1)
	dp.full = true
	d := b.Upcall(0, &k, 60, 0)
	if d.Flow != 0 || len(d.Actions) != 1 {
		t.Errorf("with a full datapath the packet gets flow %d and %d actions", d.Flow, len(d.Actions))
	}
	dp.full = false
	d = b.Upcall(0, &k, 60, 0)
	b.Lost(0, d.Flow)
	if again := b.Upcall(0, &k, 60, 0); again.Flow == d.Flow || again.Flow == 0 {
		t.Errorf("a flow that was lost is put again as %d, was %d", again.Flow, d.Flow)
	}
	if n := b.View().Tables[0].Sorted()[0].Stats.Packets.Load(); n != 1 {
		t.Errorf("%d packets were credited, want the one without a flow", n)
	}
}
