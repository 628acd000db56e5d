package action

import (
	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// set writes the bits of a field that mask has. A packet without the field stays as it is.
func set(p *packet.Packet, id flow.FieldID, v, mask flow.Value) counter.Drop {
	pl := &places[id]
	switch pl.layer {
	case metadata:
		setMetadata(p, id, uint32(v.Lo), uint32(mask.Lo))
		return counter.Forwarded
	case neighbour:
		setNeighbour(p, id, v, mask)
		return counter.Forwarded
	case sctp:
		return setSCTP(p, pl, v.Lo, mask.Lo)
	case arp:
		if id == flow.FieldARPOp && mask.Lo == 0xff {
			v.Lo, mask.Lo = v.Lo&0xff, 0xffff // the key has eight of its bits, the others are zero
		}
	case tag:
		mask.Lo &^= flow.VLANPresent // says in a key that there is a tag; in a packet it is another bit
	}
	h := located(p, pl.layer)
	if h == nil && pl.v6 != nil {
		pl = pl.v6
		h = located(p, ipv6)
	}
	if len(h) < int(pl.off)+int(pl.size) {
		return counter.Forwarded
	}
	if pl.size == 16 {
		correct(p, pl, h, pl.writeAddress(h, v, mask))
	} else if old, fresh := pl.write(h, v.Lo, mask.Lo); pl.layer >= ipv4 {
		correct(p, pl, h, noted(pl, old, fresh))
	}
	return counter.Forwarded
}

// write writes the bits of v that mask has to the place in h. It returns the numbers there before and after.
func (pl *place) write(h []byte, v, mask uint64) (old, fresh uint64) {
	f := h[pl.off : pl.off+pl.size]
	m := mask & (1<<pl.bits - 1) << pl.shift
	old = load(f)
	fresh = old&^m | v<<pl.shift&m
	store(f, fresh)
	return old, fresh
}

// writeAddress does the same for 16 bytes, and returns how that changes sums over h.
func (pl *place) writeAddress(h []byte, v, mask flow.Value) change {
	f := h[pl.off : pl.off+16]
	oldHi, oldLo := be.Uint64(f), be.Uint64(f[8:])
	hi, lo := oldHi&^mask.Hi|v.Hi&mask.Hi, oldLo&^mask.Lo|v.Lo&mask.Lo
	be.PutUint64(f, hi)
	be.PutUint64(f[8:], lo)
	return change(packet.Sum(0).Word(^oldHi).Word(hi).Word(^oldLo).Word(lo))
}

// correct brings the checksums up to date that cover what changed in the header h.
func correct(p *packet.Packet, pl *place, h []byte, c change) {
	switch pl.layer {
	case ipv4:
		c.correct(h[10:])
		if !pl.pseudo {
			return
		}
		if l := transportOf(p); l != icmpv4 {
			correctTransport(p, l, c)
		}
	case ipv6:
		if !pl.pseudo {
			return
		}
		if l := transportOf(p); l != nowhere && (pl.off != dstOfIPv6 || !routed(h, int(p.L4-p.L3))) {
			correctTransport(p, l, c)
		}
	case tcp, udp, icmpv4, icmpv6:
		correctTransport(p, pl.layer, c)
	}
}

const dstOfIPv6 = 24 // offset of the destination in an IPv6 header

func setMetadata(p *packet.Packet, id flow.FieldID, v, mask uint32) {
	m := &p.Meta.Mark
	switch id {
	case flow.FieldSKBPriority:
		m = &p.Meta.Priority
	case flow.FieldDPHash:
		m = &p.Meta.DPHash
	}
	*m = *m&^mask | v&mask
}

// load reads the number in 1, 2, 4 or 6 bytes.
func load(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(be.Uint16(b))
	case 4:
		return uint64(be.Uint32(b))
	}
	return uint64(be.Uint32(b))<<16 | uint64(be.Uint16(b[4:]))
}

func store(b []byte, v uint64) {
	switch len(b) {
	case 1:
		b[0] = byte(v)
	case 2:
		be.PutUint16(b, uint16(v))
	case 4:
		be.PutUint32(b, uint32(v))
	default:
		be.PutUint32(b, uint32(v>>16))
		be.PutUint16(b[4:], uint16(v))
	}
}
