package xlate

import (
	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/openflow"
)

// output sends the packet, or its first maxLen bytes unless that is 0, to a port or what stands for several.
func (x *Translator) output(p openflow.Port, maxLen uint32) {
	switch p {
	case openflow.PortInPort:
		x.outputPort(x.inPort(), maxLen)
	case openflow.PortTable:
		x.resubmit(0, x.inPort())
	case openflow.PortNormal:
		x.normal()
	case openflow.PortFlood:
		x.flood(func(p *Port) bool { return !p.NoFlood }, maxLen)
	case openflow.PortAll:
		x.flood(func(*Port) bool { return true }, maxLen)
	case openflow.PortController:
		x.controller(&openflow.Controller{MaxLen: uint16(min(maxLen-1, 0xfffe) + 1)}) // 0 is all of it
	case openflow.PortNone:
	default:
		if p == x.inPort() {
			x.detail(traceWarn, "skipping output to input port")
			return
		}
		x.outputPort(p, maxLen)
	}
}

// flood sends the packet to every port that want agrees to but the one it came from.
func (x *Translator) flood(want func(*Port) bool, maxLen uint32) {
	for i := range x.view.Ports.all {
		if p := &x.view.Ports.all[i]; p.Number != x.inPort() && want(p) {
			x.outputTo(p, maxLen)
		}
	}
}

// outputPort sends the packet to one port, even that it came from.
func (x *Translator) outputPort(n openflow.Port, maxLen uint32) {
	p := x.view.Ports.Number(n)
	if p == nil {
		x.detail(traceWarn, "Nonexistent output port")
		return
	}
	x.outputTo(p, maxLen)
}

func (x *Translator) outputTo(p *Port, maxLen uint32) {
	if p.NoFwd {
		x.detail(traceDetail, "OFPPC_NO_FWD set, skipping output")
		return
	}
	if p.Down {
		x.detail(traceDetail, "OFPPC_PORT_DOWN set, skipping output")
		return
	}
	x.commit()
	if maxLen > 0 {
		x.out = x.out.Append(action.Truncate, 0, maxLen)
	}
	x.out = x.out.Output(uint32(p.Datapath))
	x.sent = true
}

// outputReg sends the packet to the port whose number is in a field.
func (x *Translator) outputReg(src openflow.Subfield) {
	x.see(src)
	v := src.Get(&x.key)
	p := openflow.Port(v.Lo)
	if v.Lo <= 0xffff {
		p = openflow.Port(flow.WidenPort(uint16(v.Lo)))
	}
	if v.Hi != 0 || v.Lo > 0xffffffff {
		p = openflow.PortNone
	}
	x.detail(traceDetail, "output port is %d", uint32(p))
	x.output(p, 0)
}

// controller sends a copy of the packet as it is now to a controller.
func (x *Translator) controller(c *openflow.Controller) {
	if c.Pause {
		x.fail(counter.ActionImpossible, "controller(pause): a packet cannot be resumed yet once it was there")
		return
	}
	x.commit()
	pt := &Point{
		Reason: c.Reason, Table: x.table, Cookie: x.cookie, ControllerID: c.ID, MaxLen: c.MaxLen, UserData: c.UserData, Meter: c.Meter,
		InPort: x.inPort(), Metadata: x.metadata(),
	}
	x.res.Points = append(x.res.Points, pt)
	x.out = x.out.Userspace(uint32(c.Reason), uint32(c.MaxLen), pt.ID())
	x.sent = true
}

// metadata is what is known of the packet beside its bytes: the registers, and
// what the datapath said, where it is not zero. All of it is seen: the controller is told.
func (x *Translator) metadata() (m flow.Match) {
	told := func(w int, mask uint64) {
		x.seen[w] |= mask
		if v := x.key[w] & mask; v != 0 {
			m.Key[w], m.Mask[w] = v, mask
		}
	}
	told(flow.WordHash, 0xffffffff)
	told(flow.WordTunIP, 0xffffffff) // where a tunnel leads tells whether there is one
	told(flow.WordTunIP6DstHi, ^uint64(0))
	told(flow.WordTunIP6DstLo, ^uint64(0))
	if uint32(x.key[flow.WordTunIP]) != 0 || x.key[flow.WordTunIP6DstHi]|x.key[flow.WordTunIP6DstLo] != 0 {
		for w := flow.WordTunID; w < flow.WordEthDst; w++ {
			told(w, ^uint64(0))
		}
	}
	for w := flow.WordMetadata; w < flow.Words; w++ {
		if w != flow.WordConj {
			told(w, ^uint64(0))
		}
	}
	return m
}
