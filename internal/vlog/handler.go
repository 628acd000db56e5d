package vlog

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// handler is the slog.Handler of one module. Attributes follow the message as
// key=value, those of groups as group.key=value.
type handler struct {
	log    *Log
	module *module
	attrs  string // " key=value" of With, already formatted
	group  string // "group." of WithGroup
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return h.module.wants(level) }

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	text := []byte(h.attrs)
	for _, a := range attrs {
		text = appendAttr(text, h.group, a)
	}
	return &handler{h.log, h.module, string(text), h.group}
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{h.log, h.module, h.attrs, h.group + name + "."}
}

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	text := appendEscaped(nil, strings.TrimRight(r.Message, "\n"))
	text = append(text, h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		text = appendAttr(text, h.group, a)
		return true
	})
	return h.log.write(h.module, r.Level, r.Time, text)
}

// write puts one line into every destination whose level lets it. The serial
// number counts records that went anywhere, not lines.
func (l *Log) write(m *module, level slog.Level, at time.Time, text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var failed error
	counted := false
	for d, out := range l.out {
		if out == nil || int64(level) < m.levels[d].Load() {
			continue
		}
		if !counted {
			l.serial++
			counted = true
		}
		if _, err := out.Write(appendLine(nil, d, l.serial, m.name, level, at, text)); err != nil {
			failed = err
		}
	}
	return failed
}

// appendLine is the layout: console to the second, syslog without time because
// the daemon has its own and with the "ovs|" that scripts look for, file to the millisecond.
func appendLine(b []byte, destination int, serial uint64, module string, level slog.Level, at time.Time, text []byte) []byte {
	switch destination {
	case console:
		b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05Z|")
	case syslog:
		b = append(b, "ovs|"...)
	case file:
		b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z|")
	}
	number := strconv.FormatUint(serial, 10)
	if len(number) < 5 {
		b = append(b, "00000"[len(number):]...)
	}
	b = append(b, number...)
	b = append(b, '|')
	b = append(b, module...)
	b = append(b, '|')
	b = append(b, levelName(level)...)
	b = append(b, '|')
	b = append(b, text...)
	return append(b, '\n')
}

func appendAttr(b []byte, group string, a slog.Attr) []byte {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range value.Group() {
			b = appendAttr(b, group, inner)
		}
		return b
	}
	if a.Equal(slog.Attr{}) {
		return b
	}
	b = append(b, ' ')
	b = appendEscaped(b, group+a.Key)
	b = append(b, '=')
	text := value.String()
	if value.Kind() == slog.KindTime {
		text = value.Time().UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if needsQuotes(text) {
		return strconv.AppendQuote(b, text)
	}
	return append(b, text...)
}

func needsQuotes(text string) bool {
	return text == "" || strings.ContainsFunc(text, func(c rune) bool {
		return c <= ' ' || c == '"' || c == '=' || c == 0x7f || c == utf8.RuneError
	})
}

// appendEscaped keeps a message one line: what others write into it (names of
// devices, words of a controller) cannot forge a line or move a cursor.
func appendEscaped(b []byte, text string) []byte {
	for len(text) > 0 {
		c, size := utf8.DecodeRuneInString(text)
		switch {
		case c == utf8.RuneError && size == 1, !strconv.IsPrint(c) && c != '\t':
			quoted := strconv.AppendQuote(nil, text[:size])
			b = append(b, quoted[1:len(quoted)-1]...)
		default:
			b = append(b, text[:size]...)
		}
		text = text[size:]
	}
	return b
}
