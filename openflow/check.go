package openflow

import (
	"fmt"

	"pollux/flow"
)

// A rule's actions must suit its match (OpenFlow 1.3, 5.12 and the "match consistent" error): a
// packet that matches has the fields that they read and write. The check follows the actions with
// what is known of the packet: a tag pushed is there for the actions behind.
// OpenFlow 1.0's own actions (mod_nw_src) are not checked, as 1.0 does not; they leave packets without the field alone.

// Check says why the actions of the rule do not suit its match, nil if they do.
func (r *Rule) Check() error { return r.check(nil) }

func (r *Rule) check(ports PortNames) error {
	known := r.Match
	for _, list := range [][]Action{r.Instructions.Apply, r.Instructions.Write} {
		if err := checkList(list, &known, ports); err != nil {
			return err
		}
	}
	return r.Instructions.checkConjunctions()
}

func checkList(list []Action, known *flow.Match, ports PortNames) error {
	for _, a := range list {
		if err := checkAction(a, known, ports); err != nil {
			return fmt.Errorf("action %s: %w", AppendActions(nil, []Action{a}, ports), err)
		}
	}
	return nil
}

// checkAction checks one action and changes what is known to what is known behind it.
func checkAction(a Action, known *flow.Match, ports PortNames) error {
	if id := target(a); id == flow.FieldCtMark || id == flow.FieldCtLabel {
		return fmt.Errorf("%s is the connection's: only ct(exec()) writes it", id)
	}
	switch a := a.(type) {
	case SetField:
		mpls := a.Field.Field().Prereq == flow.NeedMPLS
		if a.Spelling == AsSetField || a.Spelling == AsLoad || mpls {
			return has(known, a.Field)
		}
	case DecMPLSTTL:
		return has(known, flow.FieldMPLSTTL)
	case Move:
		if err := has(known, a.Src.Field); err != nil {
			return err
		}
		return has(known, a.Dst.Field)
	case Push:
		return has(known, a.Src.Field)
	case Pop:
		return has(known, a.Dst.Field)
	case OutputReg:
		return has(known, a.Src.Field)
	case Clone:
		inner := *known
		return checkList(a.Actions, &inner, ports)
	case Ct:
		switch {
		case !known.Meets(flow.NeedIP):
			return fmt.Errorf("connection tracking needs a match on ip or ipv6")
		case a.ALG == "ftp" && !known.Meets(flow.NeedTCP):
			return fmt.Errorf("alg=ftp needs a match on tcp or tcp6")
		case a.ALG == "tftp" && !known.Meets(flow.NeedUDP):
			return fmt.Errorf("alg=tftp needs a match on udp or udp6")
		}
	default:
		retag(a, known)
	}
	return nil
}

// target is the field that an action writes, if it writes one.
func target(a Action) flow.FieldID {
	switch a := a.(type) {
	case SetField:
		return a.Field
	case Move:
		return a.Dst.Field
	case Pop:
		return a.Dst.Field
	}
	return flow.FieldNone
}

// retag notes what pushing and popping does to what is known.
func retag(a Action, known *flow.Match) {
	tag := flow.Value{Lo: flow.VLANPresent}
	switch a := a.(type) {
	case PushVLAN:
		known.SetMasked(flow.FieldVLANTCI, tag, tag)
	case SetVLANVID:
		if a.PushIfNeeded {
			known.SetMasked(flow.FieldVLANTCI, tag, tag)
		}
	case SetVLANPCP:
		if a.PushIfNeeded {
			known.SetMasked(flow.FieldVLANTCI, tag, tag)
		}
	case PopVLAN:
		known.SetMasked(flow.FieldVLANTCI, flow.Value{}, flow.Value{})
	case PushMPLS:
		known.SetExact(flow.FieldEthType, flow.Value{Lo: uint64(a.Ethertype)})
	case PopMPLS:
		known.SetExact(flow.FieldEthType, flow.Value{Lo: uint64(a.Ethertype)})
	}
}

// has is an error when packets that match need not have the field.
func has(known *flow.Match, id flow.FieldID) error {
	f := id.Field()
	if known.Meets(f.Prereq) && (id != flow.FieldVLANVID || known.Meets(flow.NeedVLAN)) {
		return nil
	}
	return fmt.Errorf("the match does not make sure that packets have %s", f.Name)
}

// checkConjunctions sees to it that conjunction stands beside nothing but other ones and notes.
func (in *Instructions) checkConjunctions() error {
	conjunctions := 0
	others := in.Meter != 0 || in.Clear || len(in.Write) > 0 || in.MetadataMask != 0 || in.Goto != 0
	for _, a := range in.Apply {
		switch a.(type) {
		case Conjunction:
			conjunctions++
		case Note:
		default:
			others = true
		}
	}
	if conjunctions > 0 && others {
		return fmt.Errorf("conjunction stands beside no other action than note")
	}
	return nil
}
