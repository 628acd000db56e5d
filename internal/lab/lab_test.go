//go:build lab

package lab

import (
	"bytes"
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// a: a0 10.9.0.1 ==== b0 10.9.0.2 :b
func pair(t *testing.T, args ...string) (a, b *NS) {
	Need(t, "ping", "iperf3", "tcpdump")
	a, b = NewNS(t, "a"), NewNS(t, "b")
	Cable(t, a, "a0", b, "b0", args...)
	a.Addr(t, "a0", "10.9.0.1/24", "fd00:9::1/64")
	b.Addr(t, "b0", "10.9.0.2/24", "fd00:9::2/64")
	return a, b
}

func TestPingAndCapture(t *testing.T) {
	a, b := pair(t)
	c := b.Capture(t, "b0", "icmp")
	if r := a.Ping(t, "10.9.0.2", 3); r.Sent != 3 || r.Received != 3 || r.MaxMs == 0 {
		t.Errorf("ping: %+v", r)
	}
	if lines := c.Stop(t); len(lines) != 6 || !strings.Contains(lines[0], "ICMP echo request") {
		t.Errorf("captured %d lines: %q", len(lines), lines)
	}
	if r := a.Ping(t, "fd00:9::2", 2); r.Received != 2 {
		t.Errorf("ping6: %+v", r)
	}
	if r := a.Ping(t, "10.9.0.77", 1, "-W", "1"); r.Sent != 1 || r.Received != 0 {
		t.Errorf("ping to nobody: %+v", r)
	}
}

func TestIperf(t *testing.T) {
	a, b := pair(t)
	if r := a.Iperf(t, b, "10.9.0.2", 1); r.BytesReceived == 0 || r.BitsPerSecond == 0 {
		t.Errorf("TCP: %+v", r)
	}
	if r := a.Iperf(t, b, "10.9.0.2", 1, "-u", "-b", "10M"); r.Packets == 0 || r.Lost > r.Packets {
		t.Errorf("UDP: %+v", r)
	}
}

// A tag that was on the cable is in the frame that Receive returns.
func TestWire(t *testing.T) {
	a, b := pair(t)
	from, to := a.Wire(t, "a0"), b.Wire(t, "b0")
	frame := append([]byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x81\x00\x00\x0a\x88\xb5"), bytes.Repeat([]byte("x"), 60)...)
	from.Send(t, frame)
	mine := func(f []byte) bool { return bytes.HasPrefix(f, frame[:6]) }
	if got := to.Receive(t, 5*time.Second, mine); !bytes.Equal(got, frame) {
		t.Errorf("received %x\nwant     %x", got, frame)
	}
	if got := to.Receive(t, 10*time.Millisecond, mine); got != nil {
		t.Errorf("received %x, which nobody sent", got)
	}
}

// Do's sockets belong to the namespace, and the test's own thread does not move.
func TestDo(t *testing.T) {
	a := NewNS(t, "a")
	a.Do(t, func() error {
		all, err := net.Interfaces()
		if err == nil && len(all) != 1 {
			err = errors.New("a fresh namespace has more than lo")
		}
		return err
	})
}

// What a test made is gone after it, processes too, also when it failed.
func TestCleanup(t *testing.T) {
	var ns *NS
	var p *Proc
	t.Run("leaves things behind", func(t *testing.T) {
		ns = NewNS(t, "a")
		p = ns.Start(t, "sh", "-c", "trap '' TERM; echo ready; exec sleep 1000")
		p.Says(t, "ready", 5*time.Second)
		ns.Start(t, "sh", "-c", "sleep 1000 & echo ready").Says(t, "ready", 5*time.Second) // an orphan in the namespace
		if n := len(ns.Pids()); n < 2 {
			t.Errorf("%d processes in the namespace, want 2", n)
		}
		p.Kill()
	})
	if p.Running() {
		t.Error("the process still runs")
	}
	out, _ := exec.Command("ip", "netns", "list").Output()
	if strings.Contains(string(out), ns.Name) {
		t.Errorf("namespace %s is still there", ns.Name)
	}
}

func TestUntilSaysWhatItWaitedFor(t *testing.T) {
	r := &recorder{TB: t}
	func() {
		defer func() { recover() }()
		Until(r, time.Millisecond, "rain", func() error { return errors.New("blue sky") })
	}()
	if !strings.Contains(r.said, "for rain: blue sky") {
		t.Errorf("Until said %q", r.said)
	}
}

// A stream over a cable loses nothing, and knows what was lost when the cable is cut for a while.
func TestStream(t *testing.T) {
	a, b := pair(t)
	frame := append([]byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5"), make([]byte, 46)...)
	s := StartStream(t, a.Wire(t, "a0"), b.Wire(t, "b0"), frame, 20000)
	s.More(t, 5000, 10*time.Second)
	if r := s.Stop(t); r.Sent < 5000 || r.Lost != 0 || r.Doubled != 0 {
		t.Errorf("over a whole cable: %+v", r)
	}

	c := NewNS(t, "c") // a: x0 ==== x1 :c, which forwards nothing to anybody
	Cable(t, a, "x0", c, "x1")
	s = StartStream(t, a.Wire(t, "x0"), b.Wire(t, "b0"), frame, 20000)
	Until(t, 10*time.Second, "frames to be sent", func() error {
		if s.Sent() < 100 {
			return errors.New("few so far")
		}
		return nil
	})
	if r := s.Stop(t); r.Lost != r.Sent || r.FirstLost != 0 || r.LastLost != r.Sent-1 {
		t.Errorf("to nowhere: %+v", r)
	}
}
