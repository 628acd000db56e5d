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

// EachFlowMod reads a file of rules as ovs-ofctl add-flows does and calls do with each: one a line, maybe with a command before it, "#" before a
// comment, blank lines. A rule takes more than a kilobyte; this is for files that one would not hold in memory as a whole. What do is given is its
// own to keep. An error, from reading or from do, names each line that is wrong; do is
// called for the others all the same. ports may be nil.
func EachFlowMod(r io.Reader, ports PortNames, do func(*FlowMod) error) error {
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
		if err == nil {
			err = do(&m)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("parse rules: line %d: %w", n, err))
		}
	}
	if err := lines.Err(); err != nil {
		wrong = append(wrong, fmt.Errorf("read rules: line %d: %w", n+1, err))
	}
	return errors.Join(wrong...)
}

// ParseFlowMods is EachFlowMod for files of moderate size; it returns all or nothing.
func ParseFlowMods(r io.Reader, ports PortNames) ([]FlowMod, error) {
	var mods []FlowMod
	err := EachFlowMod(r, ports, func(m *FlowMod) error {
		mods = append(mods, *m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return mods, nil
}

// ParseRules is ParseFlowMods for a file that only adds.
func ParseRules(r io.Reader, ports PortNames) ([]Rule, error) {
	var rules []Rule
	err := EachFlowMod(r, ports, func(m *FlowMod) error {
		if m.Command != Add {
			return fmt.Errorf("%s in a file that only adds rules", m.Command)
		}
		rules = append(rules, m.Rule)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rules, nil
}
