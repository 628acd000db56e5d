package xlate

import (
	"fmt"
	"slices"

	"pollux/openflow"
)

// Check says why instructions cannot be translated, nil if they can: whoever
// adds a rule is told at once. A rule with ct is taken, and drops its packets.
func Check(i *openflow.Instructions) error {
	if i.Meter != 0 {
		return fmt.Errorf("there is no meter %d", i.Meter)
	}
	if err := checkList(i.Apply); err != nil {
		return err
	}
	for _, a := range i.Write {
		if setOrder(a) == notInSets {
			return fmt.Errorf("%s cannot stand in an action set", text(a))
		}
	}
	return checkList(i.Write)
}

func checkList(list []openflow.Action) error {
	for _, a := range list {
		if err := checkAction(a); err != nil {
			return err
		}
	}
	return nil
}

func checkAction(a openflow.Action) error {
	switch a := a.(type) {
	case openflow.Clone:
		return checkList(a.Actions)
	case openflow.Controller:
		if a.Pause {
			return fmt.Errorf("%s: pause is not supported", text(a))
		}
	case openflow.Group:
		return fmt.Errorf("there is no group %d", a.ID)
	case openflow.Resubmit:
		if a.Table == 255 && a.Ct {
			return fmt.Errorf("%s names no table", text(a))
		}
	case openflow.CheckPktLarger, openflow.DeleteField, openflow.Conjunction, openflow.FinTimeout, openflow.Sample, openflow.Bundle,
		openflow.Multipath, openflow.Learn:
		return fmt.Errorf("%s is not supported", text(a))
	}
	return nil
}

func text(a openflow.Action) []byte { return openflow.AppendActions(nil, []openflow.Action{a}, nil) }

// OutputsTo reports whether instructions say to output to the port, as out_port of a flow_mod asks.
func OutputsTo(i *openflow.Instructions, p openflow.Port) bool {
	return anyAction(i, func(a openflow.Action) bool {
		switch a := a.(type) {
		case openflow.Output:
			return a.Port == p
		case openflow.OutputTrunc:
			return a.Port == p
		case openflow.Enqueue:
			return a.Port == p
		case openflow.Controller:
			return p == openflow.PortController
		}
		return false
	})
}

// UsesGroup reports whether instructions hand the packet to the group.
func UsesGroup(i *openflow.Instructions, id uint32) bool {
	return anyAction(i, func(a openflow.Action) bool {
		g, ok := a.(openflow.Group)
		return ok && g.ID == id
	})
}

// anyAction reports whether one of the actions, also inside others, is what is asked for.
func anyAction(i *openflow.Instructions, is func(openflow.Action) bool) bool {
	var within func(a openflow.Action) bool
	within = func(a openflow.Action) bool {
		c, nested := a.(openflow.Clone)
		return is(a) || nested && slices.ContainsFunc(c.Actions, within)
	}
	return slices.ContainsFunc(i.Apply, within) || slices.ContainsFunc(i.Write, within)
}
