package xlate

import (
	"pollux/flow"
	"pollux/ofproto/mac"
	"pollux/openflow"
)

// normal forwards as a learning switch does (IEEE 802.1D and 802.1Q, as Open
// vSwitch reads them): learns on which port the sender is, sends to the port of the
// receiver or, not knowing it, to all ports of the VLAN.
func (x *Translator) normal() {
	dst := x.key[flow.WordEthDst] >> 16
	x.seen[flow.WordEthDst] = ^uint64(0)
	x.seen[flow.WordEthSrc] |= ^uint64(0xffff)
	x.seen[flow.WordVLAN] |= (flow.VLANPresent | 0xfff) << 32
	vlan, ok := x.enter()
	if !ok {
		return
	}
	if !x.view.ForwardBPDU && dst&^0xf == 0x0180c2000000 {
		x.detail(traceWarn, "packet has reserved multicast destination, dropping")
		return
	}
	if in := x.view.Ports.Number(x.inPort()); in != nil {
		if src := (mac.Address{MAC: x.key[flow.WordEthSrc] >> 16, VLAN: vlan}); !src.Multicast() {
			x.res.Learn = append(x.res.Learn, Learn{Address: src, Port: in.Number})
		}
	}
	to := mac.Address{MAC: dst, VLAN: vlan}
	if to.Multicast() {
		x.detail(traceDetail, "multicast packet, flooding")
		x.normalFlood(vlan)
		return
	}
	x.res.MACs = append(x.res.MACs, to.Class())
	port, known := x.view.MACs.Lookup(to)
	p := x.view.Ports.Number(port)
	switch {
	case !known:
		x.detail(traceDetail, "no learned MAC for destination, flooding")
		x.normalFlood(vlan)
	case p == nil:
		x.detail(traceDetail, "learned port is gone, flooding")
		x.normalFlood(vlan)
	case port == x.inPort():
		x.detail(traceWarn, "learned port is input port, dropping")
	default:
		x.detail(traceDetail, "forwarding to learned port")
		x.leave(p, vlan)
	}
}

// enter returns the VLAN that the packet belongs to, and whether its port takes it.
func (x *Translator) enter() (vlan uint16, ok bool) {
	tci := uint16(x.key[flow.WordVLAN] >> 32)
	vid := tci & 0xfff
	if tci&flow.VLANPresent == 0 {
		vid = 0
	}
	in := x.view.Ports.Number(x.inPort())
	if in == nil {
		if p := x.inPort(); p == openflow.PortNone || p == openflow.PortController {
			return vid, true // a controller's own packet
		}
		x.detail(traceWarn, "no input bundle, dropping")
		return 0, false
	}
	vlan, ok = in.VLAN.Enters(vid)
	switch {
	case ok:
	case in.VLAN.Mode == Access:
		x.detail(traceWarn, "dropping VLAN %d tagged packet received on port %s configured as VLAN %d access port", vid, in.Name, in.VLAN.Tag)
	default:
		x.detail(traceWarn, "dropping VLAN %d packet received on port %s not configured for trunking VLAN %d", vid, in.Name, vid)
	}
	return vlan, ok
}

func (x *Translator) normalFlood(vlan uint16) {
	for i := range x.view.Ports.all {
		p := &x.view.Ports.all[i]
		if p.Number != x.inPort() && !p.NoFlood && p.VLAN.Carries(vlan) {
			x.leave(p, vlan)
		}
	}
}

// leave sends the packet out of a port with the tag that this port wants for the VLAN, and leaves the packet as it was.
func (x *Translator) leave(p *Port, vlan uint16) {
	old := x.key[flow.WordVLAN]
	switch {
	case p.VLAN.Strips(vlan), vlan == 0 && !x.prioritized():
		x.popVLAN()
	case vlan != uint16(old>>32)&0xfff, !x.tagged():
		x.setVLAN(flow.FieldVLANVID, uint64(vlan)|flow.VLANPresent, true)
	}
	x.outputTo(p, 0)
	if x.key[flow.WordVLAN] != old {
		x.key[flow.WordVLAN], x.dirty = old, true
	}
}

// prioritized reports whether the packet's tag, if there is one, gives it a priority: such a tag is worth something without a VLAN id too.
func (x *Translator) prioritized() bool {
	const pcp = 0xe000 << 32
	if !x.tagged() {
		return false
	}
	x.seen[flow.WordVLAN] |= pcp
	return x.key[flow.WordVLAN]&pcp != 0
}
