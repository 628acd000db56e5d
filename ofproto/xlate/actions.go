package xlate

import (
	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/openflow"
)

// actions does a list of OpenFlow actions in turn. It returns how many of them are done with, and whether to go on behind the list.
func (x *Translator) actions(list []openflow.Action) (done int, on bool) {
	for i, a := range list {
		if x.over() {
			return i, false
		}
		if x.mustFreeze(a) {
			x.freezing = true
			return i, false
		}
		if x.trace != nil {
			x.trace.action(a)
		}
		if !x.action(a) {
			return len(list), false
		}
		if x.freezing {
			return i + 1, false
		}
	}
	return len(list), !x.over()
}

// action does one action and reports whether the list goes on.
func (x *Translator) action(a openflow.Action) bool {
	switch a := a.(type) {
	case openflow.Output:
		x.output(a.Port, 0)
	case openflow.OutputReg:
		x.outputReg(a.Src)
	case openflow.OutputTrunc:
		x.output(a.Port, a.MaxLen)
	case openflow.Enqueue:
		x.enqueue(a)
	case openflow.Controller:
		x.controller(&a)
	case openflow.SetField:
		x.setField(&a)
	case openflow.Move:
		x.move(a.Src, a.Dst)
	case openflow.Push:
		x.see(a.Src)
		x.stack = append(x.stack, a.Src.Get(&x.key))
	case openflow.Pop:
		x.pop(a.Dst)
	case openflow.SetVLANVID:
		x.setVLAN(flow.FieldVLANVID, uint64(a.VID)|flow.VLANPresent, a.PushIfNeeded)
	case openflow.SetVLANPCP:
		x.setVLAN(flow.FieldVLANPCP, uint64(a.PCP), a.PushIfNeeded)
	case openflow.PushVLAN:
		x.pushVLAN(a.Ethertype)
	case openflow.PopVLAN:
		x.popVLAN()
	case openflow.PushMPLS:
		x.pushMPLS(a.Ethertype)
	case openflow.PopMPLS:
		x.popMPLS(a.Ethertype)
	case openflow.DecTTL:
		return x.decTTL(a.ControllerIDs)
	case openflow.DecMPLSTTL:
		return x.decField(flow.FieldMPLSTTL, "MPLS", nil)
	case openflow.DecNSHTTL:
		return x.decField(flow.FieldNSHTTL, "NSH", nil)
	case openflow.Resubmit:
		x.resubmitAction(a)
	case openflow.Clone:
		x.clone(a.Actions)
	case openflow.SetQueue:
		x.setPriority(uint64(a.Queue))
	case openflow.PopQueue:
		x.setPriority(x.orig[flow.WordCt] >> 32)
	case openflow.Exit:
		x.exit = true
	case openflow.Note:
	case openflow.Ct, openflow.CtClear:
		x.fail(counter.ConntrackMissing, "this datapath tracks no connections")
	default:
		x.fail(counter.ActionImpossible, "cannot translate %s", openflow.AppendActions(nil, []openflow.Action{a}, nil))
	}
	return true
}

func (x *Translator) resubmitAction(a openflow.Resubmit) {
	t, port := a.Table, a.Port
	if t == 255 {
		t = x.table
	}
	if port == openflow.PortInPort {
		port = x.inPort()
	}
	if a.Ct {
		x.fail(counter.ConntrackMissing, "this datapath tracks no connections")
		return
	}
	x.resubmit(t, port)
}

// clone works a list on a copy of the packet. What the datapath's actions
// change of it is changed back before the next output, as anything else that
// differs; only what cannot be changed back makes a copy in the datapath.
func (x *Translator) clone(list []openflow.Action) {
	key, base, out, sent, hasBelow, unknown, buried := x.key, x.base, x.out, x.sent, x.hasBelow, x.unknown, x.buried
	stack, set := append([]flow.Value(nil), x.stack...), append([]openflow.Action(nil), x.set...)
	x.out, x.sent = nil, false
	x.instructions(&openflow.Instructions{Apply: list})
	frozen := x.freezing
	if frozen && !x.failed {
		x.freeze()
	}
	x.exit = false
	x.stack, x.set, x.hasBelow, x.unknown = stack, set, hasBelow, unknown
	if x.failed {
		return
	}
	inner := x.out
	x.key, x.out, x.sent, x.dirty = key, out, sent || x.sent, true
	switch {
	case len(inner) == 0:
	case !frozen && sameLabels(&x.base, &base) && x.buried == buried:
		x.out = append(x.out, inner...)
	default:
		x.out = x.out.Append(action.Clone, 0, 0, inner...)
		x.base, x.buried = base, buried
	}
}

// sameLabels reports whether two states of a packet have the same MPLS labels: taking those off or putting them on loses the headers behind.
func sameLabels(a, b *flow.Key) bool {
	const third = 0xffffffff << 32
	return uint16(a[flow.WordEthDst]) == uint16(b[flow.WordEthDst]) && a[flow.WordMPLS] == b[flow.WordMPLS] &&
		a[flow.WordMPLS2]&third == b[flow.WordMPLS2]&third
}

// decTTL decrements the TTL of an IP packet; one that has come to its end goes to the controllers.
func (x *Translator) decTTL(ids []uint16) bool {
	if x.etherType() == flow.EthTypeIPv6 {
		return x.decField(flow.FieldNWTTL, "IPv6", ids)
	}
	return x.decField(flow.FieldNWTTL, "IPv4", ids)
}

func (x *Translator) decField(id flow.FieldID, protocol string, controllers []uint16) bool {
	f := id.Field()
	if !x.meets(f.Prereq) {
		return true
	}
	x.seeField(f, f.Ones())
	ttl := f.Get(&x.key).Lo
	if ttl > 1 {
		f.Set(&x.key, flow.Value{Lo: ttl - 1})
		x.dirty = true
		return true
	}
	x.detail(traceWarn, "%s decrement TTL exception", protocol)
	if len(controllers) == 0 {
		controllers = []uint16{0}
	}
	for _, c := range controllers {
		x.controller(&openflow.Controller{MaxLen: 0xffff, Reason: openflow.ReasonInvalidTTL, ID: c})
	}
	return false
}

func (x *Translator) setPriority(p uint64) {
	f := flow.FieldSKBPriority.Field()
	x.seeField(f, f.Ones())
	f.Set(&x.key, flow.Value{Lo: p})
	x.dirty = true
}

func (x *Translator) enqueue(a openflow.Enqueue) {
	old := x.key[flow.WordCt] >> 32
	x.setPriority(uint64(a.Queue))
	x.output(a.Port, 0)
	x.setPriority(old)
}
