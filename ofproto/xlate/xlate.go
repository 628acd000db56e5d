package xlate

import (
	"fmt"

	"pollux/action"
	"pollux/counter"
	"pollux/flow"
	"pollux/ofproto/table"
	"pollux/openflow"
)

// Bounds on what one packet may cause, those of Open vSwitch. A packet that
// would go beyond is dropped.
const (
	maxDepth     = 64      // of resubmits to the same or an earlier table, one inside the other
	maxResubmits = 64 * 64 // in all
	maxStack     = 1 << 13 // values pushed
)

// Translator translates packets, one after the other, in memory that it keeps.
// One goroutine may use it.
type Translator struct {
	view  *View
	trace *Trace // nil if nobody wants to know

	key   flow.Key  // the packet as the rules have made it, the port in it an openflow.Port
	base  flow.Key  // the packet as the actions in out have made it
	dirty bool      // key may differ from base
	seen  flow.Mask // bits of the packet that decided something
	in    *Port     // where it came in, nil for nowhere
	orig  flow.Key  // the packet as it came

	buried int // tags that were pushed down below the two that the key has

	below    flow.Key // the packet before it got its first MPLS label, if hasBelow
	hasBelow bool

	res  Result
	out  action.List
	sent bool // out sends the packet somewhere

	cookie    uint64 // of the rule whose actions are worked on
	table     uint8  // and where it is
	depth     int
	resubmits int
	exit      bool // an exit action: nothing more is done
	failed    bool
	unknown   bool    // headers behind a label that was taken off: key has zeros for them
	freezing  bool    // translation stops, and unwinds into frames
	frames    []Frame // what was left to do, the innermost first
	stack     []flow.Value
	set       []openflow.Action // the action set
}

// Translate makes the flow of the packet with this key, fresh from the datapath.
func Translate(v *View, key *flow.Key) *Result { return new(Translator).Translate(v, key) }

// Translate makes the flow of the packet with this key, fresh from the datapath.
func (x *Translator) Translate(v *View, key *flow.Key) *Result {
	p := v.Ports.Datapath(DatapathPort(key[flow.WordPort] >> 32))
	if p == nil {
		x.begin(v, key)
		x.fail(counter.FlowDrop, "datapath port %d belongs to no OpenFlow port", key[flow.WordPort]>>32)
		return x.end()
	}
	k := *key
	k[flow.WordPort] = uint64(p.Number)<<32 | key[flow.WordPort]&0xffffffff
	return x.TranslateKey(v, &k)
}

// TranslateKey is Translate for a key that has an OpenFlow port in it, perhaps none of the bridge's.
func (x *Translator) TranslateKey(v *View, key *flow.Key) *Result {
	x.begin(v, key)
	switch {
	case uint32(key[flow.WordPort]) != 0:
		if f := v.thaw(uint32(key[flow.WordPort])); f != nil {
			x.thaw(f)
			x.finish()
		} else {
			x.fail(counter.RecirculationMiss, "recirculation id %#x is not known", uint32(key[flow.WordPort]))
		}
	case x.in != nil && x.in.NoRecv:
		x.detail(traceWarn, "OFPPC_NO_RECV set, dropping")
	default:
		x.table = 0
		if r := x.lookup(0, x.inPort()); r != nil {
			x.apply(r, 0)
		}
		x.finish()
	}
	return x.end()
}

// finish does what remains at the end of the packet's way through the tables.
func (x *Translator) finish() {
	x.actionSet()
	if x.freezing && !x.failed {
		x.freeze()
	}
}

// TranslateActions makes the actions for a packet that a controller sends: its
// key has an OpenFlow port in it, perhaps none. The mask of the result means nothing.
func (x *Translator) TranslateActions(v *View, key *flow.Key, list []openflow.Action) *Result {
	x.begin(v, key)
	x.table = 255
	x.instructions(&openflow.Instructions{Apply: list})
	x.finish()
	return x.end()
}

// Final is the packet's key at the end of the last translation.
func (x *Translator) Final() *flow.Key { return &x.key }

// Traced makes x report what it does to t; nil ends that.
func (x *Translator) Traced(t *Trace) { x.trace = t }

func (x *Translator) begin(v *View, key *flow.Key) {
	x.view, x.key = v, *key
	x.key[flow.WordConj] = uint64(openflow.PortUnset) // actset_output
	x.seen = flow.Mask{}
	x.in = v.Ports.Number(x.inPort())
	x.base, x.orig = x.key, x.key
	r := &x.res
	*r = Result{Rules: r.Rules[:0], MACs: r.MACs[:0], Learn: r.Learn[:0], Points: r.Points[:0], Frozen: r.Frozen[:0], MACSeq: v.MACs.Changes(), Seq: v.Seq}
	x.out, x.sent, x.cookie, x.depth, x.resubmits, x.exit, x.failed = x.out[:0], false, 0, 0, 0, false, false
	x.unknown, x.freezing, x.frames = false, false, x.frames[:0]
	x.stack, x.set, x.hasBelow, x.dirty, x.buried = x.stack[:0], x.set[:0], false, false, 0

	// What every flow looks at, as in Open vSwitch.
	x.seen[flow.WordPort] = ^uint64(0)
	x.seen[flow.WordCtProto] = 0xffffffff // packet_type
	x.seen[flow.WordEthDst] = 0xffff      // dl_type
	if t := x.etherType(); t == flow.EthTypeIPv4 || t == flow.EthTypeIPv6 {
		x.seen[flow.WordIPProto] = fragBits
	}
}

