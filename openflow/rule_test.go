package openflow

import (
	"errors"
	"strings"
	"testing"

	"pollux/flow"
)

func TestStats(t *testing.T) {
	r, err := ParseRule("table=3,priority=5,cookie=0x5,idle_timeout=5,hard_timeout=6,send_flow_rem,in_port=1,ip,actions=output:2", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stats Stats
		want  string
	}{
		{Stats{DurationNsec: 3e9, Packets: 4, Bytes: 240, IdleSec: 1},
			"cookie=0x5, duration=3s, table=3, n_packets=4, n_bytes=240, idle_timeout=5, hard_timeout=6, send_flow_rem idle_age=1, priority=5,ip,in_port=1 actions=output:2"},
		{Stats{DurationNsec: 5e6, IdleSec: -1},
			"cookie=0x5, duration=0.005s, table=3, n_packets=0, n_bytes=0, idle_timeout=5, hard_timeout=6, send_flow_rem priority=5,ip,in_port=1 actions=output:2"},
		{Stats{DurationNsec: 1e9 + 1, IdleSec: -1},
			"cookie=0x5, duration=1.000000001s, table=3, n_packets=0, n_bytes=0, idle_timeout=5, hard_timeout=6, send_flow_rem priority=5,ip,in_port=1 actions=output:2"},
	} {
		text := string(r.AppendStats(nil, nil, &c.stats))
		if text != c.want {
			t.Errorf("%s\nwant\n%s", text, c.want)
		}
		again, err := ParseRule(text, nil)
		if err != nil || again.String() != r.String() {
			t.Errorf("%s is read as %s, %v", text, again.String(), err)
		}
	}
}

func TestSubfield(t *testing.T) {
	var k flow.Key
	s := Subfield{flow.FieldXXReg0, 60, 10}
	s.Set(&k, flow.Value{Lo: 0x2a5})
	if got := s.Get(&k); got.Lo != 0x2a5 || flow.FieldXXReg0.Field().Get(&k) != (flow.Value{Hi: 0x2a, Lo: 5 << 60}) {
		t.Errorf("%#x in %#x", got, k)
	}
	WholeField(flow.FieldReg0).Set(&k, flow.Value{Lo: 7})
	if got := (Subfield{flow.FieldReg0, 0, 3}).Get(&k); got.Lo != 7 {
		t.Errorf("reg0 is %#x", got)
	}
}

func TestFiles(t *testing.T) {
	const file = "priority=1,actions=1\n\n# nothing\nmodify actions=2 # all\ndelete in_port=3\npriority=1,bogus=2,actions=3\n"
	var commands []Command
	refused := errors.New("refused")
	err := EachFlowMod(strings.NewReader(file), nil, func(m *FlowMod) error {
		commands = append(commands, m.Command)
		if m.Command == Delete {
			return refused
		}
		return nil
	})
	if len(commands) != 3 || !errors.Is(err, refused) || !errors.Is(err, flow.ErrNoField) {
		t.Errorf("%v, %v", commands, err)
	}
	for _, line := range []string{"line 5: refused", `line 6: no such field "bogus"`} {
		if !strings.Contains(err.Error(), line) {
			t.Errorf("%q does not tell %q", err, line)
		}
	}
	if _, err := ParseRules(strings.NewReader(strings.Repeat("x", maxLine+1)), nil); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a line too long: %v", err)
	}
	if _, err := ParseFlowMods(strings.NewReader(strings.Repeat("bogus\n", 100)), nil); strings.Count(err.Error(), "\n") != maxErrors-1 {
		t.Errorf("100 wrong lines: %v", err)
	}
}
