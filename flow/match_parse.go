package flow

import (
	"errors"
	"fmt"
	"strings"
)

// NextPair splits the first "key=value" off s, as Open vSwitch does everywhere: the
// key ends at "=", ":" or "(", the value at a comma or a space that is not inside parentheses or quotes.
// A key may stand alone. With "(", the value keeps its parentheses off. ok is false when s has no more.
func NextPair(s string) (key, value, rest string, ok bool) {
	s = strings.TrimLeft(s, ", \t\r\n")
	if s == "" {
		return "", "", "", false
	}
	end := strings.IndexAny(s, ":=(, \t\r\n")
	if end < 0 {
		return s, "", "", true
	}
	key, s = s[:end], s[end:]
	switch s[0] {
	case '=', ':':
		n := valueEnd(s[1:])
		return key, s[1 : 1+n], s[1+n:], true
	case '(':
		n := valueEnd(s)
		value = s[1:n]
		return key, strings.TrimSuffix(value, ")"), s[n:], true
	}
	return key, "", s, true
}

// valueEnd is where a value ends: the first comma or space outside parentheses, brackets and quotes.
func valueEnd(s string) int {
	depth, quoted := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case depth <= 0 && strings.IndexByte(", \t\r\n", c) >= 0:
			return i
		}
	}
	return len(s)
}

// protocols are the words that stand for a type of frame and an IP protocol.
var protocols = map[string]struct {
	typ   uint16
	proto int // negative: none
}{
	"ip": {EthTypeIPv4, -1}, "ipv4": {EthTypeIPv4, -1}, "arp": {EthTypeARP, -1}, "rarp": {EthTypeRARP, -1},
	"icmp": {EthTypeIPv4, ProtoICMP}, "tcp": {EthTypeIPv4, ProtoTCP}, "udp": {EthTypeIPv4, ProtoUDP}, "sctp": {EthTypeIPv4, ProtoSCTP},
	"ipv6": {EthTypeIPv6, -1}, "ip6": {EthTypeIPv6, -1}, "icmp6": {EthTypeIPv6, ProtoICMPv6},
	"tcp6": {EthTypeIPv6, ProtoTCP}, "udp6": {EthTypeIPv6, ProtoUDP}, "sctp6": {EthTypeIPv6, ProtoSCTP},
	"mpls": {EthTypeMPLS, -1}, "mplsm": {EthTypeMPLSMcst, -1},
}

// ErrNoField is what an error about a word that is no field wraps.
var ErrNoField = errors.New("no such field")

// MatchParser collects a match from key=value pairs one by one, for texts in which other words
// stand between them (a rule has its priority there). The zero value is ready.
type MatchParser struct {
	Match Match
	Ports PortNames // nil: only numbers
	seen  []seenField
}

// seenField is a field that the text named, by the name it used: nw_src may be meant for ARP, ip_src may not.
type seenField struct {
	id   FieldID
	name string
}

// ParseMatch reads a match as ovs-ofctl(8) writes it: "tcp,in_port=1,nw_src=10.0.0.0/8,tp_dst=80". The order of the words
// does not matter. A field whose prerequisites the text does not state is an error.
func ParseMatch(s string, ports PortNames) (Match, error) {
	p := MatchParser{Ports: ports}
	for key, value, rest, ok := NextPair(s); ok; key, value, rest, ok = NextPair(rest) {
		if err := p.Add(key, value); err != nil {
			return Match{}, fmt.Errorf("parse match: %w", err)
		}
	}
	m, err := p.Finish()
	if err != nil {
		return Match{}, fmt.Errorf("parse match: %w", err)
	}
	return m, nil
}

// Add takes one pair; key alone may be a protocol. An unknown key is an error that wraps ErrNoField.
func (p *MatchParser) Add(key, value string) error {
	if proto, ok := protocols[key]; ok && value == "" {
		p.Match.SetExact(FieldEthType, Value{0, uint64(proto.typ)})
		if proto.proto >= 0 {
			p.Match.SetExact(FieldIPProto, Value{0, uint64(proto.proto)})
		}
		return nil
	}
	if key == "eth" && value == "" {
		return nil // what every match means that does not name a packet_type
	}
	if key == "dl_vlan" {
		if n, err := parseNumber(value); err == nil && n == (Value{0, 0xffff}) { // OpenFlow 1.0: no tag
			p.Match.SetExact(FieldVLANTCI, Value{})
			return nil
		}
	}
	outer, inner := innerTagWords[key]
	if !inner {
		outer = key
	}
	f, ok := FieldByName(outer)
	if !ok {
		return fmt.Errorf("%w %q", ErrNoField, key)
	}
	v, mask, err := ParseValue(f, value, p.Ports)
	if err != nil {
		return fmt.Errorf("field %s: %w", key, err)
	}
	if inner {
		p.addInnerTag(f.ID, v, mask)
		return nil
	}
	if f.ID == FieldPacketType && v.IsZero() {
		mask = Value{} // as "eth"
	}
	p.Match.SetMasked(f.ID, v, mask)
	p.seen = append(p.seen, seenField{f.ID, key})
	return nil
}

// innerTagWords are the words for the inner tag, and those that say the same of the outer one.
var innerTagWords = map[string]string{"dl_vlan1": "dl_vlan", "dl_vlan_pcp1": "dl_vlan_pcp", "vlan_tci1": "vlan_tci"}

// addInnerTag takes what was said of a tag as said of the inner one, which lies in the lower half of the word.
func (p *MatchParser) addInnerTag(id FieldID, v, mask Value) {
	outer := Match{Key: Key{WordVLAN: p.Match.Key[WordVLAN] << tciShift}, Mask: Mask{WordVLAN: p.Match.Mask[WordVLAN] << tciShift}}
	outer.SetMasked(id, v, mask)
	p.Match.Key[WordVLAN] = p.Match.Key[WordVLAN]&^0xffff | outer.Key[WordVLAN]>>tciShift&0xffff
	p.Match.Mask[WordVLAN] = p.Match.Mask[WordVLAN]&^0xffff | outer.Mask[WordVLAN]>>tciShift&0xffff
}

// Finish checks that every field's prerequisites are stated and returns the match.
func (p *MatchParser) Finish() (Match, error) {
	for _, s := range p.seen {
		if err := p.Match.check(s.id, s.name); err != nil {
			return Match{}, err
		}
	}
	return p.Match, nil
}
