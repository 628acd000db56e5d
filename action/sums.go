package action

import (
	"hash/crc32"

	"pollux/flow"
	"pollux/packet"
)

// delta is how a change of bytes changes a checksum over them (RFC 1624,
// equation 3): the sum of the new 16-bit words and the complements of the old.
type delta uint64

func (d *delta) word(old, fresh uint16) { *d += delta(^old) + delta(fresh) }

// note notes the change of a field. One that ends at an odd offset ends in the
// upper byte of its last word.
func (d *delta) note(pl place, old, fresh flow.Value) {
	if (pl.off+pl.bytes)%2 == 1 {
		old, fresh = old.Shl(8), fresh.Shl(8)
	}
	for old != fresh {
		d.word(uint16(old.Lo), uint16(fresh.Lo))
		old, fresh = old.Shr(16), fresh.Shr(16)
	}
}

// patch applies the change to the checksum at b.
func (d delta) patch(b []byte) {
	sum := uint64(^be.Uint16(b)) + uint64(d)
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	be.PutUint16(b, ^uint16(sum))
}

// sumAt is where in its header each transport keeps its checksum.
var sumAt = [meta]int{tcp: 16, udp: 6, icmp: 2, icmpv6: 2}

// finish brings the checksums up to date after a change in header h.
func finish(p *packet.Packet, h []byte, pl place, v4 bool, change delta) {
	switch pl.layer {
	case ipv4:
		change.patch(h[10:])
		if pl.pseudo {
			patchTransport(p, change, false)
		}
	case ipv6:
		if pl.pseudo {
			patchTransport(p, change, true)
		}
	case tcp, udp, icmp, icmpv6:
		patchTransport(p, change, pl.layer == icmpv6)
	case sctp:
		sumSCTP(p, h)
	}
}

// patchTransport changes the transport checksum. A UDP checksum of 0 means there is none.
func patchTransport(p *packet.Packet, change delta, pseudo6 bool) {
	l := transportOf(p)
	h := transport(p, p.Bytes(), l)
	if h == nil || l == sctp || len(h) < sumAt[l]+2 {
		return
	}
	sum := h[sumAt[l]:]
	if l == udp && be.Uint16(sum) == 0 {
		return
	}
	change.patch(sum)
	if l == udp && be.Uint16(sum) == 0 {
		be.PutUint16(sum, 0xffff)
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumSCTP computes the CRC32c of an SCTP packet anew (RFC 9260, section
// 6.8): it covers everything, and an incremental CRC would cost as much to write as it saves.
func sumSCTP(p *packet.Packet, h []byte) {
	length := sctpBytes(p)
	clear(h[8:12])
	crc, left := uint32(0), length
	part := h
	for f := p; f != nil && left > 0; f = f.Next {
		if f != p {
			part = f.Bytes()
		}
		n := min(left, len(part))
		crc = crc32.Update(crc, castagnoli, part[:n])
		left -= n
	}
	h[8], h[9], h[10], h[11] = byte(crc), byte(crc>>8), byte(crc>>16), byte(crc>>24)
}

// sctpBytes is how long the SCTP packet is as its IP header says, without padding of the frame.
func sctpBytes(p *packet.Packet) int {
	b := p.Bytes()
	if h := network(p, b, ipv4); h != nil {
		return int(be.Uint16(h[2:])) - int(p.L4-p.L3)
	}
	if h := network(p, b, ipv6); h != nil {
		return int(be.Uint16(h[4:])) + 40 - int(p.L4-p.L3)
	}
	return p.Len() - int(p.L4)
}
