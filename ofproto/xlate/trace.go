package xlate

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"pollux/flow"
	"pollux/ofproto/table"
	"pollux/openflow"
)

// Trace notes down a translation for people: which rules matched, what they
// did, and why something was not done. It is a tree; what is last in its list is not indented further, so
// that a long chain of tables reads from top to bottom.
type Trace struct {
	nodes []*traceNode
	at    *[]*traceNode // where the next one goes
}

type traceKind uint8

const (
	traceTable traceKind = iota
	traceAction
	traceDetail // what came out of an action
	traceWarn   // something was not done
	traceError  // the packet is given up
)

type traceNode struct {
	kind traceKind
	text string
	subs []*traceNode
}

func (t *Trace) add(kind traceKind, text string) *traceNode {
	if t.at == nil {
		t.at = &t.nodes
	}
	n := &traceNode{kind: kind, text: text}
	*t.at = append(*t.at, n)
	return n
}

// push remembers where the list of now goes on; pop goes back there.
func (t *Trace) push() *[]*traceNode {
	if t == nil {
		return nil
	}
	return t.at
}

func (t *Trace) pop(at *[]*traceNode) {
	if t != nil {
		t.at = at
	}
}

// table begins the list of what happens in a table.
func (t *Trace) table(id uint8, r *table.Rule) {
	text := fmt.Sprintf("%2d. No match.", id)
	if r != nil {
		m := r.Match()
		text = fmt.Sprintf("%2d. ", id)
		if s := m.Append(nil, nil); len(s) > 0 {
			text += string(s) + ", "
		}
		text += fmt.Sprintf("priority %d", r.Priority)
		if r.Cookie != 0 {
			text += fmt.Sprintf(", cookie %#x", r.Cookie)
		}
	}
	n := t.add(traceTable, text)
	t.at = &n.subs
	if r == nil || isDrop(r.Instructions) {
		t.add(traceAction, "drop")
	}
}

// isDrop reports whether instructions do nothing at all.
func isDrop(i *openflow.Instructions) bool {
	return len(i.Apply) == 0 && len(i.Write) == 0 && i.Goto == 0 && i.MetadataMask == 0 && !i.Clear && i.Meter == 0
}

func (t *Trace) action(a openflow.Action) {
	t.add(traceAction, string(openflow.AppendActions(nil, []openflow.Action{a}, nil)))
}

// now tells what is in a field after it was copied there.
func (t *Trace) now(sub openflow.Subfield, k *flow.Key) {
	name, _ := bytes.CutPrefix(openflow.AppendActions(nil, []openflow.Action{openflow.Push{Src: sub}}, nil), []byte("push:"))
	v := sub.Get(k)
	text := fmt.Appendf(nil, "%#x", v.Lo)
	switch f := sub.Field.Field(); {
	case sub.Whole():
		text = flow.AppendValue(nil, f, v, f.Ones(), nil)
	case v.Hi != 0:
		text = fmt.Appendf(nil, "%#x%016x", v.Hi, v.Lo)
	}
	t.add(traceDetail, fmt.Sprintf("%s is now %s", name, text))
}

func (x *Translator) detail(kind traceKind, format string, args ...any) {
	if x.trace != nil {
		x.trace.add(kind, fmt.Sprintf(format, args...))
	}
}

func (x *Translator) traceText(format string, args ...any) { x.detail(traceAction, format, args...) }

// Write prints the trace in the layout of ofproto/trace of ovs-appctl.
func (t *Trace) Write(w io.Writer) { writeNodes(w, t.nodes, 0) }

func writeNodes(w io.Writer, nodes []*traceNode, level int) {
	for i, n := range nodes {
		more := 0
		if i < len(nodes)-1 || n.kind != traceTable {
			more = 1
		}
		indent := strings.Repeat(" ", 4*(level+more))
		switch n.kind {
		case traceDetail:
			fmt.Fprintf(w, "%s -> %s\n", indent, n.text)
		case traceWarn:
			fmt.Fprintf(w, "%s >> %s\n", indent, n.text)
		case traceError:
			fmt.Fprintf(w, "%s >>>> %s <<<<\n", indent, n.text)
		default:
			fmt.Fprintf(w, "%s%s\n", indent, n.text)
		}
		writeNodes(w, n.subs, level+2*more)
	}
}
