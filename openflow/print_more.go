package openflow

// How the actions are written that need state beside the packet.

func (a CheckPktLarger) appendText(t *printer) {
	t.f("check_pkt_larger(%d)->", a.Len)
	t.subfield(a.Dst)
}

func (a DeleteField) appendText(t *printer) { t.f("delete_field:%s", a.Field) }

func (a Conjunction) appendText(t *printer) { t.f("conjunction(%d,%d/%d)", a.ID, a.K, a.N) }

func (a FinTimeout) appendText(t *printer) {
	t.str("fin_timeout(")
	if a.IdleSec != 0 {
		t.f("idle_timeout=%d,", a.IdleSec)
	}
	if a.HardSec != 0 {
		t.f("hard_timeout=%d,", a.HardSec)
	}
	t.chomp(',')
	t.str(")")
}

func (a Sample) appendText(t *printer) {
	t.f("sample(probability=%d,collector_set_id=%d,obs_domain_id=%d,obs_point_id=%d", a.Probability, a.CollectorSet, a.ObsDomain, a.ObsPoint)
	if a.SamplingPort != PortNone {
		t.str(",sampling_port=")
		t.port(a.SamplingPort)
	}
	switch a.Direction {
	case SampleIngress:
		t.str(",ingress")
	case SampleEgress:
		t.str(",egress")
	}
	t.str(")")
}

func (a Bundle) appendText(t *printer) {
	t.str("bundle")
	if a.Dst.Bits > 0 {
		t.str("_load")
	}
	t.f("(%s,%d,%s,ofport,", a.Fields, a.Basis, a.Algorithm)
	if a.Dst.Bits > 0 {
		t.subfield(a.Dst)
		t.str(",")
	}
	t.str("members:")
	for i, p := range a.Members {
		if i > 0 {
			t.str(",")
		}
		t.port(p)
	}
	t.str(")")
}

func (a Multipath) appendText(t *printer) {
	t.f("multipath(%s,%d,%s,%d,%d,", a.Fields, a.Basis, a.Algorithm, a.Links, a.Arg)
	t.subfield(a.Dst)
	t.str(")")
}

func (a CtClear) appendText(t *printer) { t.str("ct_clear") }

func (a Ct) appendText(t *printer) {
	t.str("ct(")
	if a.Commit {
		t.str("commit,")
	}
	if a.Force {
		t.str("force,")
	}
	if a.Table != NoTable {
		t.f("table=%d,", a.Table)
	}
	switch {
	case a.ZoneSrc.Bits > 0:
		t.str("zone=")
		t.subfield(a.ZoneSrc)
		t.str(",")
	case a.Zone != 0:
		t.f("zone=%d,", a.Zone)
	}
	if a.NAT != nil {
		a.NAT.appendText(t)
		t.str(",")
	}
	if len(a.Exec) > 0 {
		t.str("exec(")
		t.actions(a.Exec)
		t.str("),")
	}
	if a.ALG != "" {
		t.f("alg=%s", a.ALG)
	}
	t.chomp(',')
	t.str(")")
}

func (n *NAT) appendText(t *printer) {
	t.str("nat")
	if !n.Src && !n.Dst {
		return
	}
	t.str(map[bool]string{true: "(src", false: "(dst"}[n.Src])
	if n.Low.IsValid() {
		bracket := n.Low.Is6()
		t.str("=")
		t.str(address(n.Low, bracket))
		if n.High != n.Low {
			t.str("-" + address(n.High, bracket))
		}
		if n.PortLow != 0 {
			t.f(":%d", n.PortLow)
			if n.PortHigh != n.PortLow {
				t.f("-%d", n.PortHigh)
			}
		}
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{{n.Persistent, ",persistent"}, {n.Hash, ",hash"}, {n.Random, ",random"}} {
		if flag.on {
			t.str(flag.name)
		}
	}
	t.str(")")
}

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
		t.dst = appendFieldValue(t.dst, f, s.Value, f.Ones(), t.ports)
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
