package action

import (
	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// Tags and labels are put in and taken out by moving what is before them, so
// that the rest of the packet stays where it is in its frame.

// pushVLAN puts a tag behind the addresses. Of tci, the bit that says "tag" in a key is not written.
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
	if located(p, tag) == nil {
		return counter.ActionImpossible
	}
	remove(p, 12, 4)
	return counter.Forwarded
}

// pushMPLS puts a label stack entry behind the type, which becomes typ.
func pushMPLS(p *packet.Packet, entry uint32, typ uint16) counter.Drop {
	at := linkEnd(p)
	if at == 0 || !insert(p, at, 4) {
		return counter.ActionImpossible
	}
	b := p.Bytes()
	be.PutUint16(b[at-2:], typ)
	be.PutUint32(b[at:], entry)
	p.L4 = packet.NoLayer // what is below labels is not looked into
	return counter.Forwarded
}

// popMPLS takes the outer label stack entry away; the type becomes typ. What
// came in under labels is located only now.
func popMPLS(p *packet.Packet, typ uint16) counter.Drop {
	if located(p, label) == nil {
		return counter.ActionImpossible
	}
	at := linkEnd(p)
	be.PutUint16(p.Bytes()[at-2:], typ)
	remove(p, at, 4)
	if !isMPLS(typ) {
		var k flow.Key
		flow.Extract(p, &k)
	}
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

// remove takes n bytes out at offset at by moving what is before it up.
func remove(p *packet.Packet, at, n int) {
	b := p.Bytes()
	copy(b[n:n+at], b[:at])
	p.Pull(n)
}
