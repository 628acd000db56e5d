package packet

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// A sender whose device promises to do checksums leaves them half done, and on a
// virtual link nobody ever does them: the packet arrives with a note beside it
// that AF_XDP does not pass on. A half-done TCP or UDP checksum can be told by
// itself: the field holds the folded sum of the pseudo-header. Where it does, the
// checksum is made anew, which is always right: a finished checksum C that
// happens to look so gets the value C again, because the rest of the packet sums
// to what makes C right. Likewise an SCTP checksum is half done when it is
// zero, and one that is rightly zero is made zero again.
//
// RFC 1071; Linux Documentation/networking/checksum-offloads.rst.

// CompleteChecksum finishes the TCP, UDP or SCTP checksum of the packet if it is
// half done, and reports whether it was. It looks behind up to two VLAN tags and the IPv6 extension headers
// that it knows; fragments, whose checksum does not cover what is there, stay as they are, as
// does everything that does not fit together. The headers must lie in the first frame.
func (p *Packet) CompleteChecksum() bool {
	if finished4(p.Bytes()) {
		return false
	}
	s, ok := findSegment(p.Bytes())
	if !ok || s.at+s.length > p.Len() {
		return false
	}
	switch s.proto {
	case protoTCP:
		return p.completeSum(s, 16)
	case protoUDP:
		return p.completeSum(s, 6)
	case protoSCTP:
		return p.completeCRC(s)
	}
	return false
}

// finished4 tells quickly that the checksum of the most frequent kind of packet is not half done: TCP
// or UDP over IPv4 without options and tags. It answers for nothing else.
func finished4(b []byte) bool {
	const ip, transport = 14, 34
	if len(b) < transport+18 || binary.BigEndian.Uint16(b[12:]) != etherIPv4 || b[ip] != 0x45 {
		return false
	}
	length := binary.BigEndian.Uint16(b[ip+2:]) - 20
	have := binary.BigEndian.Uint16(b[transport+16:])
	if b[ip+9] == protoUDP && binary.BigEndian.Uint16(b[transport+4:]) == length {
		have = binary.BigEndian.Uint16(b[transport+6:])
	} else if b[ip+9] != protoTCP {
		return false
	}
	pseudo := uint64(binary.BigEndian.Uint32(b[ip+12:])) + uint64(binary.BigEndian.Uint32(b[ip+16:])) + uint64(b[ip+9]) + uint64(length)
	return have != Sum(pseudo).fold()
}

// Of Ethernet types and IP protocols, those that matter here.
const (
	etherIPv4, etherIPv6             = 0x0800, 0x86dd
	etherVLAN, etherQinQ, etherQinQ9 = 0x8100, 0x88a8, 0x9100

	protoTCP, protoUDP, protoSCTP              = 6, 17, 132
	protoHopByHop, protoRouting, protoDestOpts = 0, 43, 60
)

// segment is where a transport header and what it carries lie in a packet.
type segment struct {
	at, length int    // bytes
	proto      byte   // IP protocol
	addresses  []byte // source and destination, both
}

// findSegment finds the transport header behind the first bytes of a packet.
func findSegment(b []byte) (segment, bool) {
	at := 12
	for range 3 {
		if len(b) < at+2 {
			break
		}
		switch binary.BigEndian.Uint16(b[at:]) {
		case etherVLAN, etherQinQ, etherQinQ9:
			at += 4
		case etherIPv4:
			return segment4(b, at+2)
		case etherIPv6:
			return segment6(b, at+2)
		default:
			return segment{}, false
		}
	}
	return segment{}, false
}

func segment4(b []byte, at int) (s segment, ok bool) {
	if len(b) < at+20 {
		return s, false
	}
	h := b[at:]
	header, total := int(h[0]&15)*4, int(binary.BigEndian.Uint16(h[2:]))
	const fragmentBits = 0x3fff // more fragments, and the offset
	if h[0]>>4 != 4 || header < 20 || total < header || binary.BigEndian.Uint16(h[6:])&fragmentBits != 0 {
		return s, false
	}
	return segment{at: at + header, length: total - header, proto: h[9], addresses: h[12:20]}, true
}

// mostExtensions is how many IPv6 extension headers are looked behind.
const mostExtensions = 8

func segment6(b []byte, at int) (s segment, ok bool) {
	if len(b) < at+40 {
		return s, false
	}
	h := b[at:]
	s = segment{at: at + 40, length: int(binary.BigEndian.Uint16(h[4:])), proto: h[6], addresses: h[8:40]}
	for range mostExtensions {
		switch s.proto {
		case protoHopByHop, protoDestOpts, protoRouting:
		default:
			return s, true
		}
		if len(b) < s.at+8 {
			return s, false
		}
		e := b[s.at:]
		if s.proto == protoRouting && e[3] != 0 { // segments left: the pseudo-header has another destination
			return s, false
		}
		size := 8 + int(e[1])*8
		s.proto, s.at, s.length = e[0], s.at+size, s.length-size
		if s.length < 0 {
			return s, false
		}
	}
	return s, false
}

// completeSum finishes a checksum at field bytes behind the start of s.
func (p *Packet) completeSum(s segment, field int) bool {
	b := p.Bytes()
	least := field + 2
	if s.proto == protoTCP {
		least = 20
	}
	if s.length < least || len(b) < s.at+least {
		return false
	}
	if s.proto == protoUDP {
		if n := int(binary.BigEndian.Uint16(b[s.at+4:])); n >= least && n <= s.length {
			s.length = n
		}
	}
	pseudo := Sum(0).Bytes(s.addresses).Word(uint64(s.proto)).Word(uint64(s.length))
	if have := binary.BigEndian.Uint16(b[s.at+field:]); have == 0 || have != pseudo.fold() {
		return false
	}
	// The field holds the pseudo-header's sum, so that the segment's sum is the whole one.
	sum := ^p.sumOf(s)
	if sum == 0 && s.proto == protoUDP {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(b[s.at+field:], sum)
	return true
}

// sumOf is the sum of a segment over all its frames. A byte that begins a frame but stands at an
// odd place in the segment weighs 256 times more or less, which is a swap of the bytes of that frame's sum.
func (p *Packet) sumOf(s segment) uint16 {
	all, odd := Sum(0), false
	p.eachPiece(s.at, s.length, func(b []byte) {
		piece := Sum(0).Bytes(b)
		if odd {
			piece = Sum(bits.ReverseBytes16(piece.fold()))
		}
		all = all.Word(uint64(piece))
		odd = odd != (len(b)%2 == 1)
	})
	return all.fold()
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// completeCRC finishes the CRC32c of an SCTP packet (RFC 9260, section 6.8).
func (p *Packet) completeCRC(s segment) bool {
	const header, field = 12, 8
	b := p.Bytes()
	if s.length < header || len(b) < s.at+header || binary.LittleEndian.Uint32(b[s.at+field:]) != 0 {
		return false
	}
	var crc uint32
	p.eachPiece(s.at, s.length, func(piece []byte) { crc = crc32.Update(crc, castagnoli, piece) })
	binary.LittleEndian.PutUint32(b[s.at+field:], crc)
	return true
}

// eachPiece calls f with length bytes of the packet from at on, frame by frame.
func (p *Packet) eachPiece(at, length int, f func([]byte)) {
	for ; p != nil && length > 0; p = p.Next {
		b := p.Bytes()
		if at >= len(b) {
			at -= len(b)
			continue
		}
		b = b[at:]
		if len(b) > length {
			b = b[:length]
		}
		f(b)
		at, length = 0, length-len(b)
	}
}
