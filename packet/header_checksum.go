package packet

import (
	"encoding/binary"
	"math/bits"
)

// The Internet checksum (RFC 1071) is the complement of the one's complement sum of
// 16-bit words. A Sum is such a sum on its way: it adds up in any order and grouping, 8 bytes
// at a time, and is folded to 16 bits at the end.
type Sum uint64

// Bytes adds b, which begins at an even offset of what is summed. An odd last byte counts as if a zero followed.
func (s Sum) Bytes(b []byte) Sum {
	sum, carry := uint64(s), uint64(0)
	for len(b) >= 32 { // the processor's carry flag does not live over a jump, so fewer jumps are faster: BenchmarkSum1500
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[8:16]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[16:24]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[24:32]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(tail[:]), carry)
	}
	sum, carry = bits.Add64(sum, 0, carry)
	return Sum(sum + carry)
}

// Word adds a number of up to 64 bits, which stands at an even offset in whole 16-bit words.
func (s Sum) Word(w uint64) Sum {
	sum, carry := bits.Add64(uint64(s), w, 0)
	sum, carry = bits.Add64(sum, 0, carry)
	return Sum(sum + carry)
}

// Checksum folds the sum and complements it: what goes into the header. UDP sends 0 as 0xffff; that is the caller's affair.
func (s Sum) Checksum() uint16 { return ^s.fold() }

func (s Sum) fold() uint16 {
	sum := uint64(s)
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return uint16(sum)
}

// ReplaceInChecksum is the checksum of a header that had checksum old, after
// a part of it changed from before to after (RFC 1624, equation 3). Each is up to 64 bits at an even offset.
func ReplaceInChecksum(old uint16, before, after uint64) uint16 {
	return Sum(^old).Word(^before).Word(after).Checksum()
}

// PseudoIPv4 is the sum of what TCP, UDP and SCTP include of the IPv4 header (RFC 793, 3.1): addresses, protocol, length of the transport part.
func PseudoIPv4(src, dst uint32, proto uint8, length int) Sum {
	return Sum(0).Word(uint64(src)<<32 | uint64(dst)).Word(uint64(proto)).Word(uint64(length))
}

// PseudoIPv6 is the same for IPv6 (RFC 8200, 8.1); src and dst have 16 bytes.
func PseudoIPv6(src, dst *[16]byte, proto uint8, length int) Sum {
	return Sum(0).Bytes(src[:]).Bytes(dst[:]).Word(uint64(proto)).Word(uint64(length))
}
