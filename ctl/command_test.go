package ctl

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// echo answers with its arguments; fail fails with them.
func testCommands() *Commands {
	c := &Commands{}
	c.AddBuiltins(Hooks{Version: "pollux 0.0.test"})
	c.Add(
		Command{"test/echo", "word [word]", 1, 2, func(_ context.Context, args []string) (string, error) {
			return strings.Join(args, "|"), nil
		}},
		Command{"test/fail", "[word]...", 0, Any, func(_ context.Context, args []string) (string, error) {
			return "half done", errors.New("fail test: " + strings.Join(args, "|"))
		}},
		Command{"test/a-command-of-a-long-name", "x", 0, 0, text(func() string { return "" })},
	)
	return c
}

func TestRun(t *testing.T) {
	c := testCommands()
	for _, test := range []struct{ line, want, err string }{
		{"version", "pollux 0.0.test", ""},
		{"version a", "", `"version" command takes at most 0 arguments`},
		{"test/echo", "", `"test/echo" command requires at least 1 arguments`},
		{"test/echo a b", "a|b", ""},
		{"test/echo a b c", "", `"test/echo" command takes at most 2 arguments`},
		{"test/fail a b c", "half done", "fail test: a|b|c"},
		{"nosuch", "", `"nosuch" is not a valid command (use "list-commands" to see a list of valid commands)`},
	} {
		words := strings.Fields(test.line)
		got, err := c.Run(context.Background(), words[0], words[1:])
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != test.want || text != test.err {
			t.Errorf("%s: got %q, %q, want %q, %q", test.line, got, text, test.want, test.err)
		}
	}
}

func TestListCommands(t *testing.T) {
	const want = `The available commands are:
  list-commands           
  test/a-command-of-a-long-name x
  test/echo               word [word]
  test/fail               [word]...
  version                 
`
	if got, err := testCommands().Run(context.Background(), "list-commands", nil); err != nil || got != want {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

func TestNameTwiceIsAMistake(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	c := testCommands()
	c.Add(Command{Name: "version", Run: text(func() string { return "" })})
}

// logSpy notes what the vlog commands ask for.
type logSpy struct{ calls []string }

func (l *logSpy) note(words ...string) error {
	l.calls = append(l.calls, strings.Join(words, " "))
	if words[len(words)-1] == "bad" {
		return errors.New("refused")
	}
	return nil
}
func (l *logSpy) Set(spec string) error { return l.note("set", spec) }
func (l *logSpy) List() string          { return "list\n" }
func (l *logSpy) Patterns() string      { return "patterns\n" }
func (l *logSpy) Reopen() error         { return l.note("reopen") }
func (l *logSpy) CloseFile() error      { return l.note("close") }
func (l *logSpy) SetRateLimits(on bool, modules ...string) error {
	if on {
		return l.note(append([]string{"limit"}, modules...)...)
	}
	return l.note(append([]string{"unlimit"}, modules...)...)
}

func TestBuiltins(t *testing.T) {
	spy := &logSpy{}
	c := &Commands{}
	c.AddBuiltins(Hooks{Log: spy, Exit: func(_ context.Context, cleanup bool) error {
		return spy.note("exit", map[bool]string{true: "cleanup", false: "plain"}[cleanup])
	}})
	for _, test := range []struct{ line, want, err, calls string }{
		{"vlog/list", "list\n", "", ""},
		{"vlog/list-pattern", "patterns\n", "", ""},
		{"vlog/set a:dbg off", "", "", "set a:dbg;set off"},
		{"vlog/set bad off", "", "refused", "set bad"},
		{"vlog/set", "", "", "set "},
		{"vlog/reopen", "", "", "reopen"},
		{"vlog/close", "", "", "close"},
		{"vlog/enable-rate-limit", "", "", "limit"},
		{"vlog/disable-rate-limit a b", "", "", "unlimit a b"},
		{"exit", "", "", "exit plain"},
		{"exit --cleanup", "", "", "exit cleanup"},
		{"exit now", "", `unknown option "now": only --cleanup is allowed`, ""},
	} {
		spy.calls = nil
		words := strings.Fields(test.line)
		got, err := c.Run(context.Background(), words[0], words[1:])
		text := ""
		if err != nil {
			text = err.Error()
		}
		if calls := strings.Join(spy.calls, ";"); got != test.want || text != test.err || calls != test.calls {
			t.Errorf("%s: got %q, %q, calls %q", test.line, got, text, calls)
		}
	}
}
