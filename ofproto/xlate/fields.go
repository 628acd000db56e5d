package xlate

import (
	"pollux/flow"
	"pollux/openflow"
)

// Reading and writing fields of the packet. A field that is written is also
// seen: what is committed later depends on what was there before.

const fragBits = (flow.FragAny | flow.FragLater) << 32 // nw_frag in its word

func (x *Translator) seeField(f *flow.Field, mask flow.Value) {
	f.SetMask(&x.seen, f.GetMask(&x.seen).Or(mask))
}

func (x *Translator) see(s openflow.Subfield) { x.seeField(s.Field.Field(), s.Mask()) }

// meets reports whether the packet is what a field needs, and sees what tells it.
func (x *Translator) meets(p flow.Prereq) bool {
	typ := x.etherType()
	v4, v6 := typ == flow.EthTypeIPv4, typ == flow.EthTypeIPv6
	switch p {
	case flow.NeedVLAN:
		x.seen[flow.WordVLAN] |= flow.VLANPresent << 32
		return x.tagged()
	case flow.NeedMPLS:
		return isMPLS(typ)
	case flow.NeedIPv4:
		return v4
	case flow.NeedIPv6:
		return v6
	case flow.NeedIP:
		return v4 || v6
	case flow.NeedARP:
		return typ == flow.EthTypeARP || typ == flow.EthTypeRARP
	case flow.NeedNSH:
		return typ == flow.EthTypeNSH
	case flow.NeedTCP:
		return (v4 || v6) && x.proto() == flow.ProtoTCP && !x.laterFragment()
	case flow.NeedUDP:
		return (v4 || v6) && x.proto() == flow.ProtoUDP && !x.laterFragment()
	case flow.NeedSCTP:
		return (v4 || v6) && x.proto() == flow.ProtoSCTP && !x.laterFragment()
	case flow.NeedICMPv4:
		return v4 && x.proto() == flow.ProtoICMP && !x.laterFragment()
	case flow.NeedICMPv6, flow.NeedND, flow.NeedNDSolicit, flow.NeedNDAdvert:
		return v6 && x.proto() == flow.ProtoICMPv6 && !x.laterFragment() && x.neighbour(p)
	case flow.NeedCt:
		f := flow.FieldCtState.Field()
		x.seeField(f, f.Ones())
		return !f.Get(&x.key).IsZero()
	}
	return true
}

func (x *Translator) proto() uint8 {
	x.seen[flow.WordIPProto] |= 0xff << 56
	return uint8(x.key[flow.WordIPProto] >> 56)
}

func (x *Translator) laterFragment() bool {
	x.seen[flow.WordIPProto] |= fragBits
	return x.key[flow.WordIPProto]>>32&flow.FragLater != 0
}

// Types of ICMPv6 (RFC 4861, 4.3 and 4.4).
const (
	neighbourSolicit = 135
	neighbourAdvert  = 136
)

// neighbour reports whether the ICMPv6 packet is the kind of neighbour discovery that p wants.
func (x *Translator) neighbour(p flow.Prereq) bool {
	if p == flow.NeedICMPv6 {
		return true
	}
	x.seen[flow.WordIPProto] |= 0xffff << 16
	typ := uint16(x.key[flow.WordIPProto] >> 16)
	return (typ == neighbourSolicit && p != flow.NeedNDAdvert) || (typ == neighbourAdvert && p != flow.NeedNDSolicit)
}

// writable reports whether field f of the packet can be written.
func (x *Translator) writable(f *flow.Field, anyTransport bool) bool {
	if anyTransport && (f.ID == flow.FieldTPSrc || f.ID == flow.FieldTPDst) {
		return x.meets(flow.NeedTCP) || x.meets(flow.NeedUDP) || x.meets(flow.NeedSCTP)
	}
	return x.meets(f.Prereq)
}

func (x *Translator) setField(a *openflow.SetField) {
	f := a.Field.Field()
	if !x.writable(f, a.Spelling == openflow.AsMod) {
		x.detail(traceWarn, "unmet prerequisites for %s, set_field ignored", f.Name)
		return
	}
	x.write1(f, a.Value, a.Mask)
}

// write1 writes bits of one field.
func (x *Translator) write1(f *flow.Field, v, mask flow.Value) {
	if f.Word == flow.WordVLAN {
		x.seeTags()
	}
	x.seeField(f, mask)
	f.SetMasked(&x.key, v, mask)
	x.dirty = true
	if f.Word == flow.WordVLAN {
		x.tidyTag()
	}
}

func (x *Translator) move(src, dst openflow.Subfield) {
	if !x.meets(src.Field.Field().Prereq) || !x.meets(dst.Field.Field().Prereq) {
		x.detail(traceWarn, "unmet prerequisites, move ignored")
		return
	}
	x.see(src)
	x.writeSub(dst, src.Get(&x.key))
}

func (x *Translator) writeSub(dst openflow.Subfield, v flow.Value) {
	x.write1(dst.Field.Field(), v.Shl(int(dst.Ofs)), dst.Mask())
	if x.trace != nil {
		x.trace.now(dst, &x.key)
	}
}

func (x *Translator) pop(dst openflow.Subfield) {
	n := len(x.stack) - 1
	if n < 0 {
		x.detail(traceError, "stack underflow")
		return
	}
	v := x.stack[n]
	x.stack = x.stack[:n]
	if x.meets(dst.Field.Field().Prereq) {
		x.writeSub(dst, v)
	}
}
