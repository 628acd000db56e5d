package flow

import (
	"fmt"
	"math/bits"
	"strconv"
)

// parseNumber reads a number of up to 128 bits as C does: 0x for hex, a leading 0 for octal, else decimal.
func parseNumber(s string) (v Value, err error) {
	digits, base := s, uint64(10)
	switch {
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x':
		digits, base = s[2:], 16
	case len(s) > 1 && s[0] == '0':
		digits, base = s[1:], 8
	}
	if digits == "" {
		return v, fmt.Errorf("%q is not a number", s)
	}
	for i := range len(digits) {
		d := uint64(99)
		switch c := digits[i]; {
		case c >= '0' && c <= '9':
			d = uint64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = uint64(c|0x20-'a') + 10
		}
		if d >= base {
			return v, fmt.Errorf("%q is not a number", s)
		}
		over, hi := bits.Mul64(v.Hi, base)
		carry, lo := bits.Mul64(v.Lo, base)
		lo, c1 := bits.Add64(lo, d, 0)
		hi, c2 := bits.Add64(hi, carry, c1)
		if over|c2 != 0 {
			return v, fmt.Errorf("%q does not fit 128 bits", s)
		}
		v = Value{hi, lo}
	}
	return v, nil
}

// appendHex writes v with 0x and at least digits digits; with digits 0, a zero is "0".
func appendHex(dst []byte, v Value, digits int) []byte {
	if v.IsZero() && digits == 0 {
		return append(dst, '0')
	}
	dst = append(dst, "0x"...)
	if v.Hi != 0 {
		return appendPadded(strconv.AppendUint(dst, v.Hi, 16), v.Lo, 16)
	}
	return appendPadded(dst, v.Lo, digits)
}

// appendPadded writes n in hex, with zeros before it up to digits digits.
func appendPadded(dst []byte, n uint64, digits int) []byte {
	for have := max(1, (bits.Len64(n)+3)/4); have < digits; have++ {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, n, 16)
}
