package xlate

import (
	"reflect"

	"pollux/openflow"
)

// The action set: what rules write for the end of the packet's way. It
// has at most one action of each kind, and one set_field of each field; they are done in an order of their own
// (OpenFlow 1.3, 5.10), whatever the order in which they were written.

// write merges actions into the set; a later one takes the place of an earlier one of its kind.
func (x *Translator) write(list []openflow.Action) {
	if len(list) == 0 {
		return
	}
	for _, a := range list {
		kept := x.set[:0]
		for _, old := range x.set {
			if !sameKind(old, a) {
				kept = append(kept, old)
			}
		}
		x.set = append(kept, a)
	}
	if x.trace != nil {
		x.traceText("write_actions(%s)", openflow.AppendActions(nil, list, nil))
		x.detail(traceDetail, "action set is: %s", x.setText())
	}
}

func (x *Translator) clearSet() {
	if x.trace != nil {
		x.traceText("clear_actions")
		x.detail(traceDetail, "action set was: %s", x.setText())
	}
	x.set = x.set[:0]
}

func (x *Translator) setText() string {
	if len(x.set) == 0 {
		return "drop"
	}
	return string(openflow.AppendActions(nil, x.ordered(notInSets), nil))
}

func sameKind(a, b openflow.Action) bool {
	if f, ok := a.(openflow.SetField); ok {
		g, ok := b.(openflow.SetField)
		return ok && f.Field == g.Field
	}
	return reflect.TypeOf(a) == reflect.TypeOf(b)
}

// setOrder is in which order the kinds are done; of the last step only the first kind that is there.
func setOrder(a openflow.Action) int {
	switch a.(type) {
	case openflow.PopVLAN:
		return 1
	case openflow.PopMPLS:
		return 2
	case openflow.PushMPLS:
		return 3
	case openflow.PushVLAN:
		return 4
	case openflow.DecTTL:
		return 5
	case openflow.DecMPLSTTL:
		return 6
	case openflow.DecNSHTTL:
		return 7
	case openflow.SetField, openflow.Move, openflow.SetVLANVID, openflow.SetVLANPCP:
		return 8
	case openflow.SetQueue, openflow.Enqueue:
		return 9
	case openflow.Group:
		return finalSteps
	case openflow.Output, openflow.OutputReg, openflow.Controller:
		return finalSteps + 1
	case openflow.Resubmit:
		return finalSteps + 2
	case openflow.Ct:
		return finalSteps + 3
	}
	return notInSets
}

const (
	finalSteps = 10 // one of these sends the packet on; a set without any drops it
	notInSets  = 20
)

// ordered returns the set in the order in which it is done, of the final steps only the first.
func (x *Translator) ordered(final int) (list []openflow.Action) {
	for step := 1; step <= final; step++ {
		for _, a := range x.set {
			if o := setOrder(a); o == step && (step < finalSteps || step == final || final == notInSets) {
				list = append(list, a)
			}
		}
	}
	return list
}

// actionSet does the set, once the packet is at the end of its way.
func (x *Translator) actionSet() {
	final := notInSets
	for _, a := range x.set {
		if o := setOrder(a); o >= finalSteps {
			final = min(final, o)
		}
	}
	if x.over() || final == notInSets {
		return
	}
	list := x.ordered(final)
	x.set = x.set[:0]
	if x.trace != nil {
		x.trace.at = &x.trace.add(traceTable, "--. Executing action set:").subs
	}
	x.instructions(&openflow.Instructions{Apply: list})
}
