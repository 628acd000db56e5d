//go:build lab

package lab

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

	"pollux/internal/lab"
)

const (
	kill = syscall.SIGKILL
	stop = syscall.SIGSTOP
	goOn = syscall.SIGCONT
)

func signal(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("send %v to %d: %v", sig, pid, err)
	}
}

// memory says how much the processes of a switch have resident.
func memory(t *testing.T, s *vswitch) string {
	t.Helper()
	var parts []string
	for _, pid := range s.pids(t) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				parts = append(parts, fmt.Sprintf("process %d %s", pid, strings.TrimSpace(rest)))
			}
		}
	}
	return strings.Join(parts, ", ")
}

// The commands that a user of Open vSwitch knows answer, asked by Debian's own ovs-appctl: a0 ==== d0 [pollux] d1 ==== b0.
func TestAppctl(t *testing.T) {
	a, sw, _ := hosts(t)
	s := start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
	for command, want := range map[string]string{
		"version":                    "pollux",
		"list-commands":              "dpif-netdev/pmd-stats-show",
		"dpif-netdev/pmd-stats-show": "packets received",
		"dpif-netdev/pmd-perf-show":  "Rx packets",
		"dpif-netdev/pmd-rxq-show":   "d0",
		"dpctl/show":                 "d1",
		"dpctl/dump-flows":           "actions:",
		"fdb/show br0":               "MAC",
		"coverage/show":              "",
	} {
		if out := s.appctl(t, strings.Fields(command)...); !strings.Contains(strings.ToLower(out), strings.ToLower(want)) {
			t.Errorf("ovs-appctl %s: no %q in\n%s", command, want, out)
		}
	}
	s.appctl(t, "vlog/set", "dbg")
	if out := s.appctl(t, "ofproto/trace", "in_port=1,dl_src=02:00:00:00:00:0a,dl_dst=02:00:00:00:00:0b"); !strings.Contains(out, "Datapath actions") {
		t.Errorf("ofproto/trace:\n%s", out)
	}
	for _, command := range []string{"status", "stats", "flows"} {
		if out := s.run(t, command); !strings.Contains(out, "d0") && command != "flows" || out == "" {
			t.Errorf("pollux %s:\n%s", command, out)
		}
	}
	s.appctl(t, "exit")
	lab.Until(t, patience, "the control process to end", func() error {
		if s.control.Running() {
			return fmt.Errorf("it runs")
		}
		return nil
	})
}

// What cannot be done is refused, says what and where, and leaves nothing behind: a0 ==== d0 [pollux] d1 ==== b0.
func TestRefusals(t *testing.T) {
	a, sw, _ := hosts(t)
	bad := rules(t, "in_port=1,actions=output:2", "in_port=1,nw_sorce=10.0.0.1,actions=drop")
	config := rules(t, "[datapath]", "no_such_key = 3")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no such device":          {[]string{"d0", "nosuch0"}, []string{"nosuch0"}},
		"queue beyond the device": {[]string{"d0:7", "d1"}, []string{"d0", "7"}},
		"a device twice":          {[]string{"d0", "d0"}, []string{"d0"}},
		"wrong rule":              {[]string{"d0", "d1", "--flows", bad}, []string{"nw_sorce", "2"}},
		"no rules file":           {[]string{"d0", "d1", "--flows", "/nowhere/rules"}, []string{"/nowhere/rules"}},
		"unknown key":             {[]string{"d0", "d1", "--config", config}, []string{"no_such_key", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			words := append([]string{lab.Binary(t), "start"}, append(c.args, "--run-dir", dir)...)
			p := sw.Start(t, words...)
			lab.Until(t, patience, "pollux to refuse", func() error {
				if p.Running() {
					return fmt.Errorf("it runs and says %s", p.Output())
				}
				return nil
			})
			if p.Stop() == nil {
				t.Error("the exit status says that all is well")
			}
			for _, want := range c.want {
				if !strings.Contains(p.Output(), want) {
					t.Errorf("no %q in: %s", want, p.Output())
				}
			}
			if n := len(p.Output()); n > 2000 || strings.Contains(p.Output(), "goroutine ") {
				t.Errorf("that is no message: %s", p.Output())
			}
			if left := sw.Pids(); len(left) > 0 {
				t.Errorf("processes are left: %v", left)
			}
		})
	}
	start(t, sw, "d0", "d1") // and everything still works
	reaches(t, a, "10.0.0.2")
}

// A second switch in the same namespace does not disturb the first: it says what is in its way, and ends. a0 ==== d0 [pollux] d1 ==== b0.
func TestSecondSwitch(t *testing.T) {
	a, sw, _ := hosts(t)
	start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
	out, err := sw.Try("timeout", "-k", "1", "20", lab.Binary(t), "start", "d0", "d1", "--run-dir", t.TempDir())
	if err == nil || !strings.Contains(out, "d0") && !strings.Contains(out, "another Pollux") {
		t.Errorf("a second switch on the same devices: %v, %s", err, out)
	}
	if r := a.Ping(t, "10.0.0.2", 3); r.Received != 3 {
		t.Errorf("the first suffers: %+v", r)
	}
}

// A device that has somebody else's XDP program is refused, says so, and is taken when the program is gone. a0 ==== d0 [pollux] d1 ==== b0.
func TestProgramAttached(t *testing.T) {
	a, sw, _ := hosts(t)
	var attached link.Link
	sw.Do(t, func() error {
		const pass = 2 // XDP_PASS
		prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "stranger", Type: ebpf.XDP, License: "GPL",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, pass), asm.Return()}})
		if err != nil {
			return err
		}
		defer prog.Close()
		dev, err := net.InterfaceByName("d1")
		if err != nil {
			return err
		}
		attached, err = link.AttachXDP(link.XDPOptions{Program: prog, Interface: dev.Index, Flags: link.XDPDriverMode})
		return err
	})
	defer attached.Close()
	out, err := sw.Try("timeout", "-k", "1", "20", lab.Binary(t), "start", "d0", "d1", "--run-dir", t.TempDir())
	if err == nil || !strings.Contains(out, "d1") || !strings.Contains(out, "XDP") || !strings.Contains(out, "stranger") {
		t.Errorf("start on a device with a program: %v, %s", err, out)
	}
	attached.Close()
	start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
}
