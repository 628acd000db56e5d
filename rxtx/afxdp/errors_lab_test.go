//go:build lab

package afxdp

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pollux/internal/lab"
)

// Every way in which a device cannot be bound says what is wrong in words.
func TestErrors(t *testing.T) {
	x := newBench(t)
	inside := func(f func(u *UMEM) error) {
		t.Helper()
		x.s.Do(t, func() error {
			u, err := OpenUMEM(4096, 2048, HugeAuto)
			if err != nil {
				return err
			}
			defer u.Close()
			return f(u)
		})
	}
	fails := func(u *UMEM, o Options, words ...string) {
		p, err := Open(u, o)
		if err == nil {
			t.Errorf("%+v works", o)
			p.Close()
			return
		}
		t.Log(err)
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not say %q", err, w)
			}
		}
	}
	inside(func(u *UMEM) error {
		fails(u, Options{Device: "nosuch"}, "nosuch", "no such device")
		fails(u, Options{Device: "sa", Queues: []int{0, 3}}, "queue 3", "has 1")
		fails(u, Options{Device: "sa", Queues: []int{0, 0}}, "twice")
		fails(u, Options{Device: "sa", RxSize: 1000}, "power of two")
		fails(u, Options{Device: "sa", Mode: "fast"}, `"fast"`)
		fails(u, Options{Device: "sa", Mode: ModeZeroCopy}, "cannot do zero copy")
		_, err := OpenUMEM(4096, 2048, HugeAuto)
		if err == nil || !strings.Contains(err.Error(), "another Pollux") {
			t.Errorf("second anchor: %v", err)
		}
		return nil
	})
	x.setMTU(t, "20000")
	inside(func(u *UMEM) error {
		fails(u, Options{Device: "sa"}, "MTU of 20000", "14318")
		return nil
	})
	x.setMTU(t, "1500")
	inside(func(u *UMEM) error {
		ifi, err := net.InterfaceByName("sa")
		if err != nil {
			return err
		}
		prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "somebody", Type: ebpf.XDP, License: "GPL",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 2), asm.Return()}})
		if err != nil {
			return err
		}
		defer prog.Close()
		l, err := link.AttachXDP(link.XDPOptions{Program: prog, Interface: ifi.Index, Flags: link.XDPGenericMode})
		if err != nil {
			return err
		}
		fails(u, Options{Device: "sa"}, "somebody", "attached already")
		l.Close()
		p, err := Open(u, Options{Device: "sa"})
		if err != nil {
			return err
		}
		return p.Close()
	})
}

// Devices whose other end has more transmit queues than they have receive queues cannot do
// native XDP.
func TestFewReceiveQueues(t *testing.T) {
	lab.Need(t, "ethtool")
	s := lab.NewNS(t, "s")
	s.Run(t, "ip", "link", "add", "sa", "numrxqueues", "1", "type", "veth", "peer", "name", "a0", "numtxqueues", "4", "numrxqueues", "4")
	s.Run(t, "ethtool", "-L", "a0", "tx", "4")
	s.Run(t, "ip", "link", "set", "sa", "up")
	s.Run(t, "ip", "link", "set", "a0", "up")
	s.Do(t, func() error {
		u, err := OpenUMEM(4096, 2048, HugeAuto)
		if err != nil {
			return err
		}
		defer u.Close()
		if _, err = Open(u, Options{Device: "sa", Mode: ModeNative}); err == nil || !strings.Contains(err.Error(), "more transmit queues") {
			t.Errorf("native: %v", err)
		}
		p, err := Open(u, Options{Device: "sa"})
		if err != nil {
			return err
		}
		t.Log(p.Info())
		if p.Info().Mode != ModeGeneric || len(p.Info().Notes) == 0 {
			t.Errorf("%+v", p.Info())
		}
		return p.Close()
	})
}

// A second Open of a device in use is refused, and one of a device just closed is not.
func TestOpenAgain(t *testing.T) {
	x := newBench(t)
	x.s.Do(t, func() error {
		u, err := OpenUMEM(4096, 2048, HugeAuto)
		if err != nil {
			return err
		}
		defer u.Close()
		for range 5 {
			p, err := Open(u, Options{Device: "sa"})
			if err != nil {
				return err
			}
			if _, err := Open(u, Options{Device: "sa"}); !errors.Is(err, unix.EBUSY) {
				t.Errorf("opened twice: %v", err)
			}
			if err := p.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

// What is switched off on a device is on again when it is closed.
func TestOffloadsComeBack(t *testing.T) {
	x := newBench(t)
	x.s.Run(t, "ethtool", "-K", "sa", "gro", "on")
	state := func() string { return x.s.Run(t, "ethtool", "-k", "sa") }
	before := state()
	o1, _ := both(Options{Mode: ModeGeneric})
	f := x.forward(t, 8192, o1)
	notes := strings.Join(f.ports[0].Info().Notes, "\n")
	t.Log(notes)
	if !strings.Contains(notes, "rx-gro") || state() == before {
		t.Errorf("notes %q, features before\n%s\nnow\n%s", notes, before, state())
	}
	f.end(t)
	if after := state(); after != before {
		t.Errorf("features before\n%s\nafter\n%s", before, after)
	}
}

func TestProbe(t *testing.T) {
	x := newBench(t)
	o1, _ := both(Options{})
	f := x.forward(t, 8192, o1) // a switch that runs beside
	x.s.Do(t, func() error {
		r, err := ProbeDevice("sb")
		if err != nil || r.Mode != ModeNative || r.Native != nil || r.ZeroCopy == nil || !r.Jumbo || !r.Tags {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err = ProbeDevice("sa"); err != nil || r.Mode != "" || r.Native == nil {
			t.Errorf("a device in use: %+v, %v", r, err)
		}
		return nil
	})
	f.end(t)
}

// A device is promiscuous while its port is open.
func TestPromiscuous(t *testing.T) {
	x := newBench(t)
	o1, _ := both(Options{})
	promiscuous := func() bool {
		return strings.Contains(x.s.Run(t, "ip", "-d", "link", "show", "sa"), "promiscuity 1")
	}
	f := x.forward(t, 8192, o1)
	if !promiscuous() {
		t.Error("not promiscuous while open")
	}
	f.end(t)
	if promiscuous() {
		t.Error("still promiscuous")
	}
}
