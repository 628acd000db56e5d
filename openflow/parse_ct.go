package openflow

import (
	"fmt"
	"net/netip"
	"strings"

	"pollux/flow"
)

// ct(commit,zone=5,table=4,nat(src=10.0.0.1-10.0.0.9:1024-2047),exec(set_field:1->ct_mark),alg=ftp)

func parseCt(p *parser, it item) (Action, error) {
	a := Ct{Table: NoTable}
	err := eachItem(it.value, func(arg item) error { return a.argument(p, arg) })
	if err == nil && a.Force && !a.Commit {
		err = fmt.Errorf("force needs commit")
	}
	return a, err
}

func (a *Ct) argument(p *parser, arg item) (err error) {
	switch arg.key {
	case "commit":
		a.Commit = true
	case "force":
		a.Force = true
	case "table":
		a.Table, err = tableNumber(arg.value, NoTable-1)
	case "zone":
		err = a.zone(arg.value)
	case "alg":
		if _, err = oneOf([]string{"ftp", "tftp"}, arg.value); err == nil {
			a.ALG = arg.value
		}
	case "nat":
		a.NAT, err = parseNAT(arg.value)
	case "exec":
		a.Exec, err = p.ctActions(arg.value)
	default:
		err = fmt.Errorf("%q is none of commit, force, table, zone, alg, nat, exec", arg.key)
	}
	return err
}

func (a *Ct) zone(s string) error {
	if err := setNumber(&a.Zone, s); err == nil {
		a.ZoneSrc = Subfield{}
		return nil
	}
	src, err := parseSubfield(s)
	if err == nil && src.Bits > 16 {
		err = fmt.Errorf("zone %s is wider than 16 bits", s)
	}
	a.Zone, a.ZoneSrc = 0, src
	return err
}

// ctActions reads what exec may hold: writes of ct_mark and ct_label.
func (p *parser) ctActions(s string) ([]Action, error) {
	list, err := p.actions(s)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if id := target(a); id != flow.FieldCtMark && id != flow.FieldCtLabel {
			return nil, fmt.Errorf("exec: %s: only ct_mark and ct_label can be written here", AppendActions(nil, []Action{a}, p.ports))
		}
	}
	return list, nil
}

func parseNAT(s string) (*NAT, error) {
	n := &NAT{}
	err := eachItem(s, func(arg item) error {
		switch arg.key {
		case "src", "dst":
			if n.Src || n.Dst {
				return fmt.Errorf("nat: only one of src and dst")
			}
			n.Src, n.Dst = arg.key == "src", arg.key == "dst"
			return n.parseRange(arg.value)
		case "persistent":
			n.Persistent = true
		case "hash":
			n.Hash = true
		case "random":
			n.Random = true
		default:
			return fmt.Errorf("nat: %q is none of src, dst, persistent, hash, random", arg.key)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case n.Hash && n.Random:
		return nil, fmt.Errorf("nat: hash and random exclude each other")
	case !n.Src && !n.Dst && (n.Persistent || n.Hash || n.Random):
		return nil, fmt.Errorf("nat: persistent, hash and random need src or dst")
	}
	return n, nil
}

// parseRange reads "a", "a-b", "a-b:port" and "a-b:port-port". IPv6 addresses stand in brackets when ports follow.
func (n *NAT) parseRange(s string) error {
	if s == "" {
		return nil
	}
	addresses, ports := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') && (strings.Contains(s, "]") || strings.Count(s, ":") == 1) {
		addresses, ports = s[:i], s[i+1:]
	}
	low, high, ok := strings.Cut(addresses, "-")
	if !ok {
		high = low
	}
	var err1, err2 error
	n.Low, err1 = natAddress(low)
	n.High, err2 = natAddress(high)
	if err1 != nil || err2 != nil || n.Low.Is4() != n.High.Is4() || n.High.Less(n.Low) {
		return fmt.Errorf("nat: %q is no address and no range of addresses", addresses)
	}
	if ports == "" {
		return nil
	}
	low, high, ok = strings.Cut(ports, "-")
	if !ok {
		high = low
	}
	err1, err2 = setNumber(&n.PortLow, low), setNumber(&n.PortHigh, high)
	if err1 != nil || err2 != nil || n.PortLow == 0 || n.PortHigh < n.PortLow {
		return fmt.Errorf("nat: %q is no port and no range of ports", ports)
	}
	return nil
}

func natAddress(s string) (netip.Addr, error) {
	if inside, ok := strings.CutPrefix(s, "["); ok {
		s = strings.TrimSuffix(inside, "]")
	}
	a, err := netip.ParseAddr(s)
	if err == nil && a.Zone() != "" {
		err = fmt.Errorf("%q has a zone", s)
	}
	return a.Unmap(), err
}
