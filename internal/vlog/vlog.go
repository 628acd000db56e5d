// Package vlog logs as Open vSwitch does, under log/slog: the same line
// layout, a level for every module and destination that ovs-appctl changes
// while the switch runs, the same text from vlog/list.
//
//	2026-01-01T00:00:00.000Z|00001|ofproto|INFO|added port port=3 name=eth0
//
// A Log has up to three destinations (console, syslog, file) and as many
// modules as have asked for a logger. Whether a record is wanted is two atomic
// loads; what is wanted is formatted into one buffer and written under one
// lock, so lines never mix. The time of a record is the one slog gave it: this
// package reads no clock and opens no socket, and syslog is a writer that the
// caller brings.
//
// Nothing on the packet's way may log. A message that traffic can cause must
// go through RateLimit.
package vlog

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Levels of Open vSwitch on slog's scale. slog's own Debug, Info, Warn and
// Error are DBG, INFO, WARN and ERR.
const (
	LevelDbg  = slog.LevelDebug
	LevelInfo = slog.LevelInfo
	LevelWarn = slog.LevelWarn
	LevelErr  = slog.LevelError
	LevelEmer = slog.LevelError + 4
	levelOff  = slog.LevelError + 8 // only as a threshold
)

var levels = []struct {
	name  string
	level slog.Level
}{{"OFF", levelOff}, {"EMER", LevelEmer}, {"ERR", LevelErr}, {"WARN", LevelWarn}, {"INFO", LevelInfo}, {"DBG", LevelDbg}}

// levelName is the name of the least severe level that is at least l.
func levelName(l slog.Level) string {
	for _, known := range levels {
		if l >= known.level {
			return known.name
		}
	}
	return "DBG"
}

// Destinations, in the order in which vlog/list prints them.
const (
	console = iota
	syslog
	file
	numDestinations
)

var destinationNames = [numDestinations]string{"console", "syslog", "file"}

// Options is where a new Log writes. A nil writer is no destination.
type Options struct {
	Console io.Writer
	Syslog  io.Writer  // gets one Write a line, without time
	Level   slog.Level // of every module at first; see ParseLevel
}

// Log is the destinations and the modules. Its methods may be called from any
// goroutine.
type Log struct {
	mu      sync.Mutex // orders lines, guards all but levels and limits in modules
	out     [numDestinations]io.Writer
	path    string // of the log file, "" when none was ever opened
	close   io.Closer
	serial  uint64
	first   [numDestinations]slog.Level // of modules that are still to come
	limited bool                        // RateLimit is heeded in modules still to come
	modules map[string]*module
}

// module is one name before the level in a line.
type module struct {
	name    string
	levels  [numDestinations]atomic.Int64 // thresholds, a slog.Level each
	limited atomic.Bool
}

// New makes a Log without a file.
func New(o Options) *Log {
	l := &Log{modules: map[string]*module{}, limited: true}
	l.out[console], l.out[syslog] = o.Console, o.Syslog
	for d := range l.first {
		l.first[d] = o.Level
	}
	return l
}

// Module returns the logger of a module and makes the module known to Set and
// List. Asked twice it gives loggers of the same module.
func (l *Log) Module(name string) *slog.Logger {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.modules[name]
	if m == nil {
		m = &module{name: name}
		for d, level := range l.first {
			m.levels[d].Store(int64(level))
		}
		m.limited.Store(l.limited)
		l.modules[name] = m
	}
	return slog.New(&handler{log: l, module: m})
}

// ParseLevel reads the name of a level, in any case.
func ParseLevel(name string) (slog.Level, error) {
	level, ok := findLevel(name)
	if !ok {
		return 0, fmt.Errorf("read log level: %q is not off, emer, err, warn, info or dbg", name)
	}
	return level, nil
}

func findLevel(name string) (slog.Level, bool) {
	for _, known := range levels {
		if strings.EqualFold(known.name, name) {
			return known.level, true
		}
	}
	return 0, false
}

// sortedModules is the modules by name. The caller holds mu.
func (l *Log) sortedModules() []*module {
	list := make([]*module, 0, len(l.modules))
	for _, m := range l.modules {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *module) int { return strings.Compare(a.name, b.name) })
	return list
}

// wants tells whether any destination takes a record of this level.
func (m *module) wants(level slog.Level) bool {
	for d := range m.levels {
		if int64(level) >= m.levels[d].Load() {
			return true
		}
	}
	return false
}
