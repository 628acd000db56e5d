package vlog

import (
	"fmt"
	"log/slog"
	"strings"
)

// Set changes levels as vlog/set of ovs-appctl(8) does: spec is up to one
// module, one destination (console, syslog, file) and one level, in any order,
// split by blanks, commas or colons, in any case. What is missing means all of
// its kind; a missing level means dbg; ANY means nothing. A wrong spec changes
// nothing. Patterns and facilities cannot be set.
func (l *Log) Set(spec string) error {
	words := strings.FieldsFunc(spec, func(c rune) bool { return strings.ContainsRune(" ,:\t", c) })
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(words) > 0 && (strings.EqualFold(words[0], "PATTERN") || strings.EqualFold(words[0], "FACILITY")) {
		return fmt.Errorf("%s cannot be changed", strings.ToLower(words[0]))
	}
	c := choice{destination: -1}
	for _, word := range words {
		if err := l.choose(&c, word); err != nil {
			return err
		}
	}
	level := LevelDbg
	if c.level != nil {
		level = *c.level
	}
	l.set(c.module, c.destination, level)
	return nil
}

// choice is a spec as far as it was read.
type choice struct {
	module      *module // nil: all
	destination int     // -1: all
	level       *slog.Level
}

// choose reads one word. The caller holds mu.
func (l *Log) choose(c *choice, word string) error {
	if strings.EqualFold(word, "ANY") {
		return nil
	}
	if d := findDestination(word); d >= 0 {
		if c.destination >= 0 {
			return fmt.Errorf("cannot specify multiple destinations")
		}
		c.destination = d
		return nil
	}
	if level, ok := findLevel(word); ok {
		if c.level != nil {
			return fmt.Errorf("cannot specify multiple levels")
		}
		c.level = &level
		return nil
	}
	if m := l.findModule(word); m != nil {
		if c.module != nil {
			return fmt.Errorf("cannot specify multiple modules")
		}
		c.module = m
		return nil
	}
	return fmt.Errorf("no destination, level, or module %q", word)
}

// set is Set with the spec understood: a nil module is all of them, now and to
// come; destination -1 is all. The caller holds mu.
func (l *Log) set(only *module, destination int, level slog.Level) {
	for d := range numDestinations {
		if destination >= 0 && d != destination {
			continue
		}
		if only != nil {
			only.levels[d].Store(int64(level))
			continue
		}
		l.first[d] = level
		for _, m := range l.modules {
			m.levels[d].Store(int64(level))
		}
	}
}

func findDestination(word string) int {
	for d, name := range destinationNames {
		if strings.EqualFold(name, word) {
			return d
		}
	}
	return -1
}

func (l *Log) findModule(word string) *module {
	for name, m := range l.modules {
		if strings.EqualFold(name, word) {
			return m
		}
	}
	return nil
}

// List is the levels of every module, as vlog/list prints them.
func (l *Log) List() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	b.WriteString("                 console    syslog    file\n")
	b.WriteString("                 -------    ------    ------\n")
	for _, m := range l.sortedModules() {
		name := func(d int) string { return levelName(slog.Level(m.levels[d].Load())) }
		fmt.Fprintf(&b, "%-16s  %4s       %4s       %4s", m.name, name(console), name(syslog), name(file))
		if !m.limited.Load() {
			b.WriteString("    (rate limiting disabled)")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Patterns is the layout of each destination, as vlog/list-pattern prints it.
// The program, %A, is put before a line of syslog by whoever writes it there;
// %T, a part of a program, is always empty.
func (l *Log) Patterns() string {
	const line = "%05N|%c%T|%p|%m"
	return "         prefix                            format\n" +
		"         ------                            ------\n" +
		fmt.Sprintf("%-7s  %-32s  %s\n", "SYSLOG", "<%B> %D{%h %e %T} %E %A:", "ovs|"+line) +
		fmt.Sprintf("%-7s  %-32s  %s\n", "CONSOLE", "none", "%D{%Y-%m-%dT%H:%M:%SZ}|"+line) +
		fmt.Sprintf("%-7s  %-32s  %s\n", "FILE", "none", "%D{%Y-%m-%dT%H:%M:%S.###Z}|"+line)
}

// SetRateLimits makes RateLimit heeded or not, in the modules named or, when
// none is, in all of them, as vlog/enable-rate-limit and -disable- do.
func (l *Log) SetRateLimits(on bool, modules ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(modules) == 0 {
		modules = []string{"ANY"}
	}
	for _, name := range modules {
		if strings.EqualFold(name, "ANY") {
			l.limited = on
			for _, m := range l.modules {
				m.limited.Store(on)
			}
		} else if m := l.findModule(name); m != nil {
			m.limited.Store(on)
		} else {
			return fmt.Errorf("unknown module")
		}
	}
	return nil
}
