package openflow

import (
	"fmt"

	"pollux/flow"
)

// printer is text under way, with what it needs to know to go on.
type printer struct {
	dst   []byte
	ports PortNames
}

func (t *printer) str(s string) { t.dst = append(t.dst, s...) }

func (t *printer) f(format string, args ...any) { t.dst = fmt.Appendf(t.dst, format, args...) }

// chomp takes off the last byte if it is c.
func (t *printer) chomp(c byte) {
	if n := len(t.dst) - 1; n >= 0 && t.dst[n] == c {
		t.dst = t.dst[:n]
	}
}

// actionsOrDrop prints a list, an empty one as "drop".
func (t *printer) actionsOrDrop(list []Action) {
	if len(list) == 0 {
		t.str("drop")
	}
	t.actions(list)
}

// actions prints a list with commas between.
func (t *printer) actions(list []Action) {
	for i, a := range list {
		if i > 0 {
			t.str(",")
		}
		a.appendText(t)
	}
}

// port prints a port: its reserved name, its name if the printer knows it, or its number.
func (t *printer) port(p Port) { t.dst = flow.AppendPort(t.dst, uint32(p), t.ports) }

// subfield prints NXM_NX_REG0[0..15]: the wire name, and no numbers for all bits.
func (t *printer) subfield(s Subfield) {
	t.str(wireName(s.Field))
	switch {
	case s.Whole():
		t.str("[]")
	case s.Bits == 1:
		t.f("[%d]", s.Ofs)
	default:
		t.f("[%d..%d]", s.Ofs, s.Ofs+s.Bits-1)
	}
}

// wireName is the oldest name of a field on the wire, which is what Open vSwitch shows; fields without one go by their own.
func wireName(id flow.FieldID) string {
	f := id.Field()
	if len(f.OXM) == 0 {
		return f.Name
	}
	return f.OXM[0].Name
}

// hex prints a value as ds_put_hex does: 0x and no leading zeros, 0 as 0.
func (t *printer) hex(v flow.Value) {
	switch {
	case v.Hi != 0:
		t.f("%#x%016x", v.Hi, v.Lo)
	case v.Lo != 0:
		t.f("%#x", v.Lo)
	default:
		t.str("0")
	}
}

// AppendActions adds the text of a list to dst, "drop" for an empty one. ports may be nil.
func AppendActions(dst []byte, list []Action, ports PortNames) []byte {
	t := printer{dst, ports}
	t.actionsOrDrop(list)
	return t.dst
}
