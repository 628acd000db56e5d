package xlate

import (
	"encoding/binary"
	"hash/fnv"

	"pollux/action"
	"pollux/flow"
	"pollux/openflow"
)

// A packet's way is frozen where translation would have to know what it cannot know: the
// headers behind a label that it takes off. The datapath then does what was decided up to there, and looks the packet up
// again (recirculates it) under an ID that stands for all that is left to do. The flow that is made then goes on from there.
//
// What is left unwinds from the inside: each list of actions and each rule that was under way leaves a frame.

// Frozen is the rest of a packet's way.
type Frozen struct {
	Frames   []Frame // what is left to do, in this order
	Metadata [flow.Words - flow.DatapathWords]uint64
	Stack    []flow.Value
	Set      []openflow.Action
}

// Frame is what a rule had left to do.
type Frame struct {
	Rest   openflow.Instructions
	Table  uint8
	Cookie uint64
}

// ID names the content, as a recirculation id. It is never 0.
func (f *Frozen) ID() uint32 {
	h := fnv.New64a()
	for i := range f.Frames {
		fr := &f.Frames[i]
		h.Write(binary.LittleEndian.AppendUint64([]byte{fr.Table}, fr.Cookie))
		h.Write(append(fr.Rest.Append(nil, nil), '\n'))
	}
	for _, w := range f.Metadata {
		h.Write(binary.LittleEndian.AppendUint64(nil, w))
	}
	for _, v := range f.Stack {
		h.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, v.Hi), v.Lo))
	}
	h.Write(openflow.AppendActions(nil, f.Set, nil))
	sum := h.Sum64()
	return uint32(sum>>32^sum) | 1
}

// Thaw finds what a recirculation id stands for, nil if nobody knows.
type Thaw func(id uint32) *Frozen

// mustFreeze reports whether action a needs headers of the packet that are not known.
func (x *Translator) mustFreeze(a openflow.Action) bool {
	if !x.unknown {
		return false
	}
	switch a := a.(type) {
	case openflow.SetField:
		return behindLabels(a.Field)
	case openflow.Move:
		return behindLabels(a.Src.Field) || behindLabels(a.Dst.Field)
	case openflow.Push:
		return behindLabels(a.Src.Field)
	case openflow.Pop:
		return behindLabels(a.Dst.Field)
	case openflow.OutputReg:
		return behindLabels(a.Src.Field)
	case openflow.DecTTL, openflow.DecNSHTTL, openflow.PushMPLS, openflow.Resubmit, openflow.Ct:
		return true
	case openflow.Output:
		return a.Port == openflow.PortTable
	}
	return false
}

// behindLabels reports whether a field is of a network or transport header.
func behindLabels(id flow.FieldID) bool {
	switch id.Field().Prereq {
	case flow.NeedNothing, flow.NeedEthernet, flow.NeedVLAN, flow.NeedMPLS:
		return false
	}
	return true
}

// freeze ends the list of actions with a recirculation that goes on where translation has stopped.
func (x *Translator) freeze() {
	f := &Frozen{Frames: append([]Frame(nil), x.frames...), Stack: append([]flow.Value(nil), x.stack...), Set: append([]openflow.Action(nil), x.set...)}
	copy(f.Metadata[:], x.key[flow.DatapathWords:])
	x.frames, x.freezing = x.frames[:0], false
	x.commit()
	x.out = x.out.Append(action.Recirculate, 0, f.ID())
	x.sent = true
	x.res.Frozen = append(x.res.Frozen, f)
}

// thaw does the rest of a frozen way.
func (x *Translator) thaw(f *Frozen) {
	copy(x.key[flow.DatapathWords:], f.Metadata[:])
	x.stack, x.set = append(x.stack[:0], f.Stack...), append(x.set[:0], f.Set...)
	x.traceText("thaw")
	for i := range f.Frames {
		if x.freezing {
			x.frames = append(x.frames, f.Frames[i])
		} else if fr := &f.Frames[i]; !x.over() {
			x.cookie, x.table = fr.Cookie, fr.Table
			x.instructions(&fr.Rest)
		}
	}
}
