package packet

import "encoding/binary"

// ARP is an ARP or RARP packet for Ethernet and IPv4 (RFC 826).
type ARP []byte

// ARPLen is its length in bytes.
const ARPLen = 28

// AsARP views b as an ARP packet; false if it is cut off or for other kinds of addresses.
func AsARP(b []byte) (ARP, bool) {
	const ethernetAndIPv4 = 1<<32 | 0x0800<<16 | 6<<8 | 4
	return b, len(b) >= ARPLen && binary.BigEndian.Uint64(b)>>16 == ethernetAndIPv4
}

// Op is the operation: 1 request, 2 reply.
func (a ARP) Op() uint16 { return binary.BigEndian.Uint16(a[6:]) }

// SetOp writes it.
func (a ARP) SetOp(op uint16) { binary.BigEndian.PutUint16(a[6:], op) }

// SHA is the sender's Ethernet address.
func (a ARP) SHA() *[6]byte { return (*[6]byte)(a[8:]) }

// SPA is the sender's IPv4 address.
func (a ARP) SPA() *[4]byte { return (*[4]byte)(a[14:]) }

// THA is the target's Ethernet address.
func (a ARP) THA() *[6]byte { return (*[6]byte)(a[18:]) }

// TPA is the target's IPv4 address.
func (a ARP) TPA() *[4]byte { return (*[4]byte)(a[24:]) }

// IPv4 is an IPv4 header with its options and all that follows (RFC 791, 3.1).
type IPv4 []byte

// IPv4Len is the length of a header without options in bytes.
const IPv4Len = 20

// AsIPv4 views b as an IPv4 packet; false if the header is cut off or says
// that it is shorter than a header can be. The packet itself may be longer than b (a chain) or shorter (padding).
func AsIPv4(b []byte) (IPv4, bool) {
	if len(b) < IPv4Len {
		return nil, false
	}
	h := IPv4(b)
	return h, h.HeaderLen() >= IPv4Len && h.HeaderLen() <= len(b) && h.HeaderLen() <= h.TotalLen()
}

// HeaderLen is the length of the header with options in bytes.
func (h IPv4) HeaderLen() int { return int(h[0]&0x0f) * 4 }

// TOS is the type of service: DSCP 6 bits, ECN 2.
func (h IPv4) TOS() uint8 { return h[1] }

// SetTOS writes it; the checksum is the caller's to correct, as after every Set here.
func (h IPv4) SetTOS(t uint8) { h[1] = t }

// TotalLen is the length of header and payload in bytes.
func (h IPv4) TotalLen() int { return int(binary.BigEndian.Uint16(h[2:])) }

// SetTotalLen writes it.
func (h IPv4) SetTotalLen(n int) { binary.BigEndian.PutUint16(h[2:], uint16(n)) }

// Frag are the flags (3 bits) and the offset of a fragment in units of 8 bytes (13 bits).
func (h IPv4) Frag() uint16 { return binary.BigEndian.Uint16(h[6:]) }

// TTL is the time to live.
func (h IPv4) TTL() uint8 { return h[8] }

// SetTTL writes it.
func (h IPv4) SetTTL(t uint8) { h[8] = t }

// Proto is the protocol of the payload.
func (h IPv4) Proto() uint8 { return h[9] }

// Checksum is the checksum of the header.
func (h IPv4) Checksum() uint16 { return binary.BigEndian.Uint16(h[10:]) }

// SetChecksum writes it.
func (h IPv4) SetChecksum(c uint16) { binary.BigEndian.PutUint16(h[10:], c) }

// UpdateChecksum computes the checksum of the header anew.
func (h IPv4) UpdateChecksum() {
	h.SetChecksum(0)
	h.SetChecksum(Sum(0).Bytes(h[:h.HeaderLen()]).Checksum())
}

// Src is the source address.
func (h IPv4) Src() *[4]byte { return (*[4]byte)(h[12:]) }

// Dst is the destination address.
func (h IPv4) Dst() *[4]byte { return (*[4]byte)(h[16:]) }

// Payload is what follows the header, without padding, as far as it lies in this fragment of a chain.
func (h IPv4) Payload() []byte { return h[h.HeaderLen():min(h.TotalLen(), len(h))] }

// IPv6 is an IPv6 header with all that follows (RFC 8200, 3).
type IPv6 []byte

// IPv6Len is the length of the fixed header in bytes.
const IPv6Len = 40

// AsIPv6 views b as an IPv6 packet; false if the fixed header is cut off.
func AsIPv6(b []byte) (IPv6, bool) { return b, len(b) >= IPv6Len }

// TrafficClass is what IPv4 calls the type of service.
func (h IPv6) TrafficClass() uint8 { return uint8(binary.BigEndian.Uint16(h) >> 4) }

// SetTrafficClass writes it.
func (h IPv6) SetTrafficClass(t uint8) {
	binary.BigEndian.PutUint16(h, binary.BigEndian.Uint16(h)&0xf00f|uint16(t)<<4)
}

// Label is the flow label, 20 bits.
func (h IPv6) Label() uint32 { return binary.BigEndian.Uint32(h) & 0xfffff }

// SetLabel writes it.
func (h IPv6) SetLabel(l uint32) {
	binary.BigEndian.PutUint32(h, binary.BigEndian.Uint32(h)&^0xfffff|l&0xfffff)
}

// PayloadLen is the length of what follows the fixed header in bytes.
func (h IPv6) PayloadLen() int { return int(binary.BigEndian.Uint16(h[4:])) }

// SetPayloadLen writes it.
func (h IPv6) SetPayloadLen(n int) { binary.BigEndian.PutUint16(h[4:], uint16(n)) }

// NextHeader is the protocol of what follows: an extension header, or the transport.
func (h IPv6) NextHeader() uint8 { return h[6] }

// HopLimit is the time to live.
func (h IPv6) HopLimit() uint8 { return h[7] }

// SetHopLimit writes it.
func (h IPv6) SetHopLimit(t uint8) { h[7] = t }

// Src is the source address.
func (h IPv6) Src() *[16]byte { return (*[16]byte)(h[8:]) }

// Dst is the destination address.
func (h IPv6) Dst() *[16]byte { return (*[16]byte)(h[24:]) }

// Payload is what follows the fixed header, without padding, as far as it lies in this fragment of a chain.
func (h IPv6) Payload() []byte { return h[IPv6Len:min(IPv6Len+h.PayloadLen(), len(h))] }
