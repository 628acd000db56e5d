//go:build lab

package xlate

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pollux/action"
	"pollux/flow"
	"pollux/internal/lab"
)

// Open vSwitch itself as the twin: the same rules, ports and learned addresses, and ofproto/trace for random packets. What its
// datapath would send must be what ours would.
//
//	ovs-ofctl, ovs-appctl  ->  ovs-vswitchd --enable-dummy  ->  ovsdb-server      (all in a directory of their own)
func TestAgainstOpenVSwitch(t *testing.T) {
	s := startDummySwitch(t)
	r := seeded(t)
	for set := range 40 {
		v, w := randomView(r, allKinds, true)
		s.load(t, v, w)
		var x Translator
		for range 25 {
			k := randomKey(r)
			if k[flow.WordVLAN]&flow.VLANPresent != 0 {
				k[flow.WordVLAN] = k[flow.WordVLAN] >> 32 << 32 // its text has no inner tag
			}
			k[flow.WordPort] -= 10 << 32 // from the number in the datapath to OpenFlow's
			res := x.TranslateKey(v, &k)
			text := FlowText(&k)
			if strings.HasPrefix(text, "udp") {
				text = strings.ReplaceAll(text, "tp_", "udp_") // which Open vSwitch writes as tp_ but does not read so
			}
			said := s.run(t, "ovs-appctl", "-t", s.ctl(), "ofproto/trace", "br0", text)
			theirText := strings.Trim(toController.ReplaceAllString(actionsLine.FindStringSubmatch(said)[1], ","), ",")
			list, err := action.ParseODP(cmp.Or(theirText, "drop"), nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			ours, theirs := sortedSendings(&k, res.Actions), sortedSendings(&k, list)
			if !slices.Equal(ours, theirs) {
				var trace Trace
				x.Traced(&trace)
				x.TranslateKey(v, &k)
				var b strings.Builder
				trace.Write(&b)
				t.Fatalf("set %d: we do %s\n%s\nOpen vSwitch says\n%s", set, res.Actions.AppendODP(nil, nil, &k), b.String(), said)
			}
		}
	}
}

var (
	actionsLine  = regexp.MustCompile(`Datapath actions: (.*)`)
	toController = regexp.MustCompile(`,?userspace\(pid=0,controller\([^)]*\)\),?`) // each switch has its own way to name a controller action
)

// sortedSendings is what actions make of a packet, whatever the order in which ports are flooded.
func sortedSendings(k *flow.Key, list action.List) (texts []string) {
	for _, s := range execute(*k, list) {
		texts = append(texts, fmt.Sprintf("%d %s", s.port, FlowText(&s.key)))
	}
	slices.Sort(texts)
	return texts
}

type dummySwitch struct{ dir string }

func startDummySwitch(t *testing.T) dummySwitch {
	lab.Need(t, "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-appctl", "ovs-ofctl")
	s := dummySwitch{t.TempDir()}
	s.run(t, "ovsdb-tool", "create", "conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
	s.start(t, "ovsdb-server", "conf.db", "--remote=punix:db.sock", "--no-chdir", "--unixctl="+filepath.Join(s.dir, "db.ctl"))
	s.vsctl(t, "--no-wait", "init")
	s.start(t, "ovs-vswitchd", "unix:db.sock", "--enable-dummy=override", "--disable-system", "--no-chdir", "--unixctl="+s.ctl())
	s.vsctl(t, "set", "Open_vSwitch", ".", "other_config:vlan-limit=2", "--", "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "fail-mode=secure")
	for i, vlan := range []string{"", "trunks=1", "tag=1", "tag=2 vlan_mode=native-untagged trunks=1"} {
		port := fmt.Sprintf("p%d", i+1)
		args := append([]string{"add-port", "br0", port}, strings.Fields(vlan)...)
		s.vsctl(t, append(args, "--", "set", "interface", port, "type=dummy", fmt.Sprintf("ofport_request=%d", i+1), fmt.Sprintf("options:dp_port=%d", i+1))...)
	}
	s.run(t, "ovs-ofctl", "mod-port", "br0", "p2", "no-flood")
	s.run(t, "ovs-ofctl", "mod-port", "br0", "br0", "no-flood")
	return s
}

// load gives the switch the rules and addresses of a view, and the view the switch's port numbers.
func (s dummySwitch) load(t *testing.T, v *View, w *twin) {
	var b strings.Builder
	for _, rules := range w.rules {
		for _, r := range rules {
			m := r.Message()
			fmt.Fprintln(&b, m.String())
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "rules"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(t, "ovs-ofctl", "del-flows", "br0")
	s.run(t, "ovs-ofctl", "add-flows", "br0", "rules")
	for _, e := range strings.Split(s.run(t, "ovs-appctl", "-t", s.ctl(), "fdb/show", "br0"), "\n")[1:] {
		if f := strings.Fields(e); len(f) == 4 {
			s.run(t, "ovs-appctl", "-t", s.ctl(), "fdb/del", "br0", f[1], f[2])
		}
	}
	for _, e := range v.MACs.Entries() {
		s.run(t, "ovs-appctl", "-t", s.ctl(), "fdb/add", "br0", fmt.Sprintf("p%d", e.Port), fmt.Sprint(e.VLAN), fmt.Sprintf("00:00:00:00:00:%02x", e.MAC))
	}
	shown := s.run(t, "ovs-appctl", "-t", s.ctl(), "dpif/show")
	ports := slices.Clone(v.Ports.All())
	for _, m := range regexp.MustCompile(`p(\d) \d+/(\d+):`).FindAllStringSubmatch(shown, -1) {
		var n, dp int
		fmt.Sscan(m[1], &n)
		fmt.Sscan(m[2], &dp)
		ports[n-1].Datapath = DatapathPort(dp)
	}
	v.Ports = NewPorts(ports)
}

func (s dummySwitch) ctl() string { return filepath.Join(s.dir, "switch.ctl") }

func (s dummySwitch) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir, c.Env = s.dir, append(os.Environ(), "OVS_RUNDIR="+s.dir, "OVS_DBDIR="+s.dir, "OVS_LOGDIR="+s.dir, "OVS_SYSCONFDIR="+s.dir)
	return c
}

func (s dummySwitch) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := s.command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func (s dummySwitch) vsctl(t *testing.T, args ...string) {
	t.Helper()
	s.run(t, "ovs-vsctl", append([]string{"--db=unix:db.sock", "--retry", "--timeout=20"}, args...)...)
}

func (s dummySwitch) start(t *testing.T, name string, args ...string) {
	t.Helper()
	c := s.command(name, args...)
	if err := c.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}
