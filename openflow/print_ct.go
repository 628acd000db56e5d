package openflow

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
		bracket := n.Low.Is6() && n.PortLow != 0
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
