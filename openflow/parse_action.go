package openflow

import (
	"fmt"
	"strings"

	"pollux/flow"
)

// maxDepth bounds how deep actions may nest in text.
const maxDepth = 32

// parser reads actions.
type parser struct {
	ports PortNames
	depth int
}

// actionParser reads the action of one item.
type actionParser func(p *parser, it item) (Action, error)

// actionParsers is the table of all actions by name. What is not there may be a port.
var actionParsers map[string]actionParser

func init() { // not in the declaration, since clone leads back to the table
	actionParsers = map[string]actionParser{
		"output": parseOutput, "controller": parseController, "enqueue": parseEnqueue,
		"set_field": parseSetField, "load": parseLoad, "move": parseMove,
		"push": parsePush, "pop": parsePop,
		"set_tunnel": parseTunnel, "set_tunnel64": parseTunnel,
		"set_vlan_vid": parseVLANVID, "mod_vlan_vid": parseVLANVID, "set_vlan_pcp": parseVLANPCP, "mod_vlan_pcp": parseVLANPCP,
		"push_vlan": parsePushVLAN, "pop_vlan": constant(PopVLAN{}), "strip_vlan": constant(PopVLAN{AsStrip: true}),
		"push_mpls": parsePushMPLS, "pop_mpls": parsePopMPLS,
		"dec_ttl": parseDecTTL, "dec_mpls_ttl": constant(DecMPLSTTL{}), "dec_nsh_ttl": constant(DecNSHTTL{}),
		"resubmit": parseResubmit, "clone": parseClone, "group": parseGroup,
		"set_queue": parseSetQueue, "pop_queue": constant(PopQueue{}),
		"note": parseNote, "exit": constant(Exit{}),
		"check_pkt_larger": parseCheckPktLarger, "delete_field": parseDeleteField, "conjunction": parseConjunction,
		"fin_timeout": parseFinTimeout, "sample": parseSample,
		"bundle": parseBundle, "bundle_load": parseBundle, "multipath": parseMultipath,
		"ct": parseCt, "ct_clear": constant(CtClear{}), "learn": parseLearn,
	}
	for _, m := range modFields {
		actionParsers[m.name] = m.parse
	}
}

// ParseActions reads a list of actions, "output:1,mod_nw_tos:16"; "drop" and nothing are the empty list. ports may be nil.
func ParseActions(s string, ports PortNames) ([]Action, error) {
	list, err := (&parser{ports: ports}).actions(s)
	if err != nil {
		return nil, fmt.Errorf("parse actions: %w", err)
	}
	return list, nil
}

func (p *parser) actions(s string) (list []Action, err error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("actions nest deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	if strings.EqualFold(strings.Trim(s, separators), "drop") {
		return nil, nil
	}
	err = eachItem(s, func(it item) error {
		a, err := p.action(it)
		list = append(list, a)
		return err
	})
	return list, err
}

// action reads one action: one of the table, or a port to output to.
func (p *parser) action(it item) (Action, error) {
	if parse, ok := actionParsers[strings.ToLower(it.key)]; ok {
		a, err := parse(p, it)
		if err == nil && it.dst != "" && !strings.EqualFold(it.key, "check_pkt_larger") {
			err = fmt.Errorf("nothing goes behind the parentheses")
		}
		if err != nil {
			return nil, fmt.Errorf("action %s: %w", short(it.text), err)
		}
		return a, nil
	}
	if err := instructionHere(it.key); err != nil {
		return nil, err
	}
	if it.delim == 0 {
		if port, err := flow.ParsePort(it.key, p.ports); err == nil {
			return output(Port(port))
		}
	}
	return nil, fmt.Errorf("no action is called %q", it.key)
}

// short is text for an error, cut where it gets long.
func short(text string) string {
	const most = 80
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

// instructionHere says why a word that is an instruction, or "drop", cannot be an action of a list.
func instructionHere(key string) error {
	switch strings.ToLower(key) {
	case "drop":
		return fmt.Errorf("drop stands alone, beside no other action")
	case "goto_table", "write_metadata", "write_actions", "clear_actions", "meter":
		return fmt.Errorf("%s is an instruction: it is not allowed inside an action", strings.ToLower(key))
	case "apply_actions":
		return fmt.Errorf("apply_actions is the default instruction: write its actions without it")
	}
	return nil
}

// constant is an action that takes no argument.
func constant(a Action) actionParser {
	return func(_ *parser, it item) (Action, error) {
		if strings.TrimSpace(it.value) != "" {
			return nil, fmt.Errorf("takes no argument")
		}
		return a, nil
	}
}

func parseClone(p *parser, it item) (Action, error) {
	list, err := p.actions(it.value)
	return Clone{list}, err
}

func parseGroup(_ *parser, it item) (Action, error) {
	id, err := number(it.value, 32)
	return Group{uint32(id)}, err
}

func parseSetQueue(_ *parser, it item) (Action, error) {
	q, err := number(it.value, 32)
	return SetQueue{uint32(q)}, err
}

func parseDecTTL(_ *parser, it item) (Action, error) {
	var ids []uint16
	err := eachItem(it.value, func(arg item) error {
		id, err := number(arg.text, 16)
		ids = append(ids, uint16(id))
		return err
	})
	return DecTTL{ids}, err
}

// parseNote reads bytes in hex, with or without dots between them, and fills up to what the action takes on the wire.
func parseNote(_ *parser, it item) (Action, error) {
	data, err := hexBytes(it.value)
	for len(data)%8 != 6 {
		data = append(data, 0)
	}
	return Note{data}, err
}

func hexBytes(s string) (data []byte, err error) {
	for s != "" {
		if s[0] == '.' {
			s = s[1:]
			continue
		}
		if len(s) < 2 {
			return nil, fmt.Errorf("%q: bytes have two hex digits each", s)
		}
		b, err := number("0x"+s[:2], 8)
		if err != nil {
			return nil, fmt.Errorf("%q: bytes have two hex digits each", s[:2])
		}
		data, s = append(data, byte(b)), s[2:]
	}
	return data, nil
}
