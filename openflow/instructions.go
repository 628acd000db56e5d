package openflow

import (
	"fmt"
	"slices"
	"strings"
)

// Instructions say what to do with a packet that matches a rule, in this order.
// The zero value drops it.
type Instructions struct {
	Meter                  uint32   // 0 for none
	Apply                  []Action // now
	Clear                  bool     // empties the action set
	Write                  []Action // into the action set
	Metadata, MetadataMask uint64   // MetadataMask 0: leave the metadata
	Goto                   uint8    // the next table; 0 for none, since tables only lead onward
}

// ParseInstructions reads what stands behind "actions=": actions, and
// instructions among them in the order of the struct. table is the rule's own; goto leads
// beyond it. ports may be nil.
func ParseInstructions(s string, table uint8, ports PortNames) (Instructions, error) {
	p := instructionParser{parser: parser{ports: ports}, table: table}
	if strings.EqualFold(strings.Trim(s, separators), "drop") {
		return p.out, nil
	}
	if err := eachItem(s, p.item); err != nil {
		return Instructions{}, fmt.Errorf("parse instructions: %w", err)
	}
	return p.out, nil
}

// instructionParser reads instructions and what stands between them, actions to apply.
type instructionParser struct {
	parser
	out   Instructions
	table uint8
	last  int // the place in instructionOrder of what came last
}

var instructionOrder = []string{"meter", "actions to apply", "clear_actions", "write_actions", "write_metadata", "goto_table"}

func (p *instructionParser) item(it item) error {
	place := max(0, slices.Index(instructionOrder, strings.ToLower(it.key)))
	if place == 0 && !strings.EqualFold(it.key, "meter") {
		place = 1
	}
	switch {
	case place < p.last:
		return fmt.Errorf("%s: %s must come before %s", short(it.text), instructionOrder[place], instructionOrder[p.last])
	case place == p.last && place != 1 && (place != 0 || p.out.Meter != 0):
		return fmt.Errorf("%s: %s is there twice", short(it.text), instructionOrder[place])
	}
	p.last = place
	if place == 1 {
		a, err := p.action(it)
		p.out.Apply = append(p.out.Apply, a)
		return err
	}
	if err := p.instruction(place, it); err != nil {
		return fmt.Errorf("%s: %w", short(it.text), err)
	}
	return nil
}

func (p *instructionParser) instruction(place int, it item) (err error) {
	switch instructionOrder[place] {
	case "meter":
		if err = setNumber(&p.out.Meter, it.value); err == nil && p.out.Meter == 0 {
			err = fmt.Errorf("there is no meter 0")
		}
	case "clear_actions":
		p.out.Clear = true
		_, err = constant(nil)(nil, it)
	case "write_actions":
		p.out.Write, err = p.actions(it.value)
	case "write_metadata":
		value, mask, masked := strings.Cut(it.value, "/")
		p.out.MetadataMask = ^uint64(0)
		if err = setNumber(&p.out.Metadata, value); err == nil && masked {
			err = setNumber(&p.out.MetadataMask, mask)
		}
		p.out.Metadata &= p.out.MetadataMask
	case "goto_table":
		if p.out.Goto, err = tableNumber(it.value, lastTable); err == nil && p.out.Goto <= p.table {
			err = fmt.Errorf("tables only lead onward, and this rule is in table %d", p.table)
		}
	}
	return err
}

// Append adds the text of the instructions to dst as ParseInstructions reads it. ports may be nil.
func (in *Instructions) Append(dst []byte, ports PortNames) []byte {
	t := printer{dst, ports}
	start := len(dst)
	if in.Meter != 0 {
		t.f("meter:%d,", in.Meter)
	}
	if len(in.Apply) > 0 {
		t.actions(in.Apply)
		t.str(",")
	}
	if in.Clear {
		t.str("clear_actions,")
	}
	if len(in.Write) > 0 {
		t.str("write_actions(")
		t.actions(in.Write)
		t.str("),")
	}
	if in.MetadataMask != 0 {
		t.f("write_metadata:%#x", in.Metadata)
		if in.MetadataMask != ^uint64(0) {
			t.f("/%#x", in.MetadataMask)
		}
		t.str(",")
	}
	if in.Goto != 0 {
		t.f("goto_table:%d,", in.Goto)
	}
	if len(t.dst) == start {
		t.str("drop")
	}
	t.chomp(',')
	return t.dst
}
