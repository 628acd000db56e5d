package openflow

import (
	"fmt"
	"strings"

	"pollux/flow"
)

// Everything that writes fields.

func parseSetField(p *parser, it item) (Action, error) {
	text, name, ok := cutLast(it.value, "->")
	if !ok {
		return nil, fmt.Errorf("is written set_field:VALUE->FIELD")
	}
	f, ok := flow.FieldByName(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("no field is called %q", name)
	case !f.Writable:
		return nil, fmt.Errorf("%s is read-only", f.Name)
	}
	v, mask, err := flow.ParseValue(f, text, p.ports)
	if err != nil {
		return nil, err
	}
	if f.ID == flow.FieldVLANVID && mask.Lo&flow.VLANPresent != 0 && v.Lo&flow.VLANPresent == 0 {
		return nil, fmt.Errorf("cannot take the tag away: the value lacks the bit 0x1000")
	}
	return SetField{f.ID, v, mask, AsSetField}, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func parseLoad(_ *parser, it item) (Action, error) {
	text, dstText, ok := cutLast(it.value, "->")
	if !ok {
		return nil, fmt.Errorf("is written load:VALUE->FIELD[BITS]")
	}
	dst, err := parseTarget(dstText)
	if err != nil {
		return nil, err
	}
	v, err := wideNumber(text)
	if err != nil {
		return nil, err
	}
	if !fits(v, dst.Bits) {
		return nil, fmt.Errorf("value %s does not fit %d bits", text, dst.Bits)
	}
	return SetField{dst.Field, v.Shl(int(dst.Ofs)), dst.Mask(), AsLoad}, nil
}

func parseMove(_ *parser, it item) (Action, error) {
	srcText, dstText, ok := cutLast(it.value, "->")
	if !ok {
		return nil, fmt.Errorf("is written move:FIELD[BITS]->FIELD[BITS]")
	}
	src, err := parseSubfield(srcText)
	if err != nil {
		return nil, err
	}
	dst, err := parseTarget(dstText)
	if err != nil {
		return nil, err
	}
	if src.Bits != dst.Bits {
		return nil, fmt.Errorf("moves %d bits to %d", src.Bits, dst.Bits)
	}
	return Move{src, dst}, nil
}

func parsePush(_ *parser, it item) (Action, error) {
	src, err := parseSubfield(it.value)
	return Push{src}, err
}

func parsePop(_ *parser, it item) (Action, error) {
	dst, err := parseTarget(it.value)
	return Pop{dst}, err
}

func parseTunnel(_ *parser, it item) (Action, error) {
	id, err := number(it.value, 64)
	a := SetField{flow.FieldTunID, flow.Value{Lo: id}, flow.Ones(64), AsMod}
	if id>>32 != 0 || strings.EqualFold(it.key, "set_tunnel64") {
		a.Spelling = AsTunnel64
	}
	return a, err
}

// modField is an action that sets one field.
type modField struct {
	name string
	id   flow.FieldID
	bits int // of the number it takes; 0 for an address
	mask flow.Value
}

// modFields are the actions that set one field each, in OpenFlow 1.0 and 1.1.
var modFields = []modField{
	{"mod_dl_src", flow.FieldEthSrc, 0, flow.Ones(48)}, {"mod_dl_dst", flow.FieldEthDst, 0, flow.Ones(48)},
	{"mod_nw_src", flow.FieldNWSrc, 0, flow.Ones(32)}, {"mod_nw_dst", flow.FieldNWDst, 0, flow.Ones(32)},
	{"mod_nw_tos", flow.FieldNWTOS, 8, flow.Value{Lo: 0xfc}}, {"mod_nw_ecn", flow.FieldNWECN, 2, flow.Ones(2)}, {"mod_nw_ttl", flow.FieldNWTTL, 8, flow.Ones(8)},
	{"mod_tp_src", flow.FieldTPSrc, 16, flow.Ones(16)}, {"mod_tp_dst", flow.FieldTPDst, 16, flow.Ones(16)},
	{"set_mpls_label", flow.FieldMPLSLabel, 20, flow.Ones(20)}, {"set_mpls_tc", flow.FieldMPLSTC, 3, flow.Ones(3)}, {"set_mpls_ttl", flow.FieldMPLSTTL, 8, flow.Ones(8)},
}

func (m modField) parse(p *parser, it item) (Action, error) {
	a := SetField{Field: m.id, Mask: m.mask, Spelling: AsMod}
	var err error
	if m.bits == 0 {
		a.Value, a.Mask, err = flow.ParseValue(m.id.Field(), it.value, p.ports)
		if err == nil && a.Mask != m.mask {
			err = fmt.Errorf("takes no mask")
		}
		return a, err
	}
	a.Value.Lo, err = number(it.value, m.bits)
	if err == nil && a.Value.Lo&^m.mask.Lo != 0 {
		err = fmt.Errorf("the lowest two bits of %s are ECN, not TOS", it.value)
	}
	return a, err
}
