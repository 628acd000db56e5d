package config

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// places remembers where in a document each key and value stands, because
// decoding into a struct forgets it and a value is found out of range only
// afterwards. They are in the order of the document.
type places []place

type place struct {
	path  string        // "datapath.batch", "device[1].queues"
	key   string        // path without indices, as in the settings tables
	keyAt uint32        // offset in the document
	at    uint32        // of the value, or of the key where the parser does not say
	kind  unstable.Kind // of the value; Table or ArrayTable for a header
}

// find returns the last place of a path: where a key stands twice, the second
// is the one to complain about.
func (p places) find(path string) *place {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i].path == path {
			return &p[i]
		}
	}
	return nil
}

// nearest is the place of a path or, when it is not in the document, of the
// table it would belong to.
func (p places) nearest(path string) *place {
	for path != "" {
		if at := p.find(path); at != nil {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return nil
}

// findPlaces walks a document as far as it can be parsed; whole is false when
// that is not to its end.
func findPlaces(document []byte) (found places, whole bool) {
	w := walk{lists: map[string]int{}}
	w.parser.Reset(document)
	for w.parser.NextExpression() {
		expression := w.parser.Expression()
		switch expression.Kind {
		case unstable.Table:
			w.table = w.path("", expression.Key())
			w.note(w.table, expression, expression.Key())
		case unstable.ArrayTable:
			list := w.path("", expression.Key())
			w.table = fmt.Sprintf("%s[%d]", list, w.lists[list])
			w.lists[list]++
			w.note(w.table, expression, expression.Key())
		case unstable.KeyValue:
			w.keyValue(w.table, expression)
		}
	}
	return w.found, w.parser.Error() == nil
}

type walk struct {
	parser unstable.Parser
	table  string         // path of the table header above
	lists  map[string]int // tables seen so far of each list of tables
	found  places
}

func (w *walk) keyValue(table string, node *unstable.Node) {
	path := w.path(table, node.Key())
	value := node.Value()
	w.note(path, value, node.Key())
	w.inside(path, value)
}

// inside follows tables written inline.
func (w *walk) inside(path string, value *unstable.Node) {
	children := value.Children()
	switch value.Kind {
	case unstable.InlineTable:
		for children.Next() {
			w.keyValue(path, children.Node())
		}
	case unstable.Array:
		for i := 0; children.Next(); i++ {
			if element := children.Node(); element.Kind == unstable.InlineTable {
				w.inside(fmt.Sprintf("%s[%d]", path, i), element)
			}
		}
	}
}

// path joins the parts of a key under a table. A part that names a list of
// tables means its newest table: in [device.x], "device" is the last one.
func (w *walk) path(table string, key unstable.Iterator) string {
	path := table
	for key.Next() {
		if n := w.lists[path]; n > 0 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
		if path != "" {
			path += "."
		}
		path += string(key.Node().Data)
	}
	return path
}

func (w *walk) note(path string, value *unstable.Node, key unstable.Iterator) {
	key.Next()
	at := place{path: path, key: withoutIndices(path), keyAt: key.Node().Raw.Offset, kind: value.Kind}
	at.at = at.keyAt
	if value.Raw.Length > 0 {
		at.at = value.Raw.Offset
	}
	w.found = append(w.found, at)
}

func withoutIndices(path string) string {
	var b strings.Builder
	for {
		before, rest, more := strings.Cut(path, "[")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		_, path, _ = strings.Cut(rest, "]")
	}
}

// lineColumn turns an offset into a line and a column, both from 1; columns
// count bytes, as go-toml's do.
func lineColumn(document []byte, offset uint32) (line, column int) {
	before := document[:min(int(offset), len(document))]
	line = 1 + bytes.Count(before, []byte{'\n'})
	column = len(before) - bytes.LastIndexByte(before, '\n')
	return line, column
}
