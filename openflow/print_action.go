package openflow

// How each action is written: as ovs-ofctl dump-flows does.

func (a Output) appendText(t *printer) {
	if !a.Port.Reserved() {
		t.str("output:")
	}
	t.port(a.Port)
}

func (a OutputReg) appendText(t *printer) {
	t.str("output:")
	t.subfield(a.Src)
}

func (a OutputTrunc) appendText(t *printer) {
	t.str("output(port=")
	t.port(a.Port)
	t.f(",max_len=%d)", a.MaxLen)
}

func (a Enqueue) appendText(t *printer) {
	t.str("enqueue:")
	t.port(a.Port)
	t.f(":%d", a.Queue)
}

func (a Controller) appendText(t *printer) {
	if a.Reason == ReasonAction && a.ID == 0 && len(a.UserData) == 0 && !a.Pause && a.Meter == 0 {
		t.f("CONTROLLER:%d", a.MaxLen)
		return
	}
	t.str("controller(")
	if a.Reason != ReasonAction {
		t.f("reason=%s,", a.Reason)
	}
	if a.MaxLen != 0xffff {
		t.f("max_len=%d,", a.MaxLen)
	}
	if a.ID != 0 {
		t.f("id=%d,", a.ID)
	}
	if len(a.UserData) > 0 {
		t.str("userdata=")
		t.bytes(a.UserData)
		t.str(",")
	}
	if a.Pause {
		t.str("pause,")
	}
	if a.Meter != 0 {
		t.f("meter_id=%d,", a.Meter)
	}
	t.chomp(',')
	t.str(")")
}

// bytes prints 01.02.ff.
func (t *printer) bytes(b []byte) {
	for i, c := range b {
		if i > 0 {
			t.str(".")
		}
		t.f("%02x", c)
	}
}

func (a Move) appendText(t *printer) {
	t.str("move:")
	t.subfield(a.Src)
	t.str("->")
	t.subfield(a.Dst)
}

func (a Push) appendText(t *printer) {
	t.str("push:")
	t.subfield(a.Src)
}

func (a Pop) appendText(t *printer) {
	t.str("pop:")
	t.subfield(a.Dst)
}

func (a SetVLANVID) appendText(t *printer) { t.f("%s_vlan_vid:%d", setOrMod(a.PushIfNeeded), a.VID) }

func (a SetVLANPCP) appendText(t *printer) { t.f("%s_vlan_pcp:%d", setOrMod(a.PushIfNeeded), a.PCP) }

func setOrMod(pushIfNeeded bool) string {
	if pushIfNeeded {
		return "mod"
	}
	return "set"
}

func (a PushVLAN) appendText(t *printer)   { t.f("push_vlan:0x%04x", a.Ethertype) }
func (a PushMPLS) appendText(t *printer)   { t.f("push_mpls:0x%04x", a.Ethertype) }
func (a PopMPLS) appendText(t *printer)    { t.f("pop_mpls:0x%04x", a.Ethertype) }
func (a DecMPLSTTL) appendText(t *printer) { t.str("dec_mpls_ttl") }
func (a DecNSHTTL) appendText(t *printer)  { t.str("dec_nsh_ttl") }

func (a PopVLAN) appendText(t *printer) {
	if a.AsStrip {
		t.str("strip_vlan")
		return
	}
	t.str("pop_vlan")
}

func (a DecTTL) appendText(t *printer) {
	t.str("dec_ttl")
	for i, id := range a.ControllerIDs {
		t.str(map[bool]string{true: "(", false: ","}[i == 0])
		t.f("%d", id)
	}
	if len(a.ControllerIDs) > 0 {
		t.str(")")
	}
}

func (a Resubmit) appendText(t *printer) {
	if a.Port != PortInPort && a.Table == 255 && !a.Ct {
		t.str("resubmit:")
		t.port(a.Port)
		return
	}
	t.str("resubmit(")
	if a.Port != PortInPort {
		t.port(a.Port)
	}
	t.str(",")
	if a.Table != 255 {
		t.f("%d", a.Table)
	}
	if a.Ct {
		t.str(",ct")
	}
	t.str(")")
}

func (a Clone) appendText(t *printer) {
	t.str("clone(")
	t.actionsOrDrop(a.Actions)
	t.str(")")
}

func (a Group) appendText(t *printer)    { t.f("group:%d", a.ID) }
func (a SetQueue) appendText(t *printer) { t.f("set_queue:%d", a.Queue) }
func (a PopQueue) appendText(t *printer) { t.str("pop_queue") }
func (a Exit) appendText(t *printer)     { t.str("exit") }

func (a Note) appendText(t *printer) {
	t.str("note:")
	t.bytes(a.Data)
}
