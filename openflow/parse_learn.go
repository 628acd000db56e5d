package openflow

import (
	"fmt"

	"pollux/flow"
)

// learn(table=1,hard_timeout=60,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[])

func parseLearn(p *parser, it item) (Action, error) {
	a := Learn{Table: 1, Priority: DefaultPriority}
	err := eachItem(it.value, func(arg item) error { return a.argument(p, arg) })
	return a, err
}

func (a *Learn) argument(p *parser, arg item) (err error) {
	switch arg.key {
	case "table":
		a.Table, err = tableNumber(arg.value, 254)
	case "priority":
		err = setNumber(&a.Priority, arg.value)
	case "cookie":
		err = setNumber(&a.Cookie, arg.value)
	case "idle_timeout":
		err = setNumber(&a.IdleTimeoutSec, arg.value)
	case "hard_timeout":
		err = setNumber(&a.HardTimeoutSec, arg.value)
	case "fin_idle_timeout":
		err = setNumber(&a.FinIdleTimeoutSec, arg.value)
	case "fin_hard_timeout":
		err = setNumber(&a.FinHardTimeoutSec, arg.value)
	case "send_flow_rem":
		a.SendFlowRem = true
	case "delete_learned":
		a.DeleteLearned = true
	case "limit":
		err = setNumber(&a.Limit, arg.value)
	case "result_dst":
		a.ResultDst, err = parseTarget(arg.value)
		if err == nil && a.ResultDst.Bits != 1 {
			err = fmt.Errorf("result_dst is %d bits wide, not one", a.ResultDst.Bits)
		}
	default:
		var s LearnSpec
		s, err = p.learnSpec(arg)
		a.Specs = append(a.Specs, s)
	}
	return err
}

func (p *parser) learnSpec(arg item) (s LearnSpec, err error) {
	switch arg.key {
	case "output":
		s.Kind = LearnOutput
		s.Src, err = parseSubfield(arg.value)
		return s, err
	case "load":
		return learnLoad(arg.value)
	}
	s.Dst, err = parseSubfield(arg.key)
	switch {
	case err != nil:
		return s, fmt.Errorf("%q is neither an argument of learn nor a field", arg.key)
	case arg.value == "":
		s.Src = s.Dst
		return s, nil
	}
	if s.Src, err = parseSubfield(arg.value); err == nil {
		return s, sameWidth(s)
	}
	s.Src = Subfield{}
	if s.Dst.Whole() {
		var mask flow.Value
		f := s.Dst.Field.Field()
		s.Value, mask, err = flow.ParseValue(f, arg.value, p.ports)
		if err == nil && mask != f.Ones() {
			err = fmt.Errorf("%s: a learned match has no mask", arg.text)
		}
		return s, err
	}
	s.Value, err = immediate(arg.value, s.Dst)
	return s, err
}

func learnLoad(text string) (s LearnSpec, err error) {
	from, to, ok := cutLast(text, "->")
	if !ok {
		return s, fmt.Errorf("is written load:VALUE->FIELD[BITS] or load:FIELD[BITS]->FIELD[BITS]")
	}
	s.Kind = LearnLoad
	if s.Dst, err = parseTarget(to); err != nil {
		return s, err
	}
	if s.Src, err = parseSubfield(from); err == nil {
		return s, sameWidth(s)
	}
	s.Src = Subfield{}
	s.Value, err = immediate(from, s.Dst)
	return s, err
}

func sameWidth(s LearnSpec) error {
	if s.Src.Bits != s.Dst.Bits {
		return fmt.Errorf("%d bits do not go into %d", s.Src.Bits, s.Dst.Bits)
	}
	return nil
}

func immediate(text string, dst Subfield) (flow.Value, error) {
	v, err := wideNumber(text)
	if err == nil && !fits(v, dst.Bits) {
		err = fmt.Errorf("value %s does not fit %d bits", text, dst.Bits)
	}
	return v, err
}
