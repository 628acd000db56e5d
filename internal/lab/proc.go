package lab

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Proc is a program that runs in the background. It is ended when its test ends; if the test failed, what it printed is shown.
type Proc struct {
	Pid  int
	name string
	cmd  *exec.Cmd
	out  lockedBuffer
	done chan struct{} // closed when the program has ended
	err  error         // how; valid after done
}

// Start starts a program in the namespace.
func (ns *NS) Start(t testing.TB, words ...string) *Proc { return ns.StartEnv(t, nil, words...) }

// StartEnv is Start with additions to the environment, as KEY=VALUE.
func (ns *NS) StartEnv(t testing.TB, env []string, words ...string) *Proc {
	t.Helper()
	p := &Proc{name: strings.Join(words, " "), cmd: ns.command(words), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.Env = append(p.cmd.Environ(), env...)
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	p.Pid = p.cmd.Process.Pid
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		running := p.Running()
		p.Stop()
		if t.Failed() && (running || p.err != nil) { // what ended well has nothing to tell
			t.Logf("%s said:\n%s", p.name, tail(p.Output(), 30))
		}
	})
	return p
}

// Output returns what the program has printed so far, on both outputs.
func (p *Proc) Output() string { return p.out.String() }

// Running tells whether the program has not ended yet.
func (p *Proc) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Stop asks the program to end (SIGTERM), kills it if it has not within ten seconds, and returns how it ended.
func (p *Proc) Stop() error { return p.end(syscall.SIGTERM) }

// Interrupt is Stop by Ctrl-C (SIGINT).
func (p *Proc) Interrupt() error { return p.end(syscall.SIGINT) }

// Kill ends the program as kill -9 does.
func (p *Proc) Kill() error { return p.end(syscall.SIGKILL) }

func (p *Proc) end(sig syscall.Signal) error {
	p.cmd.Process.Signal(sig)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		p.cmd.Process.Kill()
		<-p.done
	}
	return p.err
}

// Wait waits for the program to end by itself and returns what it printed. It fails the test if that takes too long or the program fails.
func (p *Proc) Wait(t testing.TB, within time.Duration) string {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		t.Fatalf("%s: still running after %v", p.name, within)
	}
	if p.err != nil {
		t.Fatalf("%s: %v\n%s", p.name, p.err, p.Output())
	}
	return p.Output()
}

// Says waits until the program has printed text.
func (p *Proc) Says(t testing.TB, text string, within time.Duration) {
	t.Helper()
	Until(t, within, fmt.Sprintf("%s to say %q", p.name, text), func() error {
		switch {
		case strings.Contains(p.Output(), text):
			return nil
		case !p.Running():
			t.Fatalf("%s ended (%v) and said:\n%s", p.name, p.err, p.Output())
		}
		return fmt.Errorf("it said %q", p.Output())
	})
}

// tail returns the last lines of text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if skip := len(all) - lines; skip > 0 {
		all = append([]string{fmt.Sprintf("(%d lines left out)", skip)}, all[skip:]...)
	}
	return strings.Join(all, "\n")
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
