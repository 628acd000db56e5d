package ofproto

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"pollux/flow"
	"pollux/internal/clock"
	"pollux/internal/story"
	"pollux/ofproto/mac"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

// A bridge that a story plays with. Datapath ports are the OpenFlow ports plus 100.
type stage struct {
	b   *Bridge
	dp  *datapath
	now clock.Time
}

func TestStories(t *testing.T) {
	story.RunEach(t, "testdata/*.txtar", func(t *testing.T) map[string]story.Verb {
		s := &stage{dp: newDatapath(), now: 1000 * clock.Second}
		s.b = New(Config{Name: "br0", Threads: 1}, s.dp)
		return map[string]story.Verb{
			"ports": s.ports, "add-flows": s.addFlows, "mod-flows": s.modFlows, "del-flows": s.delFlows, "dump-flows": s.dumpFlows,
			"packet": s.packet, "megaflows": s.megaflows, "trace": s.trace, "wait": s.wait, "fdb": s.fdb,
		}
	})
}

// ports sets the ports: "1 2:tag=5 3:trunks=1+2 4:tag=5:native-untagged 5:no-flood".
func (s *stage) ports(c *story.Call) (string, error) {
	var ports []xlate.Port
	for _, arg := range c.Args {
		words := strings.Split(arg, ":")
		n, err := strconv.Atoi(words[0])
		if err != nil {
			return "", err
		}
		p := xlate.Port{Number: openflow.Port(n), Datapath: xlate.DatapathPort(n + 100), Name: "p" + words[0]}
		for _, w := range words[1:] {
			if err := configure(&p, w); err != nil {
				return "", err
			}
		}
		ports = append(ports, p)
	}
	s.b.SetPorts(ports)
	return "", nil
}

func configure(p *xlate.Port, w string) error {
	name, value, _ := strings.Cut(w, "=")
	switch name {
	case "tag":
		n, err := strconv.Atoi(value)
		p.VLAN.Mode, p.VLAN.Tag = xlate.Access, uint16(n)
		return err
	case "trunks":
		p.VLAN.Trunks = &xlate.VLANSet{}
		for _, v := range strings.Split(value, "+") {
			n, err := strconv.Atoi(v)
			if err != nil {
				return err
			}
			p.VLAN.Trunks.Add(uint16(n))
		}
	case "native-untagged":
		p.VLAN.Mode = xlate.NativeUntagged
	case "native-tagged":
		p.VLAN.Mode = xlate.NativeTagged
	case "no-flood":
		p.NoFlood = true
	case "no-fwd":
		p.NoFwd = true
	case "no-recv":
		p.NoRecv = true
	default:
		return fmt.Errorf("a port is never %q", w)
	}
	return nil
}

func (s *stage) apply(c *story.Call, command string) (string, error) {
	text := c.Stdin
	if len(c.Args) > 0 {
		text = command + " " + c.Args[0]
	}
	mods, err := openflow.ParseFlowMods(strings.NewReader(text), s.b.PortNames())
	if err != nil {
		return "", err
	}
	_, err = s.b.Apply(mods, s.now)
	return "", err
}

func (s *stage) addFlows(c *story.Call) (string, error) { return s.apply(c, "add") }
func (s *stage) modFlows(c *story.Call) (string, error) { return s.apply(c, "modify") }
func (s *stage) delFlows(c *story.Call) (string, error) { return s.apply(c, "delete") }

func (s *stage) dumpFlows(c *story.Call) (string, error) {
	var b strings.Builder
	err := s.b.DumpRules(&b, s.now)
	return b.String(), err
}

func parseKey(text string) (flow.Key, error) {
	m, err := flow.ParseMatch(text, nil)
	return m.Key, err
}

// packet sends packets and shows what becomes of them: "packet 'in_port=1,...' 3" sends three.
func (s *stage) packet(c *story.Call) (string, error) {
	key, err := parseKey(c.Args[0])
	if err != nil {
		return "", err
	}
	packets := 1
	if len(c.Args) > 1 {
		if packets, err = strconv.Atoi(c.Args[1]); err != nil {
			return "", err
		}
	}
	key[flow.WordPort] += 100 << 32
	d, fresh := s.dp.send(s.b, 0, &key, packets, 60, s.now)
	how := "hit"
	if fresh {
		how = "miss"
	}
	if d.Failure != "" {
		how += ": " + d.Failure
	}
	return fmt.Sprintf("%s: %s", how, d.Actions.AppendODP(nil, nil, &key)), nil
}

// megaflows shows the flows of the datapath.
func (s *stage) megaflows(c *story.Call) (string, error) {
	var lines []string
	for _, f := range s.b.Flows() {
		lines = append(lines, fmt.Sprintf("%s packets:%d actions:%s", f.Match.String(), f.Stats.Packets, f.Actions.AppendODP(nil, nil, &f.Match.Key)))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n"), nil
}

func (s *stage) trace(c *story.Call) (string, error) {
	key, err := parseKey(c.Args[0])
	if err != nil {
		return "", err
	}
	var b strings.Builder
	s.b.Trace(&b, &key)
	return b.String(), nil
}

// wait lets time pass in steps of half a second, revalidating at each, and tells what happened.
func (s *stage) wait(c *story.Call) (string, error) {
	d := time.Duration(0)
	if len(c.Args) > 0 {
		var err error
		if d, err = time.ParseDuration(c.Args[0]); err != nil {
			return "", err
		}
	}
	var lines []string
	end := s.now.Add(d)
	for {
		r := s.b.Revalidate(s.now)
		if r.Changed+r.Deleted > 0 {
			lines = append(lines, fmt.Sprintf("flows: %d changed, %d deleted, %d there", r.Changed, r.Deleted, r.Flows))
		}
		for _, x := range r.Removed {
			m := x.Rule.Message()
			lines = append(lines, fmt.Sprintf("rule gone (%s): %s", []string{"idle", "hard", "deleted"}[x.Why], m.String()))
		}
		if s.now >= end {
			r = s.b.Revalidate(s.now)
			if r.Changed+r.Deleted > 0 {
				lines = append(lines, fmt.Sprintf("flows: %d changed, %d deleted, %d there", r.Changed, r.Deleted, r.Flows))
			}
			return strings.Join(lines, "\n"), nil
		}
		s.now = min(end, s.now+clock.Second/2)
	}
}

// fdb shows the learned addresses, or pins one: "fdb 1 0 00:00:00:00:00:09".
func (s *stage) fdb(c *story.Call) (string, error) {
	if len(c.Args) == 3 {
		m, err := flow.ParseMatch("in_port="+c.Args[0]+",dl_dst="+c.Args[2], nil)
		vlan, err2 := strconv.Atoi(c.Args[1])
		if i := slices.IndexFunc([]error{err, err2}, func(e error) bool { return e != nil }); i >= 0 {
			return "", fmt.Errorf("fdb: want port, VLAN, address")
		}
		s.b.MACs().AddStatic(mac.Address{MAC: m.Key[flow.WordEthDst] >> 16, VLAN: uint16(vlan)}, openflow.Port(m.Key[flow.WordPort]>>32))
		return "", nil
	}
	var b strings.Builder
	s.b.ShowMACs(&b, s.now)
	return b.String(), nil
}
