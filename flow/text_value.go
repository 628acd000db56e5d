package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseValue reads the text of a field's value, with a mask behind a slash if
// there is one: "10.0.0.0/8", "0x10/0xf0", "+syn-ack", "first", "LOCAL".
// Without one the mask is that of an exact match; "*" has the mask zero. The value has no bit
// outside the mask. It is what stands after the = of a match and what set_field takes.
// The error does not name the field; the caller knows under what name it was called.
func ParseValue(f *Field, s string, ports PortNames) (v, mask Value, err error) {
	switch {
	case s == "*":
		return Value{}, Value{}, nil
	case s == "":
		err = fmt.Errorf("no value")
	default:
		v, mask, err = parseByFormat(f, s, ports)
	}
	if err != nil {
		return Value{}, Value{}, err
	}
	return v.And(mask), mask, nil
}

func parseByFormat(f *Field, s string, ports PortNames) (v, mask Value, err error) {
	switch f.Format {
	case CtStateSet, TCPFlagSet, TunFlagSet:
		return parseFlags(f, s)
	case FragKind:
		return parseFrag(s)
	case PortNumber:
		port, err := ParsePort(s, ports)
		return Value{0, uint64(port)}, f.Ones(), err
	case PacketTypePair:
		return parsePacketType(f, s)
	case MACAddress:
		return parseMasked(f, s, parseMAC, nil)
	case IPv4Address:
		return parseMasked(f, s, parseIPv4, parsePrefix)
	case IPv6Address:
		return parseMasked(f, s, parseIPv6, parsePrefix)
	}
	return parseNumbers(f, s)
}

func parseNumbers(f *Field, s string) (v, mask Value, err error) {
	return parseMasked(f, s, parseNumber, nil)
}

// parseMasked reads value or value/mask, both with parse; prefix reads a mask that is the length of a prefix.
func parseMasked(f *Field, s string, parse func(string) (Value, error), prefix func(string, int) (Value, error)) (v, mask Value, err error) {
	v, mask, err = parseAnyMask(f, s, parse, prefix)
	if err == nil && f.Maskable == MaskNone && mask != f.Ones() && !mask.IsZero() {
		return v, mask, fmt.Errorf("it cannot be masked")
	}
	return v, mask, err
}

// parseAnyMask is parseMasked for a datapath flow, which may mask any field.
func parseAnyMask(f *Field, s string, parse func(string) (Value, error), prefix func(string, int) (Value, error)) (v, mask Value, err error) {
	value, maskText, masked := strings.Cut(s, "/")
	if v, err = f.parseFitting(value, parse); err != nil || !masked {
		return v, f.Ones(), err
	}
	if mask, err = f.parseFitting(maskText, parse); err != nil && prefix != nil && !strings.ContainsAny(maskText, ".:") {
		mask, err = prefix(maskText, f.Stored)
	}
	if err != nil {
		return v, mask, fmt.Errorf("mask %w", err)
	}
	return v.And(mask), mask, nil
}

// parseFitting reads a value that has no bit which the field has not.
func (f *Field) parseFitting(s string, parse func(string) (Value, error)) (Value, error) {
	v, err := parse(s)
	switch {
	case err != nil:
		return v, err
	case !v.AndNot(Ones(f.Stored)).IsZero():
		return v, fmt.Errorf("%s does not fit %d bits", s, f.Stored)
	case !v.AndNot(f.Ones()).IsZero():
		return v, fmt.Errorf("the lowest %d bits of %s must be zero", f.Void, s)
	}
	return v, nil
}

// parsePacketType reads "(0,0)" or "(1,0x800)": name space and type, 16 bits each.
func parsePacketType(f *Field, s string) (v, mask Value, err error) {
	ns, typ, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s, "("), ")"), ",")
	if ok {
		n, err1 := strconv.ParseUint(strings.TrimSpace(ns), 0, 16)
		t, err2 := strconv.ParseUint(strings.TrimSpace(typ), 0, 16)
		if err1 == nil && err2 == nil {
			return Value{0, n<<16 | t}, f.Ones(), nil
		}
	}
	return v, mask, fmt.Errorf("%q is not a pair of 16-bit numbers such as (1,0x800)", s)
}

// AppendValue writes a value and its mask as ParseValue reads them.
func AppendValue(dst []byte, f *Field, v, mask Value, ports PortNames) []byte {
	exact := mask == f.Ones()
	switch f.Format {
	case CtStateSet, TCPFlagSet, TunFlagSet:
		return appendFlags(dst, f, v.Lo, mask.Lo)
	case FragKind:
		return appendFrag(dst, v.Lo, mask.Lo)
	case MACAddress:
		if dst = appendMAC(dst, v.Lo); !exact {
			dst = appendMAC(append(dst, '/'), mask.Lo)
		}
		return dst
	case IPv4Address:
		return appendAddress(dst, v, mask, 32, appendIPv4)
	case IPv6Address:
		return appendAddress(dst, v, mask, 128, appendIPv6)
	}
	if exact {
		switch f.Format {
		case PortNumber:
			return AppendPort(dst, uint32(v.Lo), ports)
		case PacketTypePair:
			dst = append(strconv.AppendUint(append(dst, '('), v.Lo>>16, 10), ',')
			return append(appendHex(dst, Value{0, v.Lo & 0xffff}, 0), ')')
		case Decimal:
			return strconv.AppendUint(dst, v.Lo, 10)
		}
		return appendHex(dst, v, f.Digits)
	}
	digits := f.Digits
	if f.Format != Hex {
		digits = max(1, digits)
	}
	return appendHex(append(appendHex(dst, v, digits), '/'), mask, digits)
}

func appendAddress(dst []byte, v, mask Value, n int, write func([]byte, Value) []byte) []byte {
	dst = write(dst, v)
	if mask == Ones(n) {
		return dst
	}
	dst = append(dst, '/')
	if length, ok := prefixLength(mask, n); ok {
		return strconv.AppendInt(dst, int64(length), 10)
	}
	return write(dst, mask)
}
