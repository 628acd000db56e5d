package vlog

import (
	"strings"
	"testing"
)

// What vlog/list of Open vSwitch 3.1 prints for modules of these names after
// the same vlog/set, captured from its ovsdb-server.
func TestListAfterSet(t *testing.T) {
	const head = "                 console    syslog    file\n                 -------    ------    ------\n"
	for _, test := range []struct{ specs, want string }{
		{"", "command_line       OFF       INFO       INFO\n" +
			"dpif_lookup_autovalidator   OFF       INFO       INFO\n" +
			"jsonrpc            OFF       INFO       INFO\n"},
		{"jsonrpc:file:dbg", "command_line       OFF       INFO       INFO\n" +
			"dpif_lookup_autovalidator   OFF       INFO       INFO\n" +
			"jsonrpc            OFF       INFO        DBG\n"},
		{"CONSOLE:DBG|file,warn", "command_line       DBG       INFO       WARN\n" +
			"dpif_lookup_autovalidator   DBG       INFO       WARN\n" +
			"jsonrpc            DBG       INFO       WARN\n"},
		{"jsonrpc|any any:err:command_line", "command_line       ERR        ERR        ERR\n" +
			"dpif_lookup_autovalidator   OFF       INFO       INFO\n" +
			"jsonrpc            DBG        DBG        DBG\n"},
		{"emer", "command_line      EMER       EMER       EMER\n" +
			"dpif_lookup_autovalidator  EMER       EMER       EMER\n" +
			"jsonrpc           EMER       EMER       EMER\n"},
	} {
		l := New(Options{Level: LevelInfo})
		for _, name := range []string{"jsonrpc", "dpif_lookup_autovalidator", "command_line"} {
			l.Module(name)
		}
		specs := append([]string{"console:off"}, strings.Split(test.specs, "|")...)
		for _, spec := range specs {
			if spec == "" {
				continue
			}
			if err := l.Set(spec); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.List(); got != head+test.want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", test.specs, got, head+test.want)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	l := New(Options{})
	l.Module("a")
	l.Module("b")
	before := l.List()
	for spec, want := range map[string]string{
		"foo":              `no destination, level, or module "foo"`,
		"a:bar:info":       `no destination, level, or module "bar"`,
		"a,b":              "cannot specify multiple modules",
		"file console":     "cannot specify multiple destinations",
		"dbg:info":         "cannot specify multiple levels",
		"PATTERN:file:%m":  "pattern cannot be changed",
		"FACILITY:daemon":  "facility cannot be changed",
		"a:file:dbg:bogus": `no destination, level, or module "bogus"`,
	} {
		if err := l.Set(spec); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", spec, err, want)
		}
	}
	if after := l.List(); after != before {
		t.Errorf("a refused spec changed levels:\n%s", after)
	}
}

func TestPatterns(t *testing.T) {
	const want = "         prefix                            format\n" +
		"         ------                            ------\n" +
		"SYSLOG   <%B> %D{%h %e %T} %E %A:          ovs|%05N|%c%T|%p|%m\n" +
		"CONSOLE  none                              %D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m\n" +
		"FILE     none                              %D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m\n"
	if got := New(Options{}).Patterns(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func FuzzSet(f *testing.F) {
	for _, spec := range []string{"", "a:file:dbg", "PATTERN:any:%m", " ,,:", "any", "off emer", "b\x00"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		l := New(Options{})
		l.Module("a")
		before := l.List()
		if err := l.Set(spec); err != nil && l.List() != before {
			t.Errorf("%q gave %v and changed levels", spec, err)
		}
	})
}
