package openflow

import (
	"fmt"
	"strconv"
	"strings"

	"pollux/flow"
)

// Subfield is a run of bits of a field: NXM_NX_REG0[0..15] starts at bit 0 and has 16 bits.
type Subfield struct {
	Field flow.FieldID
	Ofs   uint8 // of its least significant bit
	Bits  uint8
}

// WholeField is the subfield that takes all of a field, as OpenFlow sees it.
func WholeField(id flow.FieldID) Subfield { return Subfield{id, 0, uint8(id.Field().Bits)} }

// Whole reports whether s takes all of its field.
func (s Subfield) Whole() bool { return s.Ofs == 0 && int(s.Bits) == s.Field.Field().Bits }

// Mask are the bits of the field that s takes.
func (s Subfield) Mask() flow.Value { return flow.Ones(int(s.Bits)).Shl(int(s.Ofs)) }

// Get reads the bits of s out of a key, shifted down.
func (s Subfield) Get(k *flow.Key) flow.Value {
	return s.Field.Field().Get(k).Shr(int(s.Ofs)).And(flow.Ones(int(s.Bits)))
}

// Set writes v into the bits of s in a key.
func (s Subfield) Set(k *flow.Key, v flow.Value) {
	s.Field.Field().SetMasked(k, v.Shl(int(s.Ofs)), s.Mask())
}

// parseSubfield reads name[], name[bit], name[first..last], or a name alone for all bits.
func parseSubfield(s string) (Subfield, error) {
	name, inside, bracket := strings.Cut(s, "[")
	f, ok := flow.FieldByName(name)
	if !ok {
		return Subfield{}, fmt.Errorf("no field is called %q", name)
	}
	inside, closed := strings.CutSuffix(inside, "]")
	if bracket && !closed {
		return Subfield{}, fmt.Errorf("%q lacks its closing bracket", s)
	}
	if inside == "" {
		return WholeField(f.ID), nil
	}
	from, to, run := strings.Cut(inside, "..")
	if !run {
		to = from
	}
	lo, err1 := strconv.ParseUint(from, 10, 8)
	hi, err2 := strconv.ParseUint(to, 10, 8)
	switch {
	case err1 != nil || err2 != nil:
		return Subfield{}, fmt.Errorf("%q: bits are written [bit] or [first..last]", s)
	case lo > hi:
		return Subfield{}, fmt.Errorf("%q: the first bit comes after the last", s)
	case int(hi) >= f.Bits:
		return Subfield{}, fmt.Errorf("%q: %s has only %d bits", s, f.Name, f.Bits)
	}
	return Subfield{f.ID, uint8(lo), uint8(hi - lo + 1)}, nil
}

// parseTarget reads a subfield that an action may write.
func parseTarget(s string) (Subfield, error) {
	sf, err := parseSubfield(s)
	if err == nil && !sf.Field.Field().Writable {
		err = fmt.Errorf("%s is read-only", sf.Field)
	}
	return sf, err
}