func (x *Translator) end() *Result {
	r := &x.res
	x.key[flow.WordConj] = 0
	if len(x.out) > action.MaxWords {
		x.fail(counter.FlowDrop, "over %d words of datapath actions", action.MaxWords)
	}
	if !x.sent && !x.failed {
		x.out = x.out[:0].Append(action.Drop, 0, uint32(counter.FlowDrop))
		r.Drop = counter.FlowDrop
	}
	r.Actions, r.Mask = x.out, x.seen
	clear(r.Mask[flow.DatapathWords:])
	return r
}

// fail gives the packet up: it is dropped, whatever was to be done with it.
func (x *Translator) fail(reason counter.Drop, format string, args ...any) {
	if x.failed {
		return
	}
	x.failed = true
	x.res.Failure = fmt.Sprintf(format, args...)
	x.detail(traceError, "%s", x.res.Failure)
	x.res.Drop = reason
	x.res.Learn, x.res.Points, x.res.Frozen = x.res.Learn[:0], x.res.Points[:0], x.res.Frozen[:0]
	x.out = x.out[:0].Append(action.Drop, 0, uint32(reason))
}

// over reports whether there is nothing more to do.
func (x *Translator) over() bool { return x.exit || x.failed || x.freezing }

func (x *Translator) inPort() openflow.Port { return openflow.Port(x.key[flow.WordPort] >> 32) }

func (x *Translator) setInPort(p openflow.Port) {
	x.key[flow.WordPort] = uint64(p)<<32 | x.key[flow.WordPort]&0xffffffff
}

func (x *Translator) etherType() uint16 { return uint16(x.key[flow.WordEthDst]) }

// lookup finds the rule of the packet in table t, as if it had come in by port.
func (x *Translator) lookup(t uint8, port openflow.Port) (r *table.Rule) {
	x.res.Visited.Add(t)
	if tbl := x.view.Tables[t]; tbl != nil {
		old := x.inPort()
		x.setInPort(port)
		r = tbl.Lookup(&x.key, &x.seen)
		x.setInPort(old)
	}
	if x.trace != nil {
		x.trace.table(t, r)
	}
	return r
}

// resubmit looks the packet up in table t and does what the rule found there says.
func (x *Translator) resubmit(t uint8, port openflow.Port) {
	deeper := t <= x.table
	switch {
	case deeper && x.depth >= maxDepth:
		x.fail(counter.FlowDrop, "over max translation depth %d", maxDepth)
		return
	case x.resubmits >= maxResubmits:
		x.fail(counter.FlowDrop, "over %d resubmit actions", maxResubmits)
		return
	case len(x.out) > action.MaxWords:
		x.fail(counter.FlowDrop, "resubmits yielded over %d words of datapath actions", action.MaxWords)
		return
	case len(x.stack) > maxStack:
		x.fail(counter.FlowDrop, "resubmits left over %d values on the stack", maxStack)
		return
	}
	x.resubmits++
	at := x.trace.push()
	if r := x.lookup(t, port); r != nil {
		depth := x.depth
		if deeper {
			x.depth++
		}
		x.apply(r, t)
		x.depth = depth
	}
	x.trace.pop(at)
}

// apply does what rule r of table t says.
func (x *Translator) apply(r *table.Rule, t uint8) {
	oldCookie, oldTable := x.cookie, x.table
	x.cookie, x.table = r.Cookie, t
	x.res.Rules = append(x.res.Rules, r)
	if r.Instructions.Meter != 0 {
		x.fail(counter.ActionImpossible, "there is no meter %d", r.Instructions.Meter)
	}
	x.instructions(r.Instructions)
	x.cookie, x.table = oldCookie, oldTable
}

func (x *Translator) instructions(i *openflow.Instructions) {
	done, on := x.actions(i.Apply)
	if x.freezing {
		rest := *i
		rest.Meter, rest.Apply = 0, i.Apply[done:]
		if !isDrop(&rest) {
			x.frames = append(x.frames, Frame{Rest: rest, Table: x.table, Cookie: x.cookie})
		}
	}
	if !on {
		return
	}
	if i.Clear {
		x.clearSet()
	}
	x.write(i.Write)
	if i.MetadataMask != 0 {
		x.traceText("%s", (&openflow.Instructions{Metadata: i.Metadata, MetadataMask: i.MetadataMask}).Append(nil, nil))
		x.key[flow.WordMetadata] = x.key[flow.WordMetadata]&^i.MetadataMask | i.Metadata&i.MetadataMask
		x.seen[flow.WordMetadata] |= i.MetadataMask
	}
	if i.Goto == 0 {
		return
	}
	if x.unknown {
		x.freezing = true
		x.frames = append(x.frames, Frame{Rest: openflow.Instructions{Goto: i.Goto}, Table: x.table, Cookie: x.cookie})
		return
	}
	x.traceText("goto_table:%d", i.Goto)
	x.resubmit(i.Goto, x.inPort())
}
