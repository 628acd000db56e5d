package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseODP reads the match of a datapath flow as AppendODP writes it. What it does not mention the flow does not look at, but
// for the tag: see odp.go. ports has the names of datapath ports and may be nil.
func ParseODP(s string, ports PortNames) (Match, error) {
	p := odpParser{ports: ports}
	if err := p.attributes(s, 0); err != nil {
		return Match{}, fmt.Errorf("parse datapath flow: %w", err)
	}
	return p.m, nil
}

type odpParser struct {
	m     Match
	ports PortNames
}

// The tags, by how deep in encap they stand.
var odpTags = [...]struct{ tpid, tci FieldID }{{FieldVLANTPID, FieldVLANTCI}, {FieldVLAN2TPID, FieldVLAN2TCI}}

// attributes reads a list of attributes inside depth levels of encap. An eth_type is the tag's if encap follows.
func (p *odpParser) attributes(s string, depth int) error {
	var encap, vlan, typ string
	var hasEncap, hasVLAN, hasType bool
	for name, value, rest, ok := NextPair(s); ok; name, value, rest, ok = NextPair(rest) {
		var err error
		switch name {
		case "encap":
			encap, hasEncap = value, true
		case "vlan":
			vlan, hasVLAN = value, true
		case "eth_type":
			typ, hasType = value, true
		case "packet_type":
			err = p.packetType(value)
		default:
			err = p.attribute(name, value)
		}
		if err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	tagged := hasVLAN && vlan != "any" && vlan != "none"
	if depth == len(odpTags) && hasVLAN {
		return fmt.Errorf("attribute vlan: a packet has at most %d tags", len(odpTags))
	}
	if hasEncap && !tagged {
		return fmt.Errorf("attribute encap: there is no vlan before it")
	}
	if hasType {
		id := FieldEthType
		if tagged {
			id = odpTags[depth].tpid
		}
		if err := p.ethType(id, typ); err != nil {
			return fmt.Errorf("attribute eth_type: %w", err)
		}
	}
	switch {
	case vlan == "none", hasType && !hasVLAN && depth == 0:
		p.m.SetExact(odpTags[depth].tci, Value{})
	case tagged:
		if err := p.tag(odpTags[depth].tci, vlan); err != nil {
			return fmt.Errorf("attribute vlan: %w", err)
		}
		return p.attributes(encap, depth+1)
	}
	return nil
}

func (p *odpParser) ethType(id FieldID, s string) error {
	v, mask, err := parseAnyMask(id.Field(), s, parseNumber, nil)
	if v.IsZero() && mask == Ones(16) {
		v = Value{0, EthTypeNone}
	}
	p.m.SetMasked(id, v, mask)
	return err
}

// tag reads "vid=5,pcp=3/0x6" of a tag that is there, or "tci=value/mask".
func (p *odpParser) tag(id FieldID, s string) error {
	v, mask := uint64(VLANPresent), uint64(VLANPresent)
	for name, value, rest, ok := NextPair(s); ok; name, value, rest, ok = NextPair(rest) {
		shift, f := 0, FieldDLVLAN.Field()
		switch name {
		case "vid":
		case "pcp":
			shift, f = 13, FieldDLVLANPCP.Field()
		case "tci":
			f, v, mask = FieldVLANTCI.Field(), 0, 0
		default:
			return fmt.Errorf("no such part %q", name)
		}
		n, m, err := parseAnyMask(f, value, parseNumber, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v, mask = v|n.Lo<<shift, mask|m.Lo<<shift
	}
	p.m.SetMasked(id, Value{0, v}, Value{0, mask})
	return nil
}

func (p *odpParser) packetType(s string) error {
	var parts [2]uint64 // ns, id
	for name, value, rest, ok := NextPair(s); ok; name, value, rest, ok = NextPair(rest) {
		n, err := strconv.ParseUint(value, 0, 16)
		if err != nil || name != "ns" && name != "id" {
			return fmt.Errorf("%q is not like ns=0,id=0", s)
		}
		if name == "ns" {
			parts[0] = n
		} else {
			parts[1] = n
		}
	}
	if pt := parts[0]<<16 | parts[1]; pt != 0 {
		p.m.SetExact(FieldPacketType, Value{0, pt})
	}
	return nil
}

// odpAttributes are the attributes by name: groups, and single values as groups of one part without a name.
var odpAttributes = indexODP()

func indexODP() map[string]odpGroup {
	all := map[string]odpGroup{}
	for _, list := range [][]odpPart{odpBefore, odpMarks, odpIngress, {odpTCPFlags}} {
		for _, p := range list {
			all[p.name] = odpGroup{"", []odpPart{p}, nil}
		}
	}
	for _, g := range []odpGroup{odpTunnel, odpCt4, odpCt6, odpEth, odpOtherTransport, odpND, odpNDExt} {
		all[g.name] = g
	}
	for _, groups := range []map[int]odpGroup{odpNetwork, odpTransport} {
		for _, g := range groups {
			all[g.name] = g
		}
	}
	return all
}

func (p *odpParser) attribute(name, s string) error {
	g, ok := odpAttributes[name]
	if !ok {
		return fmt.Errorf("no such attribute")
	}
	if g.name == "" {
		return p.part(g.parts[0], s)
	}
	return p.group(g, s)
}

func (p *odpParser) group(g odpGroup, s string) error {
	for name, value, rest, ok := NextPair(s); ok; name, value, rest, ok = NextPair(rest) {
		parse := g.find(name)
		if parse == nil {
			return fmt.Errorf("no such part %q", name)
		}
		if err := parse(p, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// find returns what reads the part or inner group of a name, nil if there is none.
func (g odpGroup) find(name string) func(*odpParser, string) error {
	for _, part := range g.parts {
		if part.name == name {
			return func(p *odpParser, s string) error { return p.part(part, s) }
		}
	}
	for _, inner := range g.groups {
		if inner.name == name {
			return func(p *odpParser, s string) error { return p.group(inner, s) }
		}
		if inner.name == "" && inner.parts[0].name == name {
			return func(p *odpParser, s string) error { return p.part(inner.parts[0], s) }
		}
	}
	return nil
}

func (p *odpParser) part(part odpPart, s string) error {
	f := part.id.Field()
	var v, mask Value
	var err error
	switch part.kind {
	case odpMAC:
		v, mask, err = parseAnyMask(f, s, parseMAC, nil)
	case odpIPv4:
		v, mask, err = parseAnyMask(f, s, parseIPv4, parsePrefix)
	case odpIPv6:
		v, mask, err = parseAnyMask(f, s, parseIPv6, parsePrefix)
	case odpFrag:
		v, mask, err = parseFrag(s)
	case odpFlags:
		v, mask, err = parseFlags(f, s)
	case odpPort:
		if n, ok := portNumber(strings.Trim(s, `"`), p.ports); ok {
			v, mask = Value{0, uint64(n)}, f.Ones()
			break
		}
		fallthrough
	default:
		v, mask, err = parseAnyMask(f, s, parseNumber, nil)
	}
	p.m.SetMasked(part.id, v.And(mask), mask)
	return err
}
