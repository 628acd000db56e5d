package flow

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pollux/counter"
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
		"match":       verb(func(s string) (Match, error) { return ParseMatch(s, nil) }, (*Match).String),
		"match-names": verb(func(s string) (Match, error) { return ParseMatch(s, storyPorts) }, func(m *Match) string { return string(m.Append(nil, storyPorts)) }),
		"odp":         verb(parseODP, func(m *Match) string { return string(m.AppendODP(nil, nil)) }),
		"odp-names":   verb(parseODP, func(m *Match) string { return string(m.AppendODP(nil, storyPorts)) }),
		"match-of":    verb(parseODP, (*Match).String),
		"compose": verb(func(s string) (Match, error) { return ParseMatch(s, nil) }, func(m *Match) string {
			return hex.EncodeToString(Compose(&m.Key, []byte("hello")))
		}),
		"extract": verb(func(s string) (m Match, err error) {
			b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
			if err != nil {
				return m, err
			}
			if drop := Extract(place(t, b), &m.Key); drop != counter.Forwarded {
				return m, errors.New(drop.String())
			}
			m.Mask = packetMask(&m.Key)
			return m, nil
		}, (*Match).String),
	})
}

func parseODP(s string) (Match, error) { return ParseODP(s, storyPorts) }

// verb reads a match out of the words of a call and prints it.
func verb(read func(string) (Match, error), print func(*Match) string) story.Verb {
	return func(c *story.Call) (string, error) {
		m, err := read(strings.Join(c.Args, " "))
		if err != nil {
			return "", err
		}
		return print(&m), nil
	}
}

// packetMask selects what a packet with key k has: its addresses and type, and every other header field that is not zero.
func packetMask(k *Key) Mask {
	m := Match{Key: *k}
	for f := range Fields {
		if f.Word >= WordEthDst && f.Word < DatapathWords && (!f.Get(k).IsZero() || f.Prereq == NeedEthernet) {
			f.SetMask(&m.Mask, f.Ones())
		}
	}
	m.Mask[WordVLAN] |= 0xffff << tciShift
	return m.Mask
}
