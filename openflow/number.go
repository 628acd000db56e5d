package openflow

import (
	"fmt"
	"strconv"
	"strings"

	"pollux/flow"
)

// number reads a number of at most the given bits as C does: decimal, 0x for hexadecimal, a leading 0 for octal.
func number(s string, bits int) (uint64, error) {
	v, err := strconv.ParseUint(s, 0, 64)
	digits, hex := strings.CutPrefix(strings.ToLower(s), "0x")
	if err != nil || strings.Contains(s, "_") || !hex && strings.ContainsAny(digits, "bo") {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	if bits < 64 && v>>bits != 0 {
		return 0, fmt.Errorf("%s is more than %d", s, uint64(1)<<bits-1)
	}
	return v, nil
}

// wideNumber reads a number of up to 128 bits; more than 64 are hexadecimal.
func wideNumber(s string) (flow.Value, error) {
	digits, hex := strings.CutPrefix(strings.ToLower(s), "0x")
	if !hex || len(digits) <= 16 {
		v, err := number(s, 64)
		return flow.Value{Lo: v}, err
	}
	digits = strings.TrimLeft(digits, "0")
	split := max(0, len(digits)-16)
	hi, err1 := strconv.ParseUint("0"+digits[:split], 16, 64)
	lo, err2 := strconv.ParseUint("0"+digits[split:], 16, 64)
	if err1 != nil || err2 != nil {
		return flow.Value{}, fmt.Errorf("%q is not a number of 128 bits", s)
	}
	return flow.Value{Hi: hi, Lo: lo}, nil
}

// fits reports whether v has no bit above the lowest bits.
func fits(v flow.Value, bits uint8) bool { return v.Shr(int(bits)).IsZero() }
