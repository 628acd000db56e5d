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
