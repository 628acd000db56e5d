package action

import (
	"pollux/flow"
	"pollux/packet"
)

// Neighbour discovery (RFC 4861, 4.3 and 4.4): behind the ICMPv6 header stand the target and
// then options, in any order; a link address stands in an option of 8 bytes.

const (
	solicitation, advertisement = 135, 136
	sourceLink, targetLink      = 1, 2 // options
	firstOption                 = 24   // offset from the ICMPv6 header
)

// setNeighbour writes a field of a solicitation or an advertisement.
func setNeighbour(p *packet.Packet, id flow.FieldID, v, mask flow.Value) {
	h := located(p, icmpv6)
	if h == nil || h[0] != solicitation && h[0] != advertisement || h[1] != 0 {
		return
	}
	end, _ := transportLength(p) // behind it may be padding
	h = h[:min(end, len(h))]
	pl := &places[id]
	if id != flow.FieldNDReserved && id != flow.FieldNDTarget {
		h = linkOption(h, id)
	}
	if len(h) < int(pl.off)+int(pl.size) {
		return
	}
	if pl.size == 16 {
		correctTransport(p, icmpv6, pl.writeAddress(h, v, mask))
		return
	}
	old, fresh := pl.write(h, v.Lo, mask.Lo)
	correctTransport(p, icmpv6, noted(pl, old, fresh))
}

// linkOption is the first option that has what the field is about, nil if there is none.
func linkOption(h []byte, id flow.FieldID) []byte {
	for at := firstOption; at+8 <= len(h); {
		kind, length := h[at], int(h[at+1])*8
		if length == 0 || at+length > len(h) {
			return nil
		}
		source, target := kind == sourceLink && id != flow.FieldNDTLL, kind == targetLink && id != flow.FieldNDSLL
		if length == 8 && (source || target) {
			return h[at : at+8]
		}
		at += length
	}
	return nil
}
