package openflow

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine is how long a line of a file of rules may be, in bytes.
const maxLine = 1 << 20

// maxErrors is how many wrong lines of a file are told before reading stops.
const maxErrors = 20

// ParseFlowMods reads a file of rules as ovs-ofctl add-flows does: one a line, maybe with a command before it, "#" before a comment, blank
// lines. An error names each line that is wrong. ports may be nil.
func ParseFlowMods(r io.Reader, ports PortNames) ([]FlowMod, error) {
	var mods []FlowMod
	var wrong []error
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() && len(wrong) < maxErrors {
		n++
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		m, err := parseCommand(line, ports)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("parse rules: line %d: %w", n, err))
			continue
		}
		mods = append(mods, m)
	}
	if err := lines.Err(); err != nil {
		wrong = append(wrong, fmt.Errorf("read rules: line %d: %w", n+1, err))
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return mods, nil
}

// ParseRules is ParseFlowMods for a file that only adds.
func ParseRules(r io.Reader, ports PortNames) ([]Rule, error) {
	mods, err := ParseFlowMods(r, ports)
	if err != nil {
		return nil, err
	}
	rules := make([]Rule, len(mods))
	for i, m := range mods {
		if m.Command != Add {
			return nil, fmt.Errorf("parse rules: a file that only adds rules has %s", m.Command)
		}
		rules[i] = m.Rule
	}
	return rules, nil
}
