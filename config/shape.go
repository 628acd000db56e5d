package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// The shape of a document is which keys it has and of which TOML type their
// values are. It is held against the settings tables before anything is
// decoded: go-toml alone stops at the first value of a wrong type, forgets
// where a bare number stood that should have been a duration, and takes "Batch"
// for "batch" and [device] for [[device]].

// misshapen is every unknown key and every value of the wrong type.
func (s *source) misshapen(m Machine) []*Error {
	var problems []*Error
	reported := "" // a table that is wrong as a whole, so that its keys need no words
	for _, p := range s.places {
		if reported != "" && strings.HasPrefix(p.key, reported+".") {
			continue
		}
		want, known := shapeOf(p.key, m)
		switch list := listOf(p.path); {
		case list != "": // device.name = "x", or a key of [device]
			want, _ = shapeOf(list, m)
			problems = append(problems, s.report(p.keyAt, list, "is "+want.allowed))
			reported = list
		case !known:
			problems = append(problems, s.report(p.keyAt, "", unknownKey(p.key)))
			reported = p.key
		case !want.takes(p.kind):
			problems = append(problems, s.report(p.at, p.path, fmt.Sprintf("%s does not fit: must be %s", kindName(p.kind), want.allowed)))
			reported = p.key
		}
	}
	return problems
}

// listOf is the list of tables whose member a path names without saying which.
func listOf(path string) string {
	for _, list := range []string{deviceKey, pinKey} {
		if strings.HasPrefix(path, list+".") {
			return list
		}
	}
	return ""
}

func (s *source) report(offset uint32, key, problem string) *Error {
	line, column := lineColumn(s.document, offset)
	return &Error{File: s.file, Line: line, Column: column, Key: key, Problem: problem}
}

// shape is what may stand behind a key.
type shape struct {
	kinds   []unstable.Kind
	allowed string // completes "must be"
}

func (want shape) takes(kind unstable.Kind) bool {
	return slices.Contains(want.kinds, kind)
}

func shapeOf(key string, m Machine) (want shape, known bool) {
	switch {
	case key == deviceKey || key == pinKey:
		return shape{[]unstable.Kind{unstable.ArrayTable, unstable.Array}, "a list of tables, written [[" + key + "]]"}, true
	case len(keysOf(key)) > 0:
		return shape{[]unstable.Kind{unstable.Table, unstable.InlineTable}, "a table, written [" + key + "]"}, true
	}
	if rest, ok := strings.CutPrefix(key, deviceKey+"."); ok {
		return shapeIn(deviceSettings, rest, m)
	}
	if rest, ok := strings.CutPrefix(key, pinKey+"."); ok {
		return shapeIn(pinSettings, rest, m)
	}
	return shapeIn(settings, key, m)
}

func shapeIn[T any](table []setting[T], key string, m Machine) (want shape, known bool) {
	var t T
	for _, s := range table {
		if s.key == key {
			return shape{[]unstable.Kind{kindOf(s.at(&t))}, s.rule.allowed(m)}, true
		}
	}
	return shape{}, false
}

func kindOf(value any) unstable.Kind {
	switch value.(type) {
	case *int:
		return unstable.Integer
	case *bool:
		return unstable.Bool
	case *[]int:
		return unstable.Array
	}
	return unstable.String // and what is written as one
}

func kindName(kind unstable.Kind) string {
	switch kind {
	case unstable.Table, unstable.InlineTable:
		return "a table"
	case unstable.ArrayTable:
		return "a list of tables"
	case unstable.Array:
		return "a list"
	case unstable.String:
		return "a string"
	case unstable.Bool:
		return "a boolean"
	case unstable.Integer:
		return "a whole number"
	case unstable.Float:
		return "a number with a fraction"
	}
	return "a date or time"
}

// unknownKey says which keys the innermost table that exists has.
func unknownKey(key string) string {
	parts := strings.Split(key, ".")
	for n := len(parts) - 1; n >= 0; n-- {
		table := strings.Join(parts[:n], ".")
		if known := keysOf(table); len(known) > 0 {
			where := "in [" + table + "]"
			if table == "" {
				where = "at the top"
			}
			return fmt.Sprintf("unknown key %q: allowed %s: %s", parts[n], where, strings.Join(known, ", "))
		}
	}
	return fmt.Sprintf("unknown key %q", key)
}

// keysOf is the keys that may stand in a table, in the order of the settings
// tables; "" is the top of the file. No table, no keys.
func keysOf(table string) []string {
	switch table {
	case "":
		return append(names(settings, ""), deviceKey)
	case deviceKey:
		return names(deviceSettings, "")
	case pinKey:
		return names(pinSettings, "")
	}
	keys := names(settings, table+".")
	if rest, ok := strings.CutPrefix(pinKey, table+"."); ok {
		keys = append(keys, rest)
	}
	return keys
}

// names is the next part of every key that begins with prefix, each once.
func names[T any](table []setting[T], prefix string) []string {
	var list []string
	for _, s := range table {
		if rest, ok := strings.CutPrefix(s.key, prefix); ok {
			name, _, _ := strings.Cut(rest, ".")
			if !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list
}
