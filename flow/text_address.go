package flow

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// parseMAC reads six numbers in hex of one or two digits with colons between them.
func parseMAC(s string) (Value, error) {
	var mac uint64
	rest := s
	for i := range 6 {
		part, after, more := strings.Cut(rest, ":")
		n, err := strconv.ParseUint(part, 16, 8)
		if err != nil || len(part) > 2 || more != (i < 5) {
			return Value{}, fmt.Errorf("%q is not a MAC address", s)
		}
		mac, rest = mac<<8|n, after
	}
	return Value{0, mac}, nil
}

func appendMAC(dst []byte, mac uint64) []byte {
	for shift := 40; shift >= 0; shift -= 8 {
		dst = appendPadded(dst, mac>>shift&0xff, 2)
		if shift > 0 {
			dst = append(dst, ':')
		}
	}
	return dst
}

func parseIPv4(s string) (Value, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return Value{}, fmt.Errorf("%q is not an IPv4 address", s)
	}
	b := a.As4()
	return Value{0, uint64(be.Uint32(b[:]))}, nil
}

func parseIPv6(s string) (Value, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return Value{}, fmt.Errorf("%q is not an IPv6 address", s)
	}
	b := a.As16()
	return Value{be.Uint64(b[:]), be.Uint64(b[8:])}, nil
}

func appendIPv4(dst []byte, v Value) []byte {
	var b [4]byte
	be.PutUint32(b[:], uint32(v.Lo))
	return netip.AddrFrom4(b).AppendTo(dst)
}

// appendIPv6 writes an address as inet_ntop does: like RFC 5952, but an address
// below ::1:0:0 that is more than 16 bits long ends as an IPv4 address does.
func appendIPv6(dst []byte, v Value) []byte {
	if v.Hi == 0 && v.Lo>>32 == 0 && v.Lo>>16 != 0 {
		return appendIPv4(append(dst, "::"...), v)
	}
	var b [16]byte
	be.PutUint64(b[:], v.Hi)
	be.PutUint64(b[8:], v.Lo)
	return netip.AddrFrom16(b).AppendTo(dst)
}

// parsePrefix reads the length of a prefix for an address of n bits.
func parsePrefix(s string, n int) (Value, error) {
	length, err := strconv.ParseUint(s, 10, 8)
	if err != nil || int(length) > n {
		return Value{}, fmt.Errorf("prefix length %q is not a number from 0 to %d", s, n)
	}
	return Ones(n).AndNot(Ones(n - int(length))), nil
}

// prefixLength returns how long the prefix is that mask, of n bits, selects; ok is false if it selects something else.
func prefixLength(mask Value, n int) (length int, ok bool) {
	length = bits.OnesCount64(mask.Hi) + bits.OnesCount64(mask.Lo)
	return length, mask == Ones(n).AndNot(Ones(n-length))
}
