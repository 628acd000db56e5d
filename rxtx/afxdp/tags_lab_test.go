//go:build lab

package afxdp

import (
	"bytes"
	"math/bits"
	"net"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

	"pollux/internal/lab"
	"pollux/packet"
)

// tagging makes a host tag all it sends on dev, the outermost tag beside the frame as
// VLAN devices do it, and untag what it receives.
func tagging(t *testing.T, ns *lab.NS, dev string, tags []tag) {
	t.Helper()
	out := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}
	in := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}
	for _, tag := range tags {
		out = append(out, asm.Mov.Reg(asm.R1, asm.R6), asm.Mov.Imm(asm.R2, int32(bits.ReverseBytes16(tag.proto))), asm.Mov.Imm(asm.R3, int32(tag.tci)),
			asm.FnSkbVlanPush.Call())
		in = append(in, asm.Mov.Reg(asm.R1, asm.R6), asm.FnSkbVlanPop.Call())
	}
	ns.Do(t, func() error {
		ifi, err := net.InterfaceByName(dev)
		if err != nil {
			return err
		}
		for at, code := range map[ebpf.AttachType]asm.Instructions{ebpf.AttachTCXEgress: out, ebpf.AttachTCXIngress: in} {
			code = append(code, asm.Mov.Imm(asm.R0, 0), asm.Return())
			prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, Instructions: code, License: "GPL"})
			if err != nil {
				return err
			}
			l, err := link.AttachTCX(link.TCXOptions{Interface: ifi.Index, Program: prog, Attach: at})
			if err != nil {
				return err
			}
			t.Cleanup(func() { l.Close(); prog.Close() })
		}
		return nil
	})
}

type tag struct{ proto, tci uint16 }

func (g tag) bytes() []byte {
	return []byte{byte(g.proto >> 8), byte(g.proto), byte(g.tci >> 8), byte(g.tci)}
}

// A tag beside the frame is in the frame when it is received; pings and TCP
// come through, with jumbo frames as well.
func TestTags(t *testing.T) {
	for name, tags := range map[string][]tag{
		"802.1Q":  {{0x8100, 5<<13 | 100}},
		"802.1ad": {{0x88a8, 200}},
		"two":     {{0x8100, 300}, {0x88a8, 200}},
	} {
		for _, mtu := range []string{"1500", "9000"} {
			t.Run(name+" "+mtu, func(t *testing.T) { throughTagged(t, tags, mtu) })
		}
	}
}

func throughTagged(t *testing.T, tags []tag, mtu string) {
	x := newBench(t)
	x.setMTU(t, mtu)
	for _, host := range []struct {
		ns  *lab.NS
		dev string
	}{{x.a, "a0"}, {x.b, "b0"}} {
		tagging(t, host.ns, host.dev, tags)
	}
	var want []byte
	for i := len(tags) - 1; i >= 0; i-- {
		want = append(want, tags[i].bytes()...)
	}
	var wrong, right int
	f := x.forwardLooking(t, 16384, func(_ int, p *packet.Packet) {
		if b := p.Bytes(); len(b) > 12 && bytes.HasPrefix(b[12:], want) {
			right++
		} else {
			wrong++
		}
	}, Options{Device: "sa", Mode: ModeNative}, Options{Device: "sb", Mode: ModeNative})
	for _, to := range []string{"10.9.0.2", "fd00:9::2"} {
		x.crosses(t, to)
	}
	r := x.a.Iperf(t, x.b, "10.9.0.2", 1, "-M", map[string]string{"1500": "1400", "9000": "8900"}[mtu]) // a cable takes one tag beyond its MTU
	t.Logf("TCP: %.0f Mbit/s", r.BitsPerSecond/1e6)
	if r.BitsPerSecond < 5e6 {
		t.Error("TCP with tags hardly comes through")
	}
	f.end(t)
	if right == 0 || wrong > 0 {
		t.Errorf("%d packets had the tags, %d not", right, wrong)
	}
}
