package action

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pollux/counter"
	"pollux/flow"
)

// ParseODP reads a list as AppendODP writes it. ports has the names of datapath ports and may be nil.
func ParseODP(s string, ports flow.PortNames) (List, error) {
	l, err := parseList(s, ports, 0)
	if err == nil && len(l) > MaxWords {
		err = errTooLong
	}
	if err != nil {
		return nil, fmt.Errorf("parse datapath actions: %w", err)
	}
	return l, nil
}

func parseList(s string, ports flow.PortNames, depth int) (l List, err error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	if depth > 0 && strings.TrimSpace(s) == "drop" {
		return nil, nil // a nested list that does nothing
	}
	for key, value, rest, ok := flow.NextPair(s); ok; key, value, rest, ok = flow.NextPair(rest) {
		if l, err = parseAction(l, key, value, ports, depth); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// parseAction adds the action that key and value say.
func parseAction(l List, key, value string, ports flow.PortNames, depth int) (List, error) {
	switch key {
	case "set":
		return parseSet(l, value)
	case "clone":
		inner, err := parseList(value, ports, depth+1)
		return l.Append(Clone, 0, 0, inner...), err
	case "sample":
		return parseSample(l, value, ports, depth)
	case "check_pkt_len":
		return parseCheckLength(l, value, ports, depth)
	case "userspace":
		return parseUserspace(l, value)
	case "hash":
		name, basis, _, _ := flow.NextPair(value)
		i := slices.Index(hashNames, name)
		n, err := number(basis, 32)
		if i < 0 {
			err = fmt.Errorf("%q is no way to hash", name)
		}
		return l.Append(Hash, uint8(max(i, 0)), uint32(n)), err
	case "drop":
		reason, err := parseReason(value)
		return l.Append(Drop, 0, uint32(reason)), err
	case "push_vlan", "push_mpls", "pop_mpls", "pop_vlan":
		return parseTag(l, key, value)
	}
	if op, ok := numbered[key]; ok {
		n, err := number(value, 32)
		return l.Append(op, 0, uint32(n)), err
	}
	if op := slices.Index(opaqueNames[:], key); op >= 0 && key != "" {
		return parseOpaque(l, Op(op), value)
	}
	port, err := flow.ParsePort(key, ports)
	if err != nil || value != "" {
		return nil, fmt.Errorf("no action and no port is called %q", key)
	}
	return l.Output(port), nil
}

// numbered are the actions whose argument is one number.
var numbered = map[string]Op{"recirc": Recirculate, "trunc": Truncate, "meter": Meter}

// number reads a number of at most the given bits.
func number(s string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(s, 0, bits)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of %d bits", s, bits)
	}
	return n, nil
}

// numbers reads name=number pairs into the places that want has for them.
func numbers(s string, want map[string]*uint64) error {
	for key, value, rest, ok := flow.NextPair(s); ok; key, value, rest, ok = flow.NextPair(rest) {
		n, err := number(value, 64)
		switch {
		case want[key] == nil:
			return fmt.Errorf("%q is no argument of it", key)
		case err != nil:
			return err
		}
		*want[key] = n
	}
	return nil
}

func parseTag(l List, key, value string) (List, error) {
	var vid, pcp, label, tc, ttl, bos, typ uint64
	tpid := uint64(flow.EthTypeVLAN)
	err := numbers(value, map[string]map[string]*uint64{
		"push_vlan": {"tpid": &tpid, "vid": &vid, "pcp": &pcp},
		"push_mpls": {"label": &label, "tc": &tc, "ttl": &ttl, "bos": &bos, "eth_type": &typ},
		"pop_mpls":  {"eth_type": &typ},
	}[key])
	if err == nil && (vid > 0xfff || pcp > 7 || tpid > 0xffff || label > 0xfffff || tc > 7 || ttl > 0xff || bos > 1 || typ > 0xffff) {
		err = fmt.Errorf("a number is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("%s(%s): %w", key, value, err)
	}
	switch key {
	case "push_vlan":
		return l.Append(PushVLAN, 0, uint32(tpid<<16|pcp<<13|vid)), nil
	case "push_mpls":
		return l.Append(PushMPLS, 0, uint32(label<<12|tc<<9|bos<<8|ttl), typ), nil
	case "pop_mpls":
		return l.Append(PopMPLS, 0, uint32(typ)), nil
	}
	return l.Append(PopVLAN, 0, 0), nil
}

func parseSample(l List, value string, ports flow.PortNames, depth int) (List, error) {
	var p uint32
	var inner List
	for key, value, rest, ok := flow.NextPair(value); ok; key, value, rest, ok = flow.NextPair(rest) {
		var err error
		switch key {
		case "sample":
			p = probability(strings.TrimSuffix(value, "%"))
		case "actions":
			inner, err = parseList(value, ports, depth+1)
		default:
			err = fmt.Errorf("sample: %q is neither sample nor actions", key)
		}
		if err != nil {
			return nil, err
		}
	}
	return l.Append(Sample, 0, p, inner...), nil
}

func parseCheckLength(l List, value string, ports flow.PortNames, depth int) (List, error) {
	var size uint64
	branches := map[string]List{}
	for key, value, rest, ok := flow.NextPair(value); ok; key, value, rest, ok = flow.NextPair(rest) {
		var err error
		switch key {
		case "size":
			size, err = number(value, 32)
		case "gt", "le":
			branches[key], err = parseList(value, ports, depth+1)
		default:
			err = fmt.Errorf("check_pkt_len: %q is none of size, gt, le", key)
		}
		if err != nil {
			return nil, err
		}
	}
	return l.CheckLength(uint32(size), branches["gt"], branches["le"]), nil
}

func parseUserspace(l List, value string) (List, error) {
	var reason, maxLen, cookie uint64
	for key, value, rest, ok := flow.NextPair(value); ok; key, value, rest, ok = flow.NextPair(rest) {
		var err error
		switch key {
		case "pid":
		case "controller":
			err = numbers(value, map[string]*uint64{"reason": &reason, "max_len": &maxLen, "cookie": &cookie})
		default:
			err = fmt.Errorf("userspace: %q is neither pid nor controller", key)
		}
		if err != nil {
			return nil, err
		}
	}
	return l.Userspace(uint32(reason), uint32(maxLen), cookie), nil
}

func parseReason(value string) (counter.Drop, error) {
	if value == "" {
		return counter.FlowDrop, nil
	}
	for d := counter.Forwarded + 1; d < counter.NumDrops; d++ {
		if d.String() == value {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is no reason to drop", value)
}

// parseOpaque reads an argument and words.
func parseOpaque(l List, op Op, value string) (List, error) {
	var words []uint64
	for key, _, rest, ok := flow.NextPair(value); ok; key, _, rest, ok = flow.NextPair(rest) {
		n, err := number(key, 64)
		if err != nil {
			return nil, err
		}
		words = append(words, n)
	}
	if len(words) == 0 {
		return l.Append(op, 0, 0), nil
	}
	if words[0]>>32 != 0 {
		return nil, fmt.Errorf("%s: %d is more than 32 bits", opaqueNames[op], words[0])
	}
	return l.Append(op, 0, uint32(words[0]), words[1:]...), nil
}
