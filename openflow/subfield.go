package openflow

import "pollux/flow"

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
