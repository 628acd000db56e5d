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
		t.dst = appendFieldValue(t.dst, f, a.Value, a.Mask, t.ports)
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

// modName are the actions that set one field each.
var modName = map[flow.FieldID]string{
	flow.FieldEthSrc: "mod_dl_src:", flow.FieldEthDst: "mod_dl_dst:",
	flow.FieldNWSrc: "mod_nw_src:", flow.FieldNWDst: "mod_nw_dst:",
	flow.FieldNWTOS: "mod_nw_tos:", flow.FieldNWECN: "mod_nw_ecn:", flow.FieldNWTTL: "mod_nw_ttl:",
	flow.FieldTPSrc: "mod_tp_src:", flow.FieldTPDst: "mod_tp_dst:",
	flow.FieldMPLSLabel: "set_mpls_label(", flow.FieldMPLSTC: "set_mpls_tc(", flow.FieldMPLSTTL: "set_mpls_ttl(",
	flow.FieldTunID: "set_tunnel:",
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
		t.str(modName[a.Field])
		t.dst = appendFieldValue(t.dst, f, a.Value, f.Ones(), t.ports)
	case flow.FieldMPLSLabel, flow.FieldMPLSTC, flow.FieldMPLSTTL:
		t.str(modName[a.Field])
		t.f("%d)", a.Value.Lo)
	default:
		t.str(modName[a.Field])
		t.f("%d", a.Value.Lo)
	}
}
