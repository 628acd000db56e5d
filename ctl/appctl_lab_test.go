//go:build lab

package ctl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pollux/ctl"
	"pollux/internal/vlog"
)

// Open vSwitch's own ovs-appctl speaks to our server and, for the same words,
// to its own ovsdb-server; both must print the same and exit the same.
//
//	ovs-appctl -t pollux       ---> DIR/pollux.pid, DIR/pollux.PID.ctl       (this process)
//	ovs-appctl -t ovsdb-server ---> DIR/ovsdb-server.pid, ....ctl            (Debian's)
//
// It needs the packages openvswitch-common and openvswitch-switch, not root.

// lab is both daemons in one run directory.
type lab struct {
	dir  string
	log  *vlog.Log
	done chan error

	release chan bool // lets test/slow end
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{dir: t.TempDir(), log: vlog.New(vlog.Options{Level: vlog.LevelInfo}), done: make(chan error, 1), release: make(chan bool, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	commands := &ctl.Commands{}
	commands.AddBuiltins(ctl.Hooks{Version: "pollux 0.0.lab", Log: l.log, Exit: func(context.Context, bool) error {
		cancel()
		return nil
	}})
	commands.Add(
		ctl.Command{Name: "test/echo", Usage: "[word]...", Max: ctl.Any, Run: func(_ context.Context, args []string) (string, error) {
			return strings.Join(args, "|"), nil
		}},
		ctl.Command{Name: "test/long", Run: func(context.Context, []string) (string, error) {
			return strings.Repeat("recirc_id(0),in_port(1), packets:0, bytes:0, actions:2\n", 200_000), nil
		}},
		ctl.Command{Name: "test/slow", Run: func(ctx context.Context, _ []string) (string, error) {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-l.release:
				return "done", nil
			}
		}},
	)
	for _, module := range []string{"ofproto", "jsonrpc", "a_module_with_a_long_name"} {
		l.log.Module(module)
	}
	s, err := ctl.Listen(ctl.Options{Dir: l.dir, Name: "pollux", Commands: commands, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	go func() { l.done <- s.Serve(ctx) }()
	return l
}

// ovsdbServer starts Debian's daemon beside ours.
func (l *lab) ovsdbServer(t *testing.T) {
	t.Helper()
	database := filepath.Join(l.dir, "conf.db")
	l.must(t, "ovsdb-tool", "create", database, "/usr/share/openvswitch/vswitch.ovsschema")
	l.must(t, "ovsdb-server", database, "--pidfile", "--detach", "--no-chdir", "-vconsole:off", "-vsyslog:off", "--log-file="+filepath.Join(l.dir, "ovsdb.log"))
	t.Cleanup(func() { l.must(t, "ovs-appctl", "-t", "ovsdb-server", "exit") })
}

func (l *lab) run(words ...string) (stdout, stderr string, status int, err error) {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+l.dir, "OVS_LOGDIR="+l.dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode(), err
}

func (l *lab) must(t *testing.T, words ...string) string {
	t.Helper()
	out, errs, status, err := l.run(words...)
	if err != nil || status != 0 {
		t.Fatalf("%v (install openvswitch-common and openvswitch-switch?): status %d, %v\n%s", words, status, err, errs)
	}
	return out
}

func (l *lab) pollux(t *testing.T, words ...string) string {
	t.Helper()
	return l.must(t, append([]string{"ovs-appctl", "-T", "20", "-t", "pollux"}, words...)...)
}

func TestAppctlFindsPollux(t *testing.T) {
	l := newLab(t)
	if got := l.pollux(t, "version"); got != "pollux 0.0.lab\n" {
		t.Errorf("version: %q", got)
	}
	if got := l.pollux(t, "test/echo", "in_port=1,tcp", `"q"\`, "ü €", ""); got != "in_port=1,tcp|\"q\"\\|ü €|\n" {
		t.Errorf("echo: %q", got)
	}
	if got := l.pollux(t, "test/long"); len(got) != 200_000*55 {
		t.Errorf("long answer: %d bytes", len(got))
	}
	socket := filepath.Join(l.dir, fmt.Sprintf("pollux.%d.ctl", os.Getpid()))
	if got := l.must(t, "ovs-appctl", "-t", socket, "version"); got != "pollux 0.0.lab\n" {
		t.Errorf("by socket: %q", got)
	}
	if got := l.pollux(t, "list-commands"); !strings.HasPrefix(got, "The available commands are:\n  exit                    [--cleanup]\n") {
		t.Errorf("list-commands: %q", got)
	}
}

// The same words to both daemons: same output, same error, same exit status.
func TestAppctlAgainstOvsdbServer(t *testing.T) {
	l := newLab(t)
	l.ovsdbServer(t)
	for _, words := range [][]string{
		{"nosuch"},
		{"version", "a"},
		{"list-commands", "a", "b"},
		{"vlog/set"},
		{"vlog/set", "foo"},
		{"vlog/set", "jsonrpc:bar:info"},
		{"vlog/set", "dbg:info"},
		{"vlog/set", "file:console"},
		{"vlog/set", "jsonrpc:jsonrpc"},
		{"vlog/set", "jsonrpc:file:dbg", "console:warn"},
		{"vlog/set", "jsonrpc"},
		{"vlog/set", "syslog:OFF"},
		{"vlog/enable-rate-limit", "nosuch"},
		{"vlog/disable-rate-limit"},
		{"vlog/enable-rate-limit", "jsonrpc"},
		{"vlog/close"},
		{"vlog/list", "x"},
	} {
		var said [2]string
		for i, target := range []string{"pollux", "ovsdb-server"} {
			out, errs, status, err := l.run(append([]string{"ovs-appctl", "-T", "20", "-t", target}, words...)...)
			if err != nil {
				t.Fatal(err)
			}
			said[i] = fmt.Sprintf("status %d\n%s--\n%s", status, out, strings.ReplaceAll(errs, target, "TARGET"))
		}
		if said[0] != said[1] {
			t.Errorf("%v\npollux: %s\novsdb-server: %s", words, said[0], said[1])
		}
	}
}

// vlog/list is the same, line for line, for a module that both have.
func TestAppctlVlogList(t *testing.T) {
	l := newLab(t)
	l.ovsdbServer(t)
	for _, spec := range []string{"info", "console:off", "jsonrpc:file:dbg", "emer", "jsonrpc:console:warn"} {
		var lines [2]string
		for i, target := range []string{"pollux", "ovsdb-server"} {
			l.must(t, "ovs-appctl", "-t", target, "vlog/set", spec)
			list := l.must(t, "ovs-appctl", "-t", target, "vlog/list")
			all := strings.SplitAfter(list, "\n")
			lines[i] = all[0] + all[1]
			for _, line := range all {
				if strings.HasPrefix(line, "jsonrpc ") {
					lines[i] += line
				}
			}
		}
		if lines[0] != lines[1] {
			t.Errorf("after vlog/set %s\npollux\n%s\novsdb-server\n%s", spec, lines[0], lines[1])
		}
	}
	ours, theirs := l.pollux(t, "vlog/list-pattern"), l.must(t, "ovs-appctl", "-t", "ovsdb-server", "vlog/list-pattern")
	if ours != theirs {
		t.Errorf("vlog/list-pattern\npollux\n%s\novsdb-server\n%s", ours, theirs)
	}
}

// Many ovs-appctl at once, beside one that waits for a slow command.
func TestAppctlAtTheSameTime(t *testing.T) {
	l := newLab(t)
	results := make(chan string, 21)
	go func() {
		out, _, _, err := l.run("ovs-appctl", "-T", "20", "-t", "pollux", "test/slow")
		results <- fmt.Sprintf("%s%v", out, err)
	}()
	for range 20 {
		go func() {
			out, _, _, err := l.run("ovs-appctl", "-T", "20", "-t", "pollux", "test/echo", "x")
			results <- fmt.Sprintf("%s%v", out, err)
		}()
	}
	for range 20 {
		if got := <-results; got != "x\n<nil>" {
			t.Errorf("got %q", got)
		}
	}
	l.release <- true
	if got := <-results; got != "done\n<nil>" {
		t.Errorf("slow: %q", got)
	}
}

func TestAppctlExit(t *testing.T) {
	l := newLab(t)
	if got := l.pollux(t, "exit", "--cleanup"); got != "" {
		t.Errorf("exit printed %q", got)
	}
	if err := <-l.done; err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(l.dir); err != nil || len(left) != 0 {
		t.Errorf("left in the run directory: %v, %v", left, err)
	}
	_, errs, status, err := l.run("ovs-appctl", "-t", "pollux", "version")
	if err != nil || status == 0 || !strings.Contains(errs, "No such file or directory") {
		t.Errorf("after exit: status %d, %v, %s", status, err, errs)
	}
}
