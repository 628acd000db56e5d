package action

import (
	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// pushVLAN puts a tag before the EtherType. Of tci, the bit that says "tag" in a key is not written.
func pushVLAN(p *packet.Packet, tpid, tci uint16) counter.Drop {
	if len(p.Bytes()) < 14 || !insert(p, 12, 4) {
		return counter.ActionImpossible
	}
	b := p.Bytes()
	be.PutUint16(b[12:], tpid)
	be.PutUint16(b[14:], tci&^flow.VLANPresent)
	return counter.Forwarded
}

// popVLAN takes the outer tag away.
func popVLAN(p *packet.Packet) counter.Drop {
	if locate(p, tag) == nil {
		return counter.ActionImpossible
	}
	cut(p, 12, 4)
	return counter.Forwarded
}

// pushMPLS puts a label stack entry behind the EtherType, which becomes typ.
func pushMPLS(p *packet.Packet, lse uint32, typ uint16) counter.Drop {
	b := p.Bytes()
	at, _ := typeAt(b)
	if at+2 > len(b) || !insert(p, at+2, 4) {
		return counter.ActionImpossible
	}
	b = p.Bytes()
	be.PutUint16(b[at:], typ)
	be.PutUint32(b[at+2:], lse)
	return counter.Forwarded
}

// popMPLS takes the outer label stack entry away; the EtherType becomes typ.
func popMPLS(p *packet.Packet, typ uint16) counter.Drop {
	if locate(p, label) == nil {
		return counter.ActionImpossible
	}
	b := p.Bytes()
	at, _ := typeAt(b)
	be.PutUint16(b[at:], typ)
	cut(p, at+2, 4)
	return counter.Forwarded
}

// insert makes n bytes of room at offset at by moving what is before it down.
func insert(p *packet.Packet, at, n int) bool {
	if !p.Push(n) {
		return false
	}
	b := p.Bytes()
	copy(b[:at], b[n:n+at])
	return true
}

// cut takes n bytes out at offset at by moving what is before it up.
func cut(p *packet.Packet, at, n int) {
	b := p.Bytes()
	copy(b[n:n+at], b[:at])
	p.Pull(n)
}

// Types of the neighbour discovery options that carry a link-layer address (RFC 4861, section 4.6.1).
const (
	optionSLL = 1
	optionTLL = 2
)

// setOption writes the address in a neighbour discovery option, where the packet has one.
func setOption(p *packet.Packet, id flow.FieldID, value, mask uint64) {
	h := locate(p, icmpv6)
	want := byte(optionSLL)
	if id == flow.FieldNDTLL {
		want = optionTLL
	}
	if len(h) < 24 || h[0] != 135 && h[0] != 136 {
		return
	}
	for o := 24; o+8 <= len(h); {
		n := 8 * int(h[o+1])
		if n == 0 || o+n > len(h) {
			return
		}
		if h[o] == want && n == 8 {
			f := h[o+2 : o+8]
			old := readBits(f)
			fresh := flow.Value{Lo: old.Lo&^mask | value&mask}
			var change delta
			change.note(place{bytes: 6}, old, fresh) // options begin at even offsets
			writeBits(f, fresh)
			patchTransport(p, change, true)
			return
		}
		o += n
	}
}
