package action

import (
	"strconv"

	"pollux/flow"
)

// set prints the sets at the head of l that fit into one, and returns what follows them.
func (t *listText) set(l List) List {
	var g pendingSet
	g.group = -1
	rest := l
	for len(rest) > 0 {
		a, after := rest.First()
		if a.Op != Set {
			break
		}
		id, v, mask := asTextField(a.Written())
		if single := singleOf(id); single != nil {
			if g.group < 0 {
				t.single(*single, v, mask)
				return after
			}
			break
		}
		if !g.add(textAt[id], v, mask, t.v6) {
			break
		}
		rest = after
	}
	t.v6 = g.group == inGroup6 || t.v6 && g.group != inGroup4
	t.group(&g)
	return rest
}

// pendingSet is one set being gathered from several.
type pendingSet struct {
	group       int8 // in textGroups; -1 when there is none yet
	value, mask [8]flow.Value
	used        [8]bool
}

// add takes a field into the set and reports whether it is of the same header.
// Where the field was written before, the later write counts.
func (g *pendingSet) add(at textIndex, v, mask flow.Value, v6 bool) bool {
	if both := at.group == inGroup4 && at.part >= 2; both && (g.group == inGroup6 || g.group < 0 && v6) {
		at = textIndex{inGroup6, at.part + 1} // behind the label, which IPv4 does not have
	}
	if g.group >= 0 && g.group != at.group {
		return false
	}
	i := at.part
	g.group, g.used[i] = at.group, true
	g.value[i] = g.value[i].AndNot(mask).Or(v)
	g.mask[i] = g.mask[i].Or(mask)
	return true
}

func (t *listText) group(g *pendingSet) {
	group := textGroups[g.group]
	t.str("set(" + group.name + "(")
	first := true
	for i, part := range group.parts {
		if !g.used[i] {
			continue
		}
		if !first {
			t.str(",")
		}
		first = false
		t.str(part.name + "=")
		t.value(part, g.value[i], g.mask[i])
	}
	t.str("))")
}

func singleOf(id flow.FieldID) *textPart {
	for i := range textSingles {
		if textSingles[i].id == id {
			return &textSingles[i]
		}
	}
	return nil
}

func (t *listText) single(part textPart, v, mask flow.Value) {
	t.str("set(" + part.name + "(")
	t.value(part, v, mask)
	t.str("))")
}

// value prints value, and /mask unless it is all of the part.
func (t *listText) value(part textPart, v, mask flow.Value) {
	t.number(part, v, part.kind == textHex)
	if mask != part.bits() {
		t.str("/")
		t.number(part, mask, true)
	}
}

func (t *listText) number(part textPart, v flow.Value, hex bool) {
	f := part.id.Field()
	switch {
	case part.kind == textMAC || part.kind == textIPv4 || part.kind == textIPv6:
		t.dst = flow.AppendValue(t.dst, f, v, f.Ones(), nil)
	case hex && v.Lo != 0:
		t.f("0x%x", v.Lo)
	default:
		t.dst = strconv.AppendUint(t.dst, v.Lo, 10)
	}
}
