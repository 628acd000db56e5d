package flow

import "strings"

// fields is the table, by id. It is put together once, from the groups of the other files.
var fields = buildTable()

// byName has every name, alias and wire name, in lower case.
var byName = indexNames()

// FieldByName finds a field by any of its names: those of ovs-fields(7) with
// their aliases, and the wire names (NXM_OF_ETH_DST, OXM_OF_METADATA), in any case. Hidden fields have no name.
func FieldByName(name string) (*Field, bool) {
	f, ok := byName[name]
	if !ok {
		f, ok = byName[strings.ToLower(name)]
	}
	return f, ok
}

// Fields calls yield for every field that OpenFlow knows, in the order of their ids.
func Fields(yield func(*Field) bool) {
	for i := FieldNone + 1; i < NumFields; i++ {
		if f := &fields[i]; !f.Hidden && !yield(f) {
			return
		}
	}
}

func buildTable() (t [NumFields]Field) {
	for _, group := range [][]Field{pipelineFields, ctFields, tunnelFields, linkFields, netFields, transportFields, nshFields, registers(), tunnelOptions()} {
		for _, f := range group {
			if f.Stored == 0 {
				f.Stored = f.Bits
			}
			if t[f.ID].Name != "" {
				panic("flow: two rows for the field " + f.Name)
			}
			f.ones = Ones(f.Stored).AndNot(Ones(f.Void))
			t[f.ID] = f
		}
	}
	return t
}

func indexNames() map[string]*Field {
	m := map[string]*Field{}
	for i := FieldNone + 1; i < NumFields; i++ {
		f := &fields[i]
		if f.Hidden {
			continue
		}
		m[f.Name] = f
		for _, a := range f.Aliases {
			m[a] = f
		}
		for _, o := range f.OXM {
			m[strings.ToLower(o.Name)] = f
		}
	}
	return m
}
