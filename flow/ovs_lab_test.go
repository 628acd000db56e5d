//go:build lab

package flow

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pollux/internal/lab"
)

// An Open vSwitch with a dummy datapath, bridge br0 with port p1, touching nothing of this machine's.
//
//	ovs-appctl  ->  ovs-vswitchd --enable-dummy  ->  ovsdb-server      (all in a directory of their own)
type dummySwitch struct{ dir string }

func startDummySwitch(t *testing.T) dummySwitch {
	lab.Need(t, "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-appctl")
	s := dummySwitch{t.TempDir()}
	s.run(t, "ovsdb-tool", "create", "conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
	s.start(t, "ovsdb-server", "conf.db", "--remote=punix:db.sock", "--no-chdir", "--unixctl="+filepath.Join(s.dir, "db.ctl"))
	s.vsctl(t, "--no-wait", "init")
	s.start(t, "ovs-vswitchd", "unix:db.sock", "--enable-dummy=override", "--disable-system", "--no-chdir", "--unixctl="+s.ctl())
	s.vsctl(t, "set", "Open_vSwitch", ".", "other_config:vlan-limit=2", "--", "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy",
		"fail-mode=secure", "--", "add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy", "ofport_request=1")
	return s
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

var traced = regexp.MustCompile(`(?m)^Flow: (.*)$`)

// What flow_extract reads from random and broken packets is what Extract reads.
func TestExtractAgainstOpenVSwitch(t *testing.T) {
	s := startDummySwitch(t)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 5))
	t.Logf("seed %d", seed)
	for i := range 600 {
		random := randomKey(r)
		b := Compose(&random, make([]byte, r.IntN(40)))
		if i%2 == 0 {
			b = spoil(r, b)
		}
		if len(b) < 14 {
			continue
		}
		var k Key
		Extract(place(t, b), &k)
		out := s.run(t, "ovs-appctl", "-t", s.ctl(), "ofproto/trace", "br0", "in_port=1", fmt.Sprintf("%x", b))
		found := traced.FindStringSubmatch(out)
		if found == nil {
			t.Fatalf("no flow in the trace of %x:\n%s", b, out)
		}
		m, err := matchOfTrace(found[1])
		if err != nil {
			t.Fatalf("%s: %v", found[1], err)
		}
		if !m.Matches(&k) {
			var seen Key
			k.And(&m.Mask, &seen)
			t.Errorf("%x is for Open vSwitch %s\n%s", b, found[1], strings.ReplaceAll(differences(&seen, &m.Key), "slowly", "for Open vSwitch"))
		}
	}
}

// matchOfTrace reads a flow of a trace. It goes without prerequisites, which broken packets need not meet.
func matchOfTrace(s string) (Match, error) {
	var p MatchParser
	for key, value, rest, ok := NextPair(s); ok; key, value, rest, ok = NextPair(rest) {
		if strings.HasPrefix(key, "mpls_lse") {
			continue
		}
		if err := p.Add(key, value); err != nil {
			return Match{}, err
		}
	}
	return p.Match, nil
}

// ovs-ofctl reads the text of random matches and prints it as we do.
func TestMatchTextAgainstOpenVSwitch(t *testing.T) {
	lab.Need(t, "ovs-ofctl")
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 6))
	t.Logf("seed %d", seed)
	for range 600 {
		m := tellableMatch(r)
		text := m.String()
		out, err := exec.Command("ovs-ofctl", "parse-flow", strings.Trim(text+",actions=drop", ",")).CombinedOutput()
		_, theirs, ok := strings.Cut(string(out), ": ADD")
		if err != nil || !ok {
			t.Errorf("%s: %v\n%s", text, err, out)
			continue
		}
		theirs = strings.TrimSuffix(strings.TrimSpace(theirs), "actions=drop")
		if strings.TrimSpace(theirs) != text {
			t.Errorf("ours:   %s\ntheirs: %s", text, theirs)
		}
	}
}

// tellableMatch is a random match without what Open vSwitch 3.1 cannot carry in OpenFlow 1.0 with NXM, reads wrong, or shows with less than all its bits.
func tellableMatch(r *rand.Rand) Match {
	m := randomMatch(r)
	for !m.Meets(NeedEthernet) {
		m = randomMatch(r)
	}
	drop := func(ids ...FieldID) {
		for _, id := range ids {
			m.SetMasked(id, Value{}, Value{})
		}
	}
	drop(FieldSKBPriority, FieldTunTOS, FieldTunTTL, FieldVLAN2TCI, FieldTunErspanVer, FieldTunErspanIdx, FieldTunErspanDir, FieldTunErspanHWID,
		FieldTunGTPUFlags, FieldTunGTPUMsgType, FieldTunGBPFlags, FieldCtNWProto, FieldCtNWSrc, FieldCtNWDst, FieldCtIPv6Src, FieldCtIPv6Dst, FieldCtTPSrc, FieldCtTPDst,
		FieldNSHFlags, FieldNSHTTL, FieldNSHMDType, FieldNSHNP, FieldNSHC1, FieldNSHC2, FieldNSHC3, FieldNSHC4)
	for f := range Fields { // other masks of IPv6 addresses are taken for prefix lengths if they begin with a digit
		if mask := f.GetMask(&m.Mask); f.Format == IPv6Address && !mask.IsZero() && (f.Prereq == NeedNothing || m.Meets(f.Prereq)) {
			m.SetExact(f.ID, f.Get(&m.Key))
		}
	}
	if m.Key[WordVLAN]&tciTagged == 0 {
		drop(FieldVLANTCI) // OpenFlow 1.0 knows no bits of a tag that may not be there
	}
	if m.exact(FieldIPFrag) < 0 || m.exact(FieldIPFrag) == FragLater {
		drop(FieldIPFrag)
	}
	if m.exact(FieldIPFrag) == FragAny|FragLater {
		drop(FieldTCPSrc, FieldTCPDst, FieldTCPFlags, FieldNDTarget)
	}
	return m
}
