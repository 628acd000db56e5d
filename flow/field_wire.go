package flow

import "strings"

// oxmKey is what identifies a field on the wire.
type oxmKey struct {
	class        uint16
	field        uint8
	experimenter uint32
}

var byOXM = indexOXM()

// FieldByOXM finds the field of an OXM or NXM header. experimenter counts for class 0xffff only and is 0 otherwise.
func FieldByOXM(class uint16, field uint8, experimenter uint32) (*Field, bool) {
	f, ok := byOXM[oxmKey{class, field, experimenter}]
	return f, ok
}

// OXMFor is the wire name to use when speaking the given OpenFlow wire
// version (0x01 for 1.0 with NXM, 0x04 for 1.3): the newest that the version knows,
// else the oldest there is. ok is false for fields without a wire name.
func (f *Field) OXMFor(version uint8) (o OXM, ok bool) {
	for i, c := range f.OXM {
		if i == 0 || c.Since <= version {
			o, ok = c, true
		}
	}
	return o, ok
}

func indexOXM() map[oxmKey]*Field {
	m := map[oxmKey]*Field{}
	for i := range fields {
		for _, o := range fields[i].OXM {
			k := oxmKey{o.Class, o.Field, o.Experimenter}
			if m[k] != nil {
				panic("flow: two fields for the wire name " + o.Name)
			}
			m[k] = &fields[i]
		}
	}
	return m
}

// oxmClasses are the prefixes of wire names, the longer before the shorter.
var oxmClasses = []struct {
	prefix       string
	class        uint16
	experimenter uint32
}{
	{"OXM_OF_PKT_REG", 0x8001, 0},
	{"NXOXM_NSH_", 0xffff, 0x005ad650},
	{"NXOXM_ET_", 0xffff, 0x00002320},
	{"ONFOXM_ET_", 0xffff, 0x4f4e4600},
	{"ERICOXM_OF_", 0x1000, 0},
	{"OXM_OF_", 0x8000, 0},
	{"NXM_OF_", 0x0000, 0},
	{"NXM_NX_", 0x0001, 0},
}

// The OpenFlow wire versions from which a wire name is used.
const (
	since10 = 0x01
	since12 = 0x03
	since13 = 0x04
	since15 = 0x06
)

// wire is one wire name; its class follows from its prefix.
func wire(name string, field, since uint8) OXM {
	for _, c := range oxmClasses {
		if strings.HasPrefix(name, c.prefix) {
			return OXM{Name: name, Class: c.class, Field: field, Experimenter: c.experimenter, Since: since}
		}
	}
	panic("flow: no class for the wire name " + name)
}

// nxm is the wire name of a field that has none of OpenFlow's.
func nxm(name string, field uint8) []OXM { return []OXM{wire(name, field, since10)} }

// oxm is the wire name of a field that has only OpenFlow's.
func oxm(name string, field, since uint8) []OXM { return []OXM{wire(name, field, since)} }

// both are the Nicira name and OpenFlow's own.
func both(nx string, nxField uint8, of string, ofField, since uint8) []OXM {
	return []OXM{wire(nx, nxField, since10), wire(of, ofField, since)}
}
