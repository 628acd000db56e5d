package openflow

import (
	"fmt"
	"strings"
	"testing"

	"pollux/internal/story"
)

// ports of the stories: eth0 is 1, "veth-2" is 2.
type storyPorts struct{}

func (storyPorts) PortNumber(name string) (uint32, bool) {
	n, ok := map[string]uint32{"eth0": 1, "veth-2": 2}[name]
	return n, ok
}

func (storyPorts) PortName(port uint32) (string, bool) {
	name, ok := map[uint32]string{1: "eth0", 2: "veth-2"}[port]
	return name, ok
}

func TestStories(t *testing.T) {
	story.Run(t, "testdata/*.txtar", map[string]story.Verb{
		"actions": func(c *story.Call) (string, error) { return each(c, actionsAgain) },
		"rules":   func(c *story.Call) (string, error) { return each(c, ruleAgain) },
		"file":    wholeFile,
	})
}

// each runs do on every argument, or every line of a file, and prints what it says of each.
func each(c *story.Call, do func(line string, ports PortNames) (string, error)) (string, error) {
	var ports PortNames
	lines := c.Args
	if len(lines) > 0 && lines[0] == "-names" {
		ports, lines = storyPorts{}, lines[1:]
	}
	if c.Stdin != "" {
		lines = strings.Split(strings.TrimSpace(c.Stdin), "\n")
	}
	var out strings.Builder
	for _, line := range lines {
		text, err := do(line, ports)
		if err != nil {
			text = "error: " + err.Error()
		}
		fmt.Fprintln(&out, text)
	}
	return out.String(), nil
}

func actionsAgain(line string, ports PortNames) (string, error) {
	in, err := ParseInstructions(line, 0, ports)
	return string(in.Append(nil, ports)), err
}

func ruleAgain(line string, ports PortNames) (string, error) {
	m, err := ParseFlowMod(line, ports)
	text := string(m.Rule.Append(nil, ports))
	if m.Command != Add {
		text = m.Command.String() + " " + text
	}
	return text, err
}

func wholeFile(c *story.Call) (string, error) {
	rules, err := ParseRules(strings.NewReader(c.Stdin), nil)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rules", len(rules)), nil
}
