package openflow

import "pollux/flow"

func (a Learn) appendText(t *printer) {
	t.f("learn(table=%d", a.Table)
	for _, p := range []struct {
		name  string
		value uint16
	}{{"idle_timeout", a.IdleTimeoutSec}, {"hard_timeout", a.HardTimeoutSec}, {"fin_idle_timeout", a.FinIdleTimeoutSec}, {"fin_hard_timeout", a.FinHardTimeoutSec}} {
		if p.value != 0 {
			t.f(",%s=%d", p.name, p.value)
		}
	}
	if a.Priority != DefaultPriority {
		t.f(",priority=%d", a.Priority)
	}
	if a.SendFlowRem {
		t.str(",send_flow_rem")
	}
	if a.DeleteLearned {
		t.str(",delete_learned")
	}
	if a.Cookie != 0 {
		t.f(",cookie=%#x", a.Cookie)
	}
	if a.Limit != 0 {
		t.f(",limit=%d", a.Limit)
	}
	if a.ResultDst.Bits > 0 {
		t.str(",result_dst=")
		t.subfield(a.ResultDst)
	}
	for _, s := range a.Specs {
		t.str(",")
		s.appendText(t)
	}
	t.str(")")
}

func (s LearnSpec) appendText(t *printer) {
	immediate := s.Src.Bits == 0
	switch {
	case s.Kind == LearnOutput:
		t.str("output:")
		t.subfield(s.Src)
	case s.Kind == LearnLoad:
		t.str("load:")
		if immediate {
			t.hex(s.Value)
		} else {
			t.subfield(s.Src)
		}
		t.str("->")
		t.subfield(s.Dst)
	case immediate && s.Dst.Whole():
		f := s.Dst.Field.Field()
		t.f("%s=", f.Name)
		t.dst = flow.AppendValue(t.dst, f, s.Value, f.Ones(), t.ports)
	case immediate:
		t.subfield(s.Dst)
		t.str("=")
		t.hex(s.Value)
	default:
		t.subfield(s.Dst)
		if s.Src != s.Dst {
			t.str("=")
			t.subfield(s.Src)
		}
	}
}
