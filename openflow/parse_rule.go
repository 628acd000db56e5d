package openflow

import (
	"fmt"
	"strings"

	"pollux/flow"
)

// ParseRule reads a rule as ovs-ofctl add-flow does:
// "table=1,priority=100,tcp,tp_dst=80,actions=output:2". Statistics that dump-flows shows may stand in it
// and are ignored. The actions must suit the match: what they write must be there. ports may be nil.
func ParseRule(line string, ports PortNames) (Rule, error) {
	m, err := parseFlowMod(Add, line, ports)
	if err != nil {
		return Rule{}, fmt.Errorf("parse rule: %w", err)
	}
	return m.Rule, nil
}

// ParseFlowMod reads a line of a file of rules: a rule, maybe with a command before it ("add", "modify", "modify_strict", "delete", "delete_strict").
func ParseFlowMod(line string, ports PortNames) (FlowMod, error) {
	m, err := parseCommand(line, ports)
	if err != nil {
		return FlowMod{}, fmt.Errorf("parse rule: %w", err)
	}
	return m, nil
}

func parseCommand(line string, ports PortNames) (FlowMod, error) {
	line = strings.TrimSpace(line)
	for i, name := range commandNames {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest == "" || strings.IndexByte(" \t", rest[0]) >= 0) {
			return parseFlowMod(Command(i), rest, ports)
		}
	}
	return parseFlowMod(Add, line, ports)
}

// flowModParser is a FlowMod under way.
type flowModParser struct {
	FlowMod
	match flow.MatchParser
	ports PortNames
}

func parseFlowMod(c Command, line string, ports PortNames) (FlowMod, error) {
	p := flowModParser{match: flow.MatchParser{Ports: ports}, ports: ports}
	p.Command, p.OutPort, p.OutGroup = c, PortNone, NoGroup
	p.Rule.Priority = DefaultPriority
	deletes := c == Delete || c == DeleteStrict
	if deletes {
		p.Rule.Table = AllTables
	}
	head, actions, ok := cutActions(line)
	switch {
	case ok && deletes:
		return FlowMod{}, fmt.Errorf("%s takes no actions", c)
	case !ok && !deletes:
		return FlowMod{}, fmt.Errorf("no actions: it ends with actions=..., actions=drop for none")
	}
	if err := eachItem(head, p.item); err != nil {
		return FlowMod{}, err
	}
	var err error
	if p.Rule.Match, err = p.match.Finish(); err != nil || deletes {
		return p.FlowMod, err
	}
	if p.Rule.Instructions, err = ParseInstructions(actions, p.Rule.Table, ports); err != nil {
		return FlowMod{}, err
	}
	return p.FlowMod, p.Rule.check(ports)
}

// cutActions splits a line before "actions=" or "action=".
func cutActions(line string) (head, actions string, ok bool) {
	for from := 0; ; {
		i := strings.Index(line[from:], "action")
		if i < 0 {
			return line, "", false
		}
		i += from
		rest := strings.TrimPrefix(line[i+len("action"):], "s")
		if trimmed := strings.TrimLeft(rest, " \t"); strings.HasPrefix(trimmed, "=") && (i == 0 || strings.IndexByte(separators, line[i-1]) >= 0) {
			return line[:i], trimmed[1:], true
		}
		from = i + 1
	}
}

// item takes one word of what stands before the actions.
func (p *flowModParser) item(it item) error {
	known, err := p.attribute(it)
	if err == nil && !known {
		known, err = p.ofCommand(it)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", it.text, err)
	case known:
		return nil
	}
	return p.match.Add(it.key, it.value)
}

// attribute takes a word that is no field and that any command may have.
func (p *flowModParser) attribute(it item) (known bool, err error) {
	r := &p.Rule
	switch it.key {
	case "table":
		most := uint64(lastTable)
		if p.Command == Delete || p.Command == DeleteStrict {
			most = AllTables
		}
		r.Table, err = tableNumber(it.value, most)
	case "priority":
		if p.Command == Modify || p.Command == Delete {
			return true, fmt.Errorf("only the strict %s looks at priorities", p.Command)
		}
		err = setNumber(&r.Priority, it.value)
	case "cookie":
		err = p.cookie(it.value)
	case "duration", "n_packets", "n_bytes", "idle_age", "hard_age":
	default:
		return false, nil
	}
	return true, err
}

// cookie reads value or value/mask. A cookie for Add is the rule's own and has no mask; else it selects.
func (p *flowModParser) cookie(s string) error {
	value, mask, masked := strings.Cut(s, "/")
	if p.Command == Add {
		if masked {
			return fmt.Errorf("the cookie of a new rule has no mask")
		}
		return setNumber(&p.Rule.Cookie, value)
	}
	p.CookieMask = ^uint64(0)
	if masked {
		if err := setNumber(&p.CookieMask, mask); err != nil {
			return err
		}
	}
	return setNumber(&p.Rule.Cookie, value)
}

// ofCommand takes a word that only rules with actions have, or only deletions.
func (p *flowModParser) ofCommand(it item) (known bool, err error) {
	if p.Command == Delete || p.Command == DeleteStrict {
		switch it.key {
		case "out_port":
			var n uint32
			n, err = flow.ParsePort(it.value, p.ports)
			p.OutPort = Port(n)
			return true, err
		case "out_group":
			return true, setNumber(&p.OutGroup, it.value)
		}
		return false, nil
	}
	r := &p.Rule
	for i, name := range flagNames {
		if it.key == name && it.delim == 0 {
			r.Flags |= 1 << i
			return true, nil
		}
	}
	switch it.key {
	case "idle_timeout":
		return true, setNumber(&r.IdleTimeoutSec, it.value)
	case "hard_timeout":
		return true, setNumber(&r.HardTimeoutSec, it.value)
	case "importance":
		return true, setNumber(&r.Importance, it.value)
	}
	return false, nil
}
