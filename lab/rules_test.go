//go:build lab

package lab

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"pollux/internal/lab"
)

// A thousand connections at once, of which each needs a flow of its own: a0 ==== d0 [a rule for each source port] d1 ==== b0.
func TestThousandFlows(t *testing.T) {
	const flows = 1000
	a, sw, b := hosts(t)
	lines := []string{"priority=1,actions=drop"}
	for i := range flows {
		lines = append(lines, fmt.Sprintf("priority=10,in_port=1,udp,tp_src=%d,actions=output:2", 10000+i))
	}
	s := start(t, sw, "d0", "d1", "--flows", rules(t, lines...))
	from, to := a.Wire(t, "a0"), b.Wire(t, "b0")
	frame := func(i int) []byte {
		f := udp(t, macA, macB, 10000+i, 80)
		binary.BigEndian.PutUint32(f[len(f)-4:], uint32(i))
		return f
	}
	for i := range flows { // each first packet goes by way of the control process
		passes(t, from, to, frame(i), frame(i))
	}
	for i := range flows { // now all are known: nothing may be lost
		from.Send(t, frame(i))
	}
	missing := flows
	for seen := map[uint32]bool{}; missing > 0; missing-- {
		f := to.Receive(t, patience/5, func(f []byte) bool {
			return len(f) == len(frame(0)) && bytes.Equal(f[:6], macB) && !seen[binary.BigEndian.Uint32(f[len(f)-4:])]
		})
		if f == nil {
			t.Fatalf("%d of %d packets of known flows are lost", missing, flows)
		}
		seen[binary.BigEndian.Uint32(f[len(f)-4:])] = true
	}
	from.Send(t, udp(t, macA, macB, 9999, 80))
	if f := to.Receive(t, patience/50, func(f []byte) bool { return len(f) > 36 && binary.BigEndian.Uint16(f[34:]) == 9999 }); f != nil {
		t.Errorf("a packet that no rule lets through came out: %x", f)
	}
	if n := strings.Count(s.appctl(t, "dpctl/dump-flows"), "actions:"); n < flows {
		t.Errorf("%d flows in the datapath, want at least %d", n, flows)
	}
}

// Frames with tags in them, as a host's kernel without VLAN devices sends them: a0 ==== d0 [pollux] d1 ==== b0.
func TestVLAN(t *testing.T) {
	a, sw, b := hosts(t)
	start(t, sw, "d0", "d1")
	from, to := a.Wire(t, "a0"), b.Wire(t, "b0")
	announce(t, to, from, macB)
	plain := udp(t, macA, macB, 1, 2)
	for name, tags := range map[string][]uint32{
		"no tag":        nil,
		"VLAN 10":       {0x8100_000a},
		"with priority": {0x8100_e00a},
		"VLAN 4095":     {0x8100_0fff},
		"priority only": {0x8100_a000},
		"service tag":   {0x88a8_0014},
		"two tags":      {0x88a8_0014, 0x8100_000a},
		"two C-tags":    {0x8100_0014, 0x8100_000a},
	} {
		t.Run(name, func(t *testing.T) {
			f := tagged(plain, tags...)
			passes(t, from, to, f, f)
		})
	}
}

// Tags come, go and change by rule: a0 ==== d0 [pollux] d1 ==== b0.
func TestVLANActions(t *testing.T) {
	a, sw, b := hosts(t)
	start(t, sw, "d0", "d1", "--flows", rules(t,
		"in_port=1,dl_vlan=10,actions=strip_vlan,output:2",
		"in_port=1,dl_vlan=11,actions=mod_vlan_vid:12,output:2",
		"in_port=1,vlan_tci=0,udp,tp_dst=20,actions=push_vlan:0x8100,set_field:4116->vlan_vid,output:2",
		"in_port=1,dl_vlan=30,actions=push_vlan:0x88a8,set_field:4127->vlan_vid,output:2"))
	from, to := a.Wire(t, "a0"), b.Wire(t, "b0")
	plain, other := udp(t, macA, macB, 1, 2), udp(t, macA, macB, 1, 20)
	passes(t, from, to, tagged(plain, 0x8100_000a), plain)
	passes(t, from, to, tagged(plain, 0x8100_600b), tagged(plain, 0x8100_600c))
	passes(t, from, to, other, tagged(other, 0x8100_0014))
	passes(t, from, to, tagged(plain, 0x8100_001e), tagged(plain, 0x88a8_001f, 0x8100_001e))
}

// A kernel that has taken the tag out of the frame and sends it beside ("tx-vlan-offload"): the tag is back in the frame behind the switch.
//
//	h: x0 ==== x1 [bridge] a0 ==== d0 [pollux] d1 ==== b0
//
// The bridge is what makes the offloaded tag: it receives a tagged frame, takes the tag out, as every kernel does, and forwards the rest.
func TestVLANOffloaded(t *testing.T) {
	a, sw, b := hosts(t)
	lab.Cable(t, a, "x0", a, "x1")
	for _, words := range []string{"link add br0 type bridge", "link set x1 master br0", "link set a0 master br0", "link set br0 up"} {
		a.Run(t, append([]string{"ip"}, strings.Fields(words)...)...)
	}
	if out := a.Run(t, "ethtool", "-k", "a0"); !strings.Contains(out, "tx-vlan-offload: on") {
		t.Fatalf("a0 does not offload tags, so this test shows nothing:\n%s", out)
	}
	s := start(t, sw, "d0", "d1")
	from, to := a.Wire(t, "x0"), b.Wire(t, "b0")
	announce(t, to, from, macB) // also shows that the bridge's ports forward
	plain := udp(t, macA, macB, 1, 2)
	for name, tags := range map[string][]uint32{
		"no tag":        nil,
		"VLAN 10":       {0x8100_000a},
		"with priority": {0x8100_e00a},
		"service tag":   {0x88a8_0014},
		"two tags":      {0x88a8_0014, 0x8100_000a},
	} {
		t.Run(name, func(t *testing.T) {
			f := tagged(plain, tags...)
			passes(t, from, to, f, f)
		})
	}
	t.Logf("status:\n%s", s.run(t, "status"))
}
