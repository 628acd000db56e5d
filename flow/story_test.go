package flow

import (
	"strings"
	"testing"

	"pollux/internal/story"
)

// ports are the names that stories know.
type ports map[string]uint32

func (p ports) PortNumber(name string) (uint32, bool) { n, ok := p[name]; return n, ok }

func (p ports) PortName(port uint32) (string, bool) {
	for name, n := range p {
		if n == port {
			return name, true
		}
	}
	return "", false
}

var storyPorts = ports{"eth0": 1, "s1-eth2": 2}

func TestStories(t *testing.T) {
	story.Run(t, "testdata/*.txtar", map[string]story.Verb{
		"match": func(c *story.Call) (string, error) {
			m, err := ParseMatch(strings.Join(c.Args, " "), nil)
			return m.String(), err
		},
		"match-names": func(c *story.Call) (string, error) {
			m, err := ParseMatch(strings.Join(c.Args, " "), storyPorts)
			return string(m.Append(nil, storyPorts)), err
		},
	})
}
