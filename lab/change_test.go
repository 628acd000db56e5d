//go:build lab

package lab

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pollux/internal/lab"
)

// load is the rate of the streams that tests watch, in frames a second. It is low enough for a machine that does other things, too: a
// thread that waits 50 ms for its core leaves 250 frames in a ring that holds 256 (veth's; those of AF_XDP hold more).
const load = 5_000

// known starts a stream from MAC A at one wire to MAC B at another, over a flow that the switch knows already.
func known(t *testing.T, from, to *lab.Wire) *lab.Stream {
	t.Helper()
	announce(t, to, from, macB)
	f := udp(t, macA, macB, 1, 2)
	passes(t, from, to, f, f)
	s := lab.StartStream(t, from, to, f, load)
	s.More(t, load/10, patience)
	return s
}

// complete ends a stream that may not have lost a frame.
func complete(t *testing.T, sw *vswitch, s *lab.Stream) {
	t.Helper()
	if r := s.Stop(t); r.Lost > 0 || r.Doubled > 0 {
		t.Errorf("the stream suffered: %+v\n%s\nd0: %s", r, sw.run(t, "stats"), sw.ns.Run(t, "ethtool", "-S", "d0"))
	} else {
		t.Logf("%d frames, none lost", r.Sent)
	}
}

// third adds a host c with a cable to the switch, which does not know of it yet.
func third(t *testing.T, sw *lab.NS) *lab.NS {
	t.Helper()
	c := lab.NewNS(t, "c")
	lab.Cable(t, c, "c0", sw, "d2")
	c.Addr(t, "c0", "10.0.0.3/24")
	return c
}

// A port comes and goes three times while a stream crosses the two others, which notices nothing.
//
//	a0 ==== d0 [pollux] d1 ==== b0
//	           d2 (+/-) ==== c0
func TestPortAddedAndRemoved(t *testing.T) {
	a, sw, b := hosts(t)
	c := third(t, sw)
	s := start(t, sw, "d0", "d1")
	stream := known(t, a.Wire(t, "a0"), b.Wire(t, "b0"))
	for range 3 {
		s.run(t, "port", "add", "d2")
		reaches(t, c, "10.0.0.1")
		s.run(t, "port", "del", "d2")
		if p := program(t, sw, "d2"); p != "" {
			t.Errorf("d2 is no port any more and still has a program: %s", p)
		}
		if r := c.Ping(t, "10.0.0.1", 1, "-W", "1"); r.Received != 0 {
			t.Error("c still gets through")
		}
		stream.More(t, load/10, patience)
	}
	complete(t, s, stream)
	if out, err := s.try(t, "port", "del", "d2"); err == nil {
		t.Errorf("a port that is not there was removed: %s", out)
	}
	if out, err := s.try(t, "port", "add", "nosuch0"); err == nil || !strings.Contains(out, "nosuch0") {
		t.Errorf("pollux port add nosuch0: %v, %s", err, out)
	}
	reaches(t, a, "10.0.0.2")
}

// A device is deleted while packets leave by it and come from it. The others notice nothing.
//
//	a0 ==== d0 [pollux] d1 ==== b0
//	           d2 (gone) ==== c0
func TestDeviceDeleted(t *testing.T) {
	a, sw, b := hosts(t)
	c := third(t, sw)
	s := start(t, sw, "d0", "d1", "d2")
	atA, atB, atC := a.Wire(t, "a0"), b.Wire(t, "b0"), c.Wire(t, "c0")
	announce(t, atC, atA, macC)
	f := udp(t, macA, macC, 1, 2)
	passes(t, atA, atC, f, f)
	toC := lab.StartStream(t, a.Wire(t, "a0"), c.Wire(t, "c0"), f, load/4)
	toC.More(t, load/10, patience)
	stream := known(t, atA, atB)

	sw.Run(t, "ip", "link", "del", "d2") // and c0 with it
	stream.More(t, load/2, patience)
	complete(t, s, stream)
	reaches(t, a, "10.0.0.2")
}

// When a device of the name of a port that lost its own is there again, so is the port.
//
//	a0 ==== d0 [pollux] d1 ==== b0
//	           d2 (gone, and back) ==== c0
func TestDeviceComesBack(t *testing.T) {
	a, sw, _ := hosts(t)
	c := third(t, sw)
	start(t, sw, "d0", "d1", "d2")
	reaches(t, c, "10.0.0.1")
	sw.Run(t, "ip", "link", "del", "d2")
	reaches(t, a, "10.0.0.2")
	lab.Cable(t, c, "c0", sw, "d2")
	c.Addr(t, "c0", "10.0.0.3/24")
	reaches(t, c, "10.0.0.1")
}

