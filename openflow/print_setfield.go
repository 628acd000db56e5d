package openflow

import (
	"math/bits"

	"pollux/flow"
)

// A SetField is written as it was spelled: set_field with the field's own
// formatting, load with bare numbers and runs of bits, or the action that OpenFlow 1.0
// had for the field.

func (a SetField) appendText(t *printer) {
	switch a.Spelling {
	case AsLoad:
		t.load(a)
	case AsMod, AsTunnel64:
		t.mod(a)
	default:
		f := a.Field.Field()
		t.str("set_field:")
		t.dst = flow.AppendValue(t.dst, f, a.Value, a.Mask, t.ports)
		t.str("->")
		t.str(f.Name)
	}
}

// load prints one load for each run of bits, of 64 bits at most.
func (t *printer) load(a SetField) {
	for ofs := 0; ofs < 128; {
		rest := a.Mask.Shr(ofs)
		if rest.IsZero() {
			break
		}
		skip := trailingZeros(rest)
		ofs += skip
		n := min(trailingOnes(rest.Shr(skip)), 64)
		t.str("load:")
		t.hex(a.Value.Shr(ofs).And(flow.Ones(n)))
		t.str("->")
		t.subfield(Subfield{a.Field, uint8(ofs), uint8(n)})
		t.str(",")
		ofs += n
	}
	t.chomp(',')
}

func trailingZeros(v flow.Value) int {
	if v.Lo != 0 {
		return bits.TrailingZeros64(v.Lo)
	}
	return 64 + bits.TrailingZeros64(v.Hi)
}

func trailingOnes(v flow.Value) int { return trailingZeros(flow.Value{Hi: ^v.Hi, Lo: ^v.Lo}) }

// modName is the action that sets a field.
func modName(id flow.FieldID) string {
	for _, m := range modFields {
		if m.id == id {
			return m.name
		}
	}
	return "no_action"
}

func (t *printer) mod(a SetField) {
	switch a.Field {
	case flow.FieldTunID:
		if a.Spelling == AsTunnel64 {
			t.str("set_tunnel64:")
		} else {
			t.str("set_tunnel:")
		}
		t.f("%#x", a.Value.Lo)
	case flow.FieldEthSrc, flow.FieldEthDst, flow.FieldNWSrc, flow.FieldNWDst:
		f := a.Field.Field()
		t.f("%s:", modName(a.Field))
		t.dst = flow.AppendValue(t.dst, f, a.Value, f.Ones(), t.ports)
	case flow.FieldMPLSLabel, flow.FieldMPLSTC, flow.FieldMPLSTTL:
		t.f("%s(%d)", modName(a.Field), a.Value.Lo)
	default:
		t.f("%s:%d", modName(a.Field), a.Value.Lo)
	}
}
