package action

import (
	"fmt"
	"slices"
	"strings"

	"pollux/flow"
)

// parseSet reads group(part=value/mask,...) or name(value/mask).
func parseSet(l List, s string) (List, error) {
	group, parts, _, _ := flow.NextPair(s)
	for _, single := range textSingles {
		if single.name == group {
			return parsePart(l, single, parts)
		}
	}
	i := slices.IndexFunc(textGroups, func(g textGroup) bool { return g.name == group })
	if i < 0 {
		return nil, fmt.Errorf("set(%s): no header is called %q", s, group)
	}
	for key, value, rest, ok := flow.NextPair(parts); ok; key, value, rest, ok = flow.NextPair(rest) {
		j := slices.IndexFunc(textGroups[i].parts, func(p textPart) bool { return p.name == key })
		if j < 0 {
			return nil, fmt.Errorf("set(%s): %s has no %q", s, group, key)
		}
		var err error
		if l, err = parsePart(l, textGroups[i].parts[j], value); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func parsePart(l List, part textPart, text string) (List, error) {
	valueText, maskText, masked := strings.Cut(text, "/")
	v, err := part.parse(valueText)
	mask := part.bits()
	if err == nil && masked {
		mask, err = part.parse(maskText)
	}
	if err == nil && !v.Or(mask).AndNot(part.bits()).IsZero() {
		err = fmt.Errorf("more than %d bits", places[part.id].bits)
	}
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", part.name, text, err)
	}
	return l.Set(part.id, v.And(mask), mask), nil
}

func (p textPart) parse(s string) (flow.Value, error) {
	if p.kind == textDecimal || p.kind == textHex {
		n, err := number(s, 64)
		return flow.Value{Lo: n}, err
	}
	v, _, err := flow.ParseValue(p.id.Field(), s, nil)
	return v, err
}
