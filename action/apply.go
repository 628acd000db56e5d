package action

import (
	"encoding/binary"

	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

var be = binary.BigEndian

// Apply does a header edit to a packet whose headers have been located (L3
// and L4 are right, as flow.Extract leaves them) and keeps checksums and locations right. A
// field that the packet does not have is left alone. The answer is counter.Forwarded, or why the
// packet cannot go on. It does not allocate.
func Apply(p *packet.Packet, a Action) counter.Drop {
	switch a.Op {
	case Set:
		return set(p, flow.FieldID(a.Field), flow.Value{Hi: a.Payload[0], Lo: a.Payload[1]}, flow.Value{Hi: a.Payload[2], Lo: a.Payload[3]})
	case PushVLAN:
		return pushVLAN(p, uint16(a.Arg>>16), uint16(a.Arg))
	case PopVLAN:
		return popVLAN(p)
	case PushMPLS:
		return pushMPLS(p, a.Arg, uint16(a.Payload[0]))
	case PopMPLS:
		return popMPLS(p, uint16(a.Arg))
	case Conntrack:
		return counter.ConntrackMissing
	}
	return counter.ActionImpossible
}

// set writes the bits of a field that mask selects.
func set(p *packet.Packet, id flow.FieldID, value, mask flow.Value) counter.Drop {
	pl := places[id]
	if pl.layer == meta {
		setMeta(p, id, uint32(value.Lo), uint32(mask.Lo))
		return counter.Forwarded
	}
	h := locate(p, pl.layer)
	v4 := true
	if h == nil && pl.layer == ipv4 {
		if pl, h = inIPv6(p, id); h == nil {
			return counter.Forwarded
		}
		v4 = false
	}
	if id == flow.FieldNDSLL || id == flow.FieldNDTLL {
		setOption(p, id, value.Lo, mask.Lo)
		return counter.Forwarded
	}
	if len(h) < int(pl.off)+int(pl.bytes) {
		return counter.Forwarded
	}
	f := h[pl.off : pl.off+pl.bytes]
	if id == flow.FieldVLANTCI || id == flow.FieldVLANVID {
		mask.Lo &^= flow.VLANPresent // the bit that says "tag" in a key is not the packet's
	}
	old, fresh := readBits(f), value.Shl(int(pl.shift))
	m := mask.Shl(int(pl.shift))
	fresh = old.AndNot(m).Or(fresh.And(m))
	var change delta
	change.note(pl, old, fresh)
	writeBits(f, fresh)
	finish(p, h, pl, v4, change)
	return counter.Forwarded
}

// inIPv6 finds the IPv6 relatives of fields that both versions have.
func inIPv6(p *packet.Packet, id flow.FieldID) (place, []byte) {
	h := locate(p, ipv6)
	switch id {
	case flow.FieldIPTOS, flow.FieldNWTOS, flow.FieldNWECN:
		return place{layer: ipv6, off: 0, bytes: 2, shift: 4}, h
	case flow.FieldIPDSCP:
		return place{layer: ipv6, off: 0, bytes: 2, shift: 6}, h
	case flow.FieldNWTTL:
		return place{layer: ipv6, off: 7, bytes: 1}, h
	}
	return place{}, nil
}

func setMeta(p *packet.Packet, id flow.FieldID, value, mask uint32) {
	switch id {
	case flow.FieldPktMark:
		p.Meta.Mark = p.Meta.Mark&^mask | value&mask
	case flow.FieldSKBPriority:
		p.Meta.Priority = p.Meta.Priority&^mask | value&mask
	case flow.FieldDPHash:
		p.Meta.DPHash = p.Meta.DPHash&^mask | value&mask
	}
}

// readBits reads up to 16 bytes as a number.
func readBits(b []byte) (v flow.Value) {
	for _, x := range b {
		v = v.Shl(8)
		v.Lo |= uint64(x)
	}
	return v
}

func writeBits(b []byte, v flow.Value) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(v.Lo)
		v = v.Shr(8)
	}
}
