package packet

import "encoding/binary"

// TCP is a TCP header with its options and all that follows (RFC 9293, 3.1).
type TCP []byte

// TCPLen is the length of a header without options in bytes.
const TCPLen = 20

// AsTCP views b as a TCP segment; false if the header is cut off or says that it is shorter than a header can be.
func AsTCP(b []byte) (TCP, bool) {
	if len(b) < TCPLen {
		return nil, false
	}
	h := TCP(b)
	return h, h.HeaderLen() >= TCPLen && h.HeaderLen() <= len(b)
}

// Src is the source port.
func (h TCP) Src() uint16 { return binary.BigEndian.Uint16(h) }

// SetSrc writes it.
func (h TCP) SetSrc(p uint16) { binary.BigEndian.PutUint16(h, p) }

// Dst is the destination port.
func (h TCP) Dst() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// SetDst writes it.
func (h TCP) SetDst(p uint16) { binary.BigEndian.PutUint16(h[2:], p) }

// HeaderLen is the length of the header with options in bytes.
func (h TCP) HeaderLen() int { return int(h[12]>>4) * 4 }

// Flags are the flags, 12 bits, FIN the lowest.
func (h TCP) Flags() uint16 { return binary.BigEndian.Uint16(h[12:]) & 0x0fff }

// Checksum is the checksum over pseudo header, header and payload.
func (h TCP) Checksum() uint16 { return binary.BigEndian.Uint16(h[16:]) }

// SetChecksum writes it.
func (h TCP) SetChecksum(c uint16) { binary.BigEndian.PutUint16(h[16:], c) }

// Payload is what follows the header.
func (h TCP) Payload() []byte { return h[h.HeaderLen():] }

// UDP is a UDP header with all that follows (RFC 768).
type UDP []byte

// UDPLen is the length of the header in bytes.
const UDPLen = 8

// AsUDP views b as a UDP datagram; false if the header is cut off.
func AsUDP(b []byte) (UDP, bool) { return b, len(b) >= UDPLen }

// Src is the source port.
func (h UDP) Src() uint16 { return binary.BigEndian.Uint16(h) }

// SetSrc writes it.
func (h UDP) SetSrc(p uint16) { binary.BigEndian.PutUint16(h, p) }

// Dst is the destination port.
func (h UDP) Dst() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// SetDst writes it.
func (h UDP) SetDst(p uint16) { binary.BigEndian.PutUint16(h[2:], p) }

// Len is the length of header and payload in bytes, as the header says.
func (h UDP) Len() int { return int(binary.BigEndian.Uint16(h[4:])) }

// SetLen writes it.
func (h UDP) SetLen(n int) { binary.BigEndian.PutUint16(h[4:], uint16(n)) }

// Checksum is the checksum over pseudo header, header and payload; 0 means that there is none.
func (h UDP) Checksum() uint16 { return binary.BigEndian.Uint16(h[6:]) }

// SetChecksum writes it. A computed 0 must be written as 0xffff.
func (h UDP) SetChecksum(c uint16) { binary.BigEndian.PutUint16(h[6:], c) }

// Payload is what follows the header.
func (h UDP) Payload() []byte { return h[UDPLen:] }

// ICMP is an ICMP or ICMPv6 message (RFC 792, RFC 4443).
type ICMP []byte

// ICMPLen is the length of the part that all messages have, in bytes.
const ICMPLen = 8

// AsICMP views b as an ICMP message; false if it is cut off.
func AsICMP(b []byte) (ICMP, bool) { return b, len(b) >= ICMPLen }

// Type is the type of the message.
func (h ICMP) Type() uint8 { return h[0] }

// SetType writes it.
func (h ICMP) SetType(t uint8) { h[0] = t }

// Code says more about the type.
func (h ICMP) Code() uint8 { return h[1] }

// SetCode writes it.
func (h ICMP) SetCode(c uint8) { h[1] = c }

// Checksum is the checksum over the message; for ICMPv6 with the pseudo header.
func (h ICMP) Checksum() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// SetChecksum writes it.
func (h ICMP) SetChecksum(c uint16) { binary.BigEndian.PutUint16(h[2:], c) }

// Rest is the word after the checksum, whose meaning depends on the type: nd_reserved for neighbour discovery.
func (h ICMP) Rest() uint32 { return binary.BigEndian.Uint32(h[4:]) }

// SetRest writes it.
func (h ICMP) SetRest(r uint32) { binary.BigEndian.PutUint32(h[4:], r) }

// Payload is what follows the part that all messages have.
func (h ICMP) Payload() []byte { return h[ICMPLen:] }

// SCTP is an SCTP common header with its chunks (RFC 9260, 3.1).
type SCTP []byte

// SCTPLen is the length of the common header in bytes.
const SCTPLen = 12

// AsSCTP views b as an SCTP packet; false if the common header is cut off.
func AsSCTP(b []byte) (SCTP, bool) { return b, len(b) >= SCTPLen }

// Src is the source port.
func (h SCTP) Src() uint16 { return binary.BigEndian.Uint16(h) }

// SetSrc writes it.
func (h SCTP) SetSrc(p uint16) { binary.BigEndian.PutUint16(h, p) }

// Dst is the destination port.
func (h SCTP) Dst() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// SetDst writes it.
func (h SCTP) SetDst(p uint16) { binary.BigEndian.PutUint16(h[2:], p) }

// Checksum is the CRC32c over the packet, least significant byte first.
func (h SCTP) Checksum() uint32 { return binary.LittleEndian.Uint32(h[8:]) }

// SetChecksum writes it.
func (h SCTP) SetChecksum(c uint32) { binary.LittleEndian.PutUint32(h[8:], c) }
