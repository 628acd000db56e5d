package vswitch

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"pollux/counter"
	"pollux/flow"
	"pollux/openflow"
	"pollux/packet"
)

func (s *Switch) fdbShow(w io.Writer) error {
	s.bridge.ShowMACs(w, s.clock.Now())
	return nil
}

func (s *Switch) fdbFlush(w io.Writer) error {
	s.bridge.MACs().Flush()
	s.bridge.Revalidate(s.clock.Now())
	fmt.Fprintln(w, "table successfully flushed")
	return nil
}

func (s *Switch) dumpRules(w io.Writer) error {
	s.bridge.Revalidate(s.clock.Now()) // so that the counters are of now
	return s.bridge.DumpRules(w, s.clock.Now())
}

// delFlows removes every flow of the datapath; they come back with the packets that need them.
func (s *Switch) delFlows(context.Context, []string) (string, error) {
	s.bridge.Flush()
	s.settle()
	return "", nil
}

// addRule adds a rule in the syntax of ovs-ofctl add-flow.
func (s *Switch) addRule(_ context.Context, args []string) (string, error) {
	r, err := openflow.ParseRule(args[0], s.bridge.PortNames())
	if err != nil {
		return "", err
	}
	return "", s.bridge.ApplyRules([]openflow.Rule{r}, s.clock.Now())
}

// delRules deletes the rules that a match of ovs-ofctl del-flows selects, all without one.
func (s *Switch) delRules(_ context.Context, args []string) (string, error) {
	text := ""
	if len(args) > 0 {
		text = args[0]
	}
	mod, err := openflow.ParseFlowMod("delete "+text, s.bridge.PortNames())
	if err != nil {
		return "", err
	}
	_, err = s.bridge.Apply([]openflow.FlowMod{mod}, s.clock.Now())
	return "", err
}

// traceCommand is ofproto/trace: what the rules would do to a packet, given as a flow in
// the syntax of ovs-ofctl, or as bytes in hexadecimal after the flow with its in_port.
func (s *Switch) traceCommand(_ context.Context, args []string) (string, error) {
	if len(args) > 1 && args[0] == s.bridge.Name() {
		args = args[1:]
	}
	m, err := flow.ParseMatch(args[0], s.bridge.PortNames())
	if err != nil {
		return "", err
	}
	key := m.Key
	if len(args) > 1 {
		if err := keyOfHex(args[1], &key); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	s.bridge.Trace(&b, &key)
	return b.String(), nil
}

// keyOfHex extracts the key of a packet in hexadecimal, keeping the metadata of key.
func keyOfHex(text string, key *flow.Key) error {
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		return fmt.Errorf("read packet: %w", err)
	}
	memory, err := packet.NewMemory(make([]byte, 32768), 32768)
	if err != nil {
		return err
	}
	p := memory.At(0)
	if !p.Set(data) {
		return fmt.Errorf("read packet: %d bytes, at most %d are possible", len(data), p.Room())
	}
	var found flow.Key
	if why := flow.Extract(p, &found); why != counter.Forwarded {
		return fmt.Errorf("read packet: %s", why)
	}
	for w := flow.WordEthDst; w < flow.DatapathWords; w++ {
		key[w] = found[w]
	}
	return nil
}
