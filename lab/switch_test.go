//go:build lab

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pollux/internal/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }

// patience is how long a test waits for what should take a moment. Only failures wait that long.
const patience = 30 * time.Second

// A vswitch is a pollux that runs in a namespace.
type vswitch struct {
	ns      *lab.NS
	dir     string // its run directory
	control *lab.Proc
}

// start runs "pollux start ARGS" and waits until it answers. It is stopped when the test ends, and must leave nothing behind.
func start(t *testing.T, ns *lab.NS, args ...string) *vswitch {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pxlab") // a short path: socket names are limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &vswitch{ns: ns, dir: dir}
	t.Cleanup(func() { s.stop(t) })
	s.startAgain(t, args...)
	return s
}

// startAgain starts a control process in the same run directory.
func (s *vswitch) startAgain(t *testing.T, args ...string) {
	t.Helper()
	s.control = s.ns.StartEnv(t, []string{"OVS_RUNDIR=" + s.dir}, s.words(t, append([]string{"start"}, args...))...)
	lab.Until(t, patience, "pollux status to answer", func() error {
		if !s.control.Running() {
			t.Fatalf("pollux start %s ended:\n%s", strings.Join(args, " "), s.control.Output())
		}
		out, err := s.try(t, "status")
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}

func (s *vswitch) words(t *testing.T, args []string) []string {
	return append(append([]string{lab.Binary(t)}, args...), "--run-dir", s.dir)
}

// run carries out "pollux ARGS" against this switch.
func (s *vswitch) run(t *testing.T, args ...string) string {
	t.Helper()
	return s.ns.Run(t, s.words(t, args)...)
}

func (s *vswitch) try(t *testing.T, args ...string) (string, error) {
	return s.ns.Try(s.words(t, args)...)
}

// appctl asks the switch as a user of Open vSwitch would.
func (s *vswitch) appctl(t *testing.T, args ...string) string {
	t.Helper()
	return s.ns.Run(t, append([]string{"env", "OVS_RUNDIR=" + s.dir, "ovs-appctl", "-t", "pollux"}, args...)...)
}

// pids returns the processes of the binary under test in the namespace of the switch.
func (s *vswitch) pids(t *testing.T) (pids []int) {
	mine, err := os.Stat(lab.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range s.ns.Pids() {
		exe, err := os.Stat(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && os.SameFile(exe, mine) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// datapath returns the process that polls: the one that is not the control process.
func (s *vswitch) datapath(t *testing.T) int {
	t.Helper()
	pid := 0
	lab.Until(t, patience, "a datapath process", func() error {
		others := slices.DeleteFunc(s.pids(t), func(p int) bool { return p == s.control.Pid })
		if len(others) != 1 {
			return fmt.Errorf("processes beside the control process %d: %v", s.control.Pid, others)
		}
		pid = others[0]
		return nil
	})
	return pid
}

// stop ends both processes, kindly unless that fails.
func (s *vswitch) stop(t *testing.T) {
	if len(s.pids(t)) > 0 {
		if out, err := s.try(t, "stop"); err != nil {
			t.Errorf("pollux stop: %v\n%s", err, out)
		}
	}
	for deadline := time.Now().Add(patience); len(s.pids(t)) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("still there after pollux stop: %v", s.pids(t))
			for _, pid := range s.pids(t) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			return
		}
	}
}

// rules writes a rules file and returns its path.
func rules(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// program returns what "ip link" says of an XDP program on a device, or nothing.
func program(t *testing.T, ns *lab.NS, dev string) string {
	t.Helper()
	out, err := exec.Command("ip", "-n", ns.Name, "-d", "link", "show", dev).CombinedOutput()
	if err != nil {
		t.Fatalf("look at %s: %v\n%s", dev, err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "xdp") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// hosts makes the topology of most tests, with the switch's namespace in the middle:
//
//	a: a0 10.0.0.1 fd00::1 ==== d0 :sw: d1 ==== b0 10.0.0.2 fd00::2 :b
//
// args are for the devices, as for lab.Cable. Nobody touches the offloads of the hosts.
func hosts(t *testing.T, args ...string) (a, sw, b *lab.NS) {
	t.Helper()
	lab.Need(t, "ping", "iperf3", "tcpdump", "ethtool", "ovs-appctl")
	a, sw, b = lab.NewNS(t, "a"), lab.NewNS(t, "sw"), lab.NewNS(t, "b")
	lab.Cable(t, a, "a0", sw, "d0", args...)
	lab.Cable(t, b, "b0", sw, "d1", args...)
	a.Addr(t, "a0", "10.0.0.1/24", "fd00::1/64")
	b.Addr(t, "b0", "10.0.0.2/24", "fd00::2/64")
	return a, sw, b
}

// reaches waits until a ping comes back.
func reaches(t *testing.T, from *lab.NS, addr string) {
	t.Helper()
	lab.Until(t, patience, "a ping of "+addr+" to come back", func() error {
		out, err := from.Try("ping", "-n", "-c", "1", "-W", "0.2", addr)
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}