// The control process is killed under load: known flows go on without a loss, and the next control process takes over the same datapath.
//
//	a0 ==== d0 [pollux] d1 ==== b0
func TestControlKilled(t *testing.T) {
	a, sw, b := hosts(t)
	s := start(t, sw, "d0", "d1")
	stream := known(t, a.Wire(t, "a0"), b.Wire(t, "b0"))
	polling := s.datapath(t)

	s.control.Kill()
	stream.More(t, 2*load, patience) // two seconds without anybody in charge
	s.startAgain(t, "d0", "d1")
	if now := s.datapath(t); now != polling {
		t.Errorf("the datapath process was %d and is %d: it was not adopted", polling, now)
	}
	stream.More(t, load, patience)
	complete(t, s, stream)
	reaches(t, a, "10.0.0.2") // new flows, too
	reaches(t, b, "fd00::1")
}

// The datapath process is killed under load: the kernel has its devices back at once; a new one is started and forwards by the same rules.
//
//	a0 ==== d0 [pollux] d1 ==== b0
func TestDatapathKilled(t *testing.T) {
	a, sw, b := hosts(t)
	s := start(t, sw, "d0", "d1", "--flows", rules(t, "in_port=1,actions=output:2", "in_port=2,actions=output:1"))
	from := a.Wire(t, "a0")
	stream := lab.StartStream(t, from, b.Wire(t, "b0"), udp(t, macA, macB, 1, 2), load)
	stream.More(t, load/10, patience)
	if program(t, sw, "d0") == "" {
		t.Fatal("d0 has no XDP program, so this test shows nothing")
	}

	// The control process stands still meanwhile, so that what the kernel does can be seen.
	signal(t, s.control.Pid, stop)
	first := s.datapath(t)
	signal(t, first, kill)
	for _, dev := range []string{"d0", "d1"} {
		lab.Until(t, patience, dev+" to be the kernel's again", func() error {
			if p := program(t, sw, dev); p != "" {
				return fmt.Errorf("it has a program: %s", p)
			}
			return nil
		})
	}
	before := kernelPackets(t, sw, "d0")
	lab.Until(t, patience, "the kernel to receive by d0", func() error {
		if now := kernelPackets(t, sw, "d0"); now <= before {
			return fmt.Errorf("%d packets", now)
		}
		return nil
	})
	signal(t, s.control.Pid, goOn)

	stream.More(t, load/10, patience)
	if second := s.datapath(t); second == first {
		t.Errorf("the killed process %d is still the datapath", first)
	}
	reaches(t, a, "10.0.0.2")
	r := stream.Stop(t)
	t.Logf("%d of %d frames lost, over the time of a restart", r.Lost, r.Sent)
}

// kernelPackets reads how many packets the kernel's stack has had from a device.
func kernelPackets(t *testing.T, ns *lab.NS, dev string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(ns.Run(t, "cat", "/sys/class/net/"+dev+"/statistics/rx_packets"), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// pollux stop ends both processes and gives back all it had.
//
//	a0 ==== d0 [pollux] d1 ==== b0
func TestStop(t *testing.T) {
	a, sw, _ := hosts(t)
	s := start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
	s.run(t, "stop")
	lab.Until(t, patience, "both processes to end", func() error {
		if left := s.pids(t); len(left) > 0 {
			return fmt.Errorf("%v are left", left)
		}
		return nil
	})
	for _, dev := range []string{"d0", "d1"} {
		if p := program(t, sw, dev); p != "" {
			t.Errorf("%s still has a program: %s", dev, p)
		}
	}
	left, _ := filepath.Glob(s.dir + "/*")
	for _, file := range left {
		if !strings.HasSuffix(file, ".log") {
			t.Errorf("left in the run directory: %s", file)
		}
	}
	if out, err := s.try(t, "status"); err == nil {
		t.Errorf("pollux status without a switch: no error, %s", out)
	}
	s.startAgain(t, "d0", "d1") // the devices are free again
	reaches(t, a, "10.0.0.2")
}
