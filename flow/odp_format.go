package flow

import "strconv"

// odpText is a datapath flow being printed.
type odpText struct {
	dst   []byte
	m     *Match
	ports PortNames
}

// AppendODP writes the match of a datapath flow, as dpctl/dump-flows shows it. ports
// has the names of datapath ports; nil shows numbers.
func (m *Match) AppendODP(dst []byte, ports PortNames) []byte {
	t := odpText{dst: dst, m: m, ports: ports}
	t.values(odpBefore)
	t.group(odpTunnel)
	t.values(odpMarks)
	if m.Mask[WordCtIP6SrcHi]|m.Mask[WordCtIP6SrcLo]|m.Mask[WordCtIP6DstHi]|m.Mask[WordCtIP6DstLo] != 0 {
		t.group(odpCt6)
	} else {
		t.group(odpCt4)
	}
	t.values(odpIngress)
	t.packetType()
	t.group(odpEth)
	t.outerTag()
	return t.dst[:len(t.dst)-1] // without the last comma; there is always a packet_type
}

// packetType writes the packet type; where the flow does not look at it, it is that of Ethernet.
func (t *odpText) packetType() {
	pt := FieldPacketType.Field().Get(&t.m.Key).Lo
	t.dst = strconv.AppendUint(append(t.dst, "packet_type(ns="...), pt>>16, 10)
	t.dst = append(appendHex(append(t.dst, ",id="...), Value{0, pt & 0xffff}, 0), "),"...)
}

func (t *odpText) values(parts []odpPart) {
	for _, p := range parts {
		if mask := p.id.Field().GetMask(&t.m.Mask); !mask.IsZero() {
			t.dst = append(append(t.dst, p.name...), '(')
			t.value(p, mask)
			t.dst = append(t.dst, "),"...)
		}
	}
}

// group writes name(part=value,...,group(...)), unless the flow looks at no part. A group without a name holds flags(...).
func (t *odpText) group(g odpGroup) {
	if g.name == "" {
		t.values(g.parts)
		return
	}
	start := len(t.dst)
	t.dst = append(append(t.dst, g.name...), '(')
	inside := len(t.dst)
	for _, p := range g.parts {
		if mask := p.id.Field().GetMask(&t.m.Mask); !mask.IsZero() {
			t.dst = append(append(t.dst, p.name...), '=')
			t.value(p, mask)
			t.dst = append(t.dst, ',')
		}
	}
	for _, inner := range g.groups {
		t.group(inner)
	}
	t.close(start, inside)
}

// close ends a group that began at start, or takes it back if nothing stands inside.
func (t *odpText) close(start, inside int) {
	if len(t.dst) == inside {
		t.dst = t.dst[:start]
		return
	}
	t.dst = append(t.dst[:len(t.dst)-1], "),"...)
}

func (t *odpText) value(p odpPart, mask Value) {
	f := p.id.Field()
	v, exact := f.Get(&t.m.Key), mask == f.Ones()
	switch p.kind {
	case odpMAC, odpIPv4, odpIPv6, odpFlags:
		t.dst = AppendValue(t.dst, f, v, mask, nil)
		return
	case odpFrag:
		t.dst = appendFrag(t.dst, v.Lo, mask.Lo)
		return
	case odpPort:
		if name, ok := portName(uint32(v.Lo), t.ports); ok && exact {
			t.dst = appendName(t.dst, name)
			return
		}
	}
	if p.kind == odpHex {
		t.dst = appendHex(t.dst, v, 0)
	} else {
		t.dst = strconv.AppendUint(t.dst, v.Lo, 10)
	}
	if !exact {
		t.dst = appendHex(append(t.dst, '/'), mask, 0)
	}
}

// outerTag writes the outer tag and everything behind it.
func (t *odpText) outerTag() {
	tci, mask := FieldVLANTCI.Field().Get(&t.m.Key).Lo, FieldVLANTCI.Field().GetMask(&t.m.Mask).Lo
	typed := t.m.exact(FieldEthType) >= 0
	switch {
	case mask == 0 && typed:
		t.dst = append(t.dst, "vlan(any),"...)
	case mask == 0:
	case mask&VLANPresent != 0 && tci == 0: // no tag, whichever of its other bits were looked at
		if !typed {
			t.dst = append(t.dst, "vlan(none),"...)
		}
	default:
		t.tag(FieldVLANTPID, FieldVLANTCI, func() {
			inner, innerMask := FieldVLAN2TCI.Field().Get(&t.m.Key).Lo, FieldVLAN2TCI.Field().GetMask(&t.m.Mask).Lo
			switch {
			case innerMask == 0:
				t.network()
			case innerMask&VLANPresent != 0 && inner == 0:
				t.dst = append(t.dst, "vlan(none),"...)
				t.network()
			default:
				t.tag(FieldVLAN2TPID, FieldVLAN2TCI, t.network)
			}
		})
		return
	}
	t.network()
}

// tag writes the type and control information of a tag, and what it holds by calling inside.
func (t *odpText) tag(tpid, tci FieldID, inside func()) {
	t.ethType(tpid)
	v, mask := tci.Field().Get(&t.m.Key).Lo, tci.Field().GetMask(&t.m.Mask).Lo
	t.dst = append(t.dst, "vlan("...)
	if v&mask&VLANPresent == 0 {
		t.dst = appendPadded(append(t.dst, "tci=0x"...), v, 4)
		t.dst = append(appendPadded(append(t.dst, "/0x"...), mask, 4), ',')
	} else {
		t.bits("vid", v&0xfff, mask&0xfff, 0xfff)
		t.bits("pcp", v>>13, mask>>13, 7)
	}
	if t.dst[len(t.dst)-1] == ',' {
		t.dst = t.dst[:len(t.dst)-1]
	}
	t.dst = append(t.dst, "),"...)
	start := len(t.dst)
	t.dst = append(t.dst, "encap("...)
	content := len(t.dst)
	inside()
	t.close(start, content)
}

func (t *odpText) bits(name string, v, mask, all uint64) {
	if mask == 0 {
		return
	}
	t.dst = strconv.AppendUint(append(append(t.dst, name...), '='), v, 10)
	if mask != all {
		t.dst = appendHex(append(t.dst, '/'), Value{0, mask}, 0)
	}
	t.dst = append(t.dst, ',')
}

func (t *odpText) ethType(id FieldID) {
	f := id.Field()
	v, mask := f.Get(&t.m.Key).Lo, f.GetMask(&t.m.Mask).Lo
	switch {
	case mask == 0:
		return
	case mask == 0xffff && v == EthTypeNone: // no type at all
		t.dst = append(t.dst, "eth_type(0/0xffff),"...)
		return
	}
	t.dst = appendPadded(append(t.dst, "eth_type(0x"...), v, 4)
	if mask != 0xffff {
		t.dst = appendPadded(append(t.dst, "/0x"...), mask, 4)
	}
	t.dst = append(t.dst, "),"...)
}

// network writes the type of the frame and the headers above it.
func (t *odpText) network() {
	t.ethType(FieldEthType)
	typ := t.m.etherType()
	if g, ok := odpNetwork[typ]; ok {
		t.group(g)
	}
	if typ != EthTypeIPv4 && typ != EthTypeIPv6 {
		return
	}
	proto := t.m.ipProto()
	g, ok := odpTransport[proto]
	if !ok {
		g = odpOtherTransport
	}
	t.group(g)
	switch proto {
	case ProtoTCP:
		t.values([]odpPart{odpTCPFlags})
	case ProtoICMPv6:
		t.group(odpND)
		t.group(odpNDExt)
	}
}
