package ctl

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A lock of one process cannot be tested by that process, so the test binary
// is started once more, to be "another Pollux" in the directory of this
// variable until its standard input is closed or it is killed.
const otherDir = "POLLUX_TEST_OTHER_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(otherDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := Listen(Options{Dir: dir, Name: "pollux", Commands: testCommands(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	os.Remove(s.Path())
	if err := s.pidfile.Release(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// other is another process that listens.
func other(t *testing.T, dir string) (pid int, end, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), otherDir+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() { cmd.Process.Kill(); cmd.Wait() }
	t.Cleanup(stop)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	end = func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	}
	return cmd.Process.Pid, end, stop
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pollux.pid")
	pid, end, _ := other(t, dir)
	if got, err := ReadPidfile(path); err != nil || got != pid {
		t.Errorf("read pid %d, %v, want %d", got, err, pid)
	}
	_, err := Listen(Options{Dir: dir, Name: "pollux"})
	var running *AlreadyRunning
	if !errors.As(err, &running) || running.Pid != pid || running.Path != path {
		t.Errorf("got %v", err)
	}
	if want := fmt.Sprintf("lock pidfile %s: already running as pid %d", path, pid); err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	end()
	start := startIn(t, dir, testCommands())
	start.wait(t)
}

// Who is killed leaves a pidfile and a socket; nobody believes the first, and
// the next one clears away both.
func TestKilledProcess(t *testing.T) {
	dir := t.TempDir()
	pid, _, kill := other(t, dir)
	kill()
	_, err := Dial(testContext(t), dir, "pollux")
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d that made it is gone", pid)) {
		t.Errorf("got %v", err)
	}
	startIn(t, dir, testCommands()).wait(t)
}

// Reading one's own pidfile must not lose the lock: a second process would
// then be let in.
func TestOwnPidfile(t *testing.T) {
	dir := t.TempDir()
	r := startIn(t, dir, testCommands())
	path := filepath.Join(dir, "pollux.pid")
	if pid, err := ReadPidfile(path); err != nil || pid != os.Getpid() {
		t.Errorf("got %d, %v", pid, err)
	}
	var running *AlreadyRunning
	if _, err := LockPidfile(path); !errors.As(err, &running) || running.Pid != os.Getpid() {
		t.Errorf("got %v", err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), otherDir+"="+dir)
	out, err := cmd.Output()
	if want := fmt.Sprintf("already running as pid %d\n", os.Getpid()); err == nil || !strings.HasSuffix(string(out), want) {
		t.Errorf("another process said %q, %v, want %q", out, err, want)
	}
	r.wait(t)
}

func TestPidfilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "words": "hello\n", "unlocked": "1\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if pid, err := ReadPidfile(path); err == nil {
			t.Errorf("%s: read pid %d", name, pid)
		}
		p, err := LockPidfile(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := p.Release(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Whoever deletes and remakes a pidfile by hand does not lose the new one.
func TestReleaseSparesAnothersPidfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.pid")
	p, err := LockPidfile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Release(); err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "new" {
		t.Error("the new file is gone")
	}
}

// Many who start at once: one wins, the others are told so.
func TestRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.pid")
	const racers = 8
	results := make(chan error, racers)
	won := make(chan *Pidfile, racers)
	for range racers {
		go func() {
			p, err := LockPidfile(path)
			if err == nil {
				won <- p
			}
			results <- err
		}()
	}
	winners := 0
	for range racers {
		if err := <-results; err == nil {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d winners", winners)
	}
	if err := (<-won).Release(); err != nil {
		t.Error(err)
	}
}

func TestDialWhereNobodyListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if _, err := Dial(testContext(t), "", path); err == nil || !strings.HasPrefix(err.Error(), "connect to "+path) {
		t.Errorf("got %v", err)
	}
}
