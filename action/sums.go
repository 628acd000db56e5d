package action

import (
	"hash/crc32"

	"pollux/counter"
	"pollux/packet"
)

// Checksums are not made anew, they are corrected by what changed (RFC
// 1624): that costs the same for any packet, and a packet that came in damaged
// goes out damaged, to be noticed by its receiver.

// change is how the sum over a header changed: the sum of what is there
// minus the sum of what was there, in ones' complement.
type change packet.Sum

// noted is the change of the number at a place. A number that ends at an odd
// offset ends in the upper byte of its 16-bit word. (A number of 6 bytes is three words.)
func noted(pl *place, old, fresh uint64) change {
	if (pl.off+pl.size)&1 == 1 {
		old, fresh = old<<8, fresh<<8
	}
	return change(packet.Sum(fresh).Word(^old))
}

// correct applies the change to the checksum at b.
func (c change) correct(b []byte) {
	be.PutUint16(b, packet.Sum(c).Word(uint64(^be.Uint16(b))).Checksum())
}

// sumAt is where each transport header has its checksum.
var sumAt = [...]uint8{tcp: 16, udp: 6, icmpv4: 2, icmpv6: 2}

// correctTransport applies a change of the header at L4, or of its pseudo-header, to its checksum.
func correctTransport(p *packet.Packet, l layer, c change) {
	switch l {
	case tcp, udp, icmpv4, icmpv6:
	default:
		return
	}
	sum := p.Bytes()[int(p.L4)+int(sumAt[l]):]
	if l == udp && be.Uint16(sum) == 0 {
		return // the sender made none
	}
	c.correct(sum)
	if l == udp && be.Uint16(sum) == 0 {
		be.PutUint16(sum, 0xffff)
	}
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	noChecksum [4]byte
)

// crcOf is the CRC32c of the SCTP packet at L4 with its checksum taken as
// zero (RFC 9260, 6.8), over all frames of a chain and without the padding of the last.
func crcOf(p *packet.Packet, length int) uint32 {
	const at = 8 // of the checksum in its header
	h := p.Bytes()[p.L4:]
	crc := crc32.Update(0, castagnoli, h[:at])
	crc = crc32.Update(crc, castagnoli, noChecksum[:])
	part, left := h[at+4:], length-at-4
	for f := p; left > 0; part = f.Bytes() {
		n := min(left, len(part))
		crc = crc32.Update(crc, castagnoli, part[:n])
		left -= n
		if f = f.Next; f == nil {
			break
		}
	}
	return crc
}

// setSCTP writes a port of an SCTP packet and corrects its CRC by the
// difference that the port makes. The CRC of a fragment covers bytes that are not here.
func setSCTP(p *packet.Packet, pl *place, v, mask uint64) counter.Drop {
	h := located(p, sctp)
	if h == nil {
		return counter.Forwarded
	}
	length, whole := transportLength(p)
	if !whole {
		return counter.ActionImpossible
	}
	before := crcOf(p, length)
	pl.write(h, v, mask)
	le.PutUint32(h[8:], le.Uint32(h[8:])^before^crcOf(p, length))
	return counter.Forwarded
}

// transportLength is how many bytes the transport packet has as its IP header says; whole is false if this is but the first fragment of it.
func transportLength(p *packet.Packet) (n int, whole bool) {
	h, is := network(p)
	end := int(p.L4 - p.L3)
	if is == ipv4 {
		return int(be.Uint16(h[2:])) - end, be.Uint16(h[6:])&0x3fff == 0
	}
	whole = true
	for next, at := h[6], packet.IPv6Len; at < end && at+4 <= len(h); {
		if next == fragment && be.Uint16(h[at+2:]) != 0 {
			whole = false
		}
		next, at = h[at], at+extensionBytes(next, h[at+1])
	}
	return packet.IPv6Len + int(be.Uint16(h[4:])) - end, whole
}
