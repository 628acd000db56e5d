package packet

import (
	"encoding/binary"
	"math/bits"
)

// Checksum is an Internet checksum on its way (RFC 1071): the ones' complement
// sum of 16-bit words, over bytes that may come in pieces of any length. The zero
// value is an empty sum.
//
// The sum is kept of 64-bit words in the byte order of the machine: ones'
// complement sums may be taken in any width and any byte order and be folded and
// swapped at the end. A byte that begins a piece but stood at an odd place in the whole
// weighs 256 times more or less, which is a swap as well.
type Checksum struct {
	sum uint64
	odd bool // an odd number of bytes has been added
}

// Add adds the bytes of b, which follow those added before.
func (c *Checksum) Add(b []byte) {
	s := sum64(b)
	if c.odd {
		s = uint64(bits.ReverseBytes16(fold16(s)))
	}
	c.sum = add64(c.sum, s)
	c.odd = c.odd != (len(b)%2 == 1)
}

// AddWord adds a number that stands at an even place in the order of the network.
func (c *Checksum) AddWord(v uint16) { c.sum = add64(c.sum, uint64(bits.ReverseBytes16(v))) }

// Sum is the sum folded to 16 bits, in the order in which it is read as a number. What
// stands in a header is ^Sum.
func (c *Checksum) Sum() uint16 { return bits.ReverseBytes16(fold16(c.sum)) }

func add64(a, b uint64) uint64 {
	s, carry := bits.Add64(a, b, 0)
	return s + carry
}

// sum64 sums b as little-endian words of 64 bits, as if zeros followed it.
func sum64(b []byte) (s uint64) {
	var carry uint64
	for len(b) >= 32 {
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[8:16]), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[16:24]), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[24:32]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b), carry)
		b = b[8:]
	}
	var rest uint64
	for i, v := range b {
		rest |= uint64(v) << (8 * i)
	}
	s, carry = bits.Add64(s, rest, carry)
	return add64(s, carry)
}

// fold16 brings a sum to 16 bits; a sum that is not zero does not become zero.
func fold16(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s>>16 + s&0xffff)
}
