package xlate

import (
	"fmt"
	"math/rand/v2"

	"pollux/action"
	"pollux/flow"
	"pollux/ofproto/mac"
	"pollux/ofproto/table"
	"pollux/openflow"
)

// sending is one packet leaving the switch: where, and what it looks like.
type sending struct {
	port DatapathPort
	key  flow.Key
}

// twin is the slow, obvious switch: it walks a packet through lists of rules,
// changes it at once, and notes each time it leaves. It knows nothing of masks or laziness.
type twin struct {
	view  *View
	rules [NumTables][]*table.Rule // by falling priority
	key   flow.Key
	table uint8
	depth int
	exit  bool
	broke bool // it met a limit
	out   []sending
}

func (w *twin) run(key *flow.Key) []sending {
	w.key, w.exit, w.broke, w.out, w.depth, w.table = *key, false, false, nil, 0, 0
	in := w.view.Ports.Datapath(DatapathPort(key[flow.WordPort] >> 32))
	w.setPort(in.Number)
	w.lookup(0, in.Number)
	if w.broke {
		return nil
	}
	return w.out
}

func (w *twin) port() openflow.Port     { return openflow.Port(w.key[flow.WordPort] >> 32) }
func (w *twin) setPort(p openflow.Port) { w.key[flow.WordPort] = uint64(p) << 32 }

func (w *twin) lookup(t uint8, as openflow.Port) {
	was, from := w.port(), w.table
	w.setPort(as)
	var hit *table.Rule
	for _, r := range w.rules[t] {
		if m := r.Match(); m.Matches(&w.key) {
			hit = r
			break
		}
	}
	w.setPort(was)
	if hit == nil {
		return
	}
	w.table = t
	if w.actions(hit.Instructions.Apply) && hit.Instructions.Goto != 0 {
		w.lookup(hit.Instructions.Goto, w.port())
	}
	w.table = from
}

func (w *twin) actions(list []openflow.Action) bool {
	for _, a := range list {
		if w.exit || w.broke || !w.do(a) {
			return false
		}
	}
	return !w.exit
}

func (w *twin) do(a openflow.Action) bool {
	vlan := &w.key[flow.WordVLAN]
	switch a := a.(type) {
	case openflow.Output:
		w.output(a.Port)
	case openflow.SetField:
		if w.has(a.Field.Field().Prereq) {
			a.Field.Field().SetMasked(&w.key, a.Value, a.Mask)
		}
	case openflow.Move:
		if w.has(a.Src.Field.Field().Prereq) && w.has(a.Dst.Field.Field().Prereq) {
			a.Dst.Set(&w.key, a.Src.Get(&w.key))
		}
	case openflow.SetVLANVID:
		if *vlan&(flow.VLANPresent<<32) == 0 {
			*vlan = (flow.EthTypeVLAN<<16 | flow.VLANPresent) << 32
		}
		*vlan = *vlan&^(0xfff<<32) | uint64(a.VID)<<32
	case openflow.PushVLAN:
		*vlan = *vlan>>32 | (uint64(a.Ethertype)<<16|flow.VLANPresent)<<32
	case openflow.PopVLAN:
		*vlan <<= 32
	case openflow.DecTTL:
		f := flow.FieldNWTTL.Field()
		if ttl := f.Get(&w.key).Lo; w.has(flow.NeedIP) {
			if ttl <= 1 {
				return false
			}
			f.Set(&w.key, flow.Value{Lo: ttl - 1})
		}
	case openflow.Resubmit:
		w.depth++
		if w.broke = w.broke || w.depth > 2000; !w.broke {
			w.lookup(a.Table, w.port())
		}
	case openflow.Clone:
		key := w.key
		w.actions(a.Actions)
		w.key, w.exit = key, false
	case openflow.Exit:
		w.exit = true
	default:
		panic(fmt.Sprintf("the twin does not know %T", a))
	}
	return true
}

func (w *twin) has(p flow.Prereq) bool {
	m := flow.Match{Key: w.key}
	for i := range m.Mask {
		m.Mask[i] = ^uint64(0)
	}
	transport := p == flow.NeedTCP || p == flow.NeedUDP
	return m.Meets(p) && !(transport && w.key[flow.WordIPProto]>>32&flow.FragLater != 0)
}

func (w *twin) output(p openflow.Port) {
	ports := w.view.Ports
	switch p {
	case openflow.PortInPort:
		w.send(ports.Number(w.port()))
	case openflow.PortFlood:
		for i := range ports.All() {
			if q := &ports.All()[i]; q.Number != w.port() && !q.NoFlood {
				w.send(q)
			}
		}
	case openflow.PortNormal:
		w.normal()
	default:
		if p != w.port() {
			w.send(ports.Number(p))
		}
	}
}

func (w *twin) send(p *Port) {
	if p != nil {
		w.out = append(w.out, sending{p.Datapath, w.key})
	}
}

func (w *twin) normal() {
	in := w.view.Ports.Number(w.port())
	tag := w.key[flow.WordVLAN] >> 32
	vlan := uint16(tag & 0xfff)
	if in == nil || (in.VLAN.Mode == Access && vlan != 0) {
		return
	}
	if vlan == 0 && in.VLAN.Mode != Trunk {
		vlan = in.VLAN.Tag
	}
	dst := w.key[flow.WordEthDst] >> 16
	if !in.VLAN.Carries(vlan) || dst>>4 == 0x0180c200000 {
		return
	}
	known, ok := w.view.MACs.Lookup(mac.Address{MAC: dst, VLAN: vlan})
	for i := range w.view.Ports.All() {
		p := &w.view.Ports.All()[i]
		if p.Number == w.port() || (ok && p.Number != known) || (!ok && (p.NoFlood || !p.VLAN.Carries(vlan))) {
			continue
		}
		old := w.key
		if strips := p.VLAN.Mode == Access || p.VLAN.Mode == NativeUntagged && vlan == p.VLAN.Tag; strips || (vlan == 0 && tag>>13&7 == 0) {
			w.do(openflow.PopVLAN{})
		} else {
			w.do(openflow.SetVLANVID{VID: vlan, PushIfNeeded: true})
		}
		w.send(p)
		w.key = old
	}
}

// execute does what the datapath would do with a packet of this key.
func execute(key flow.Key, list action.List) (out []sending) {
	vlan := &key[flow.WordVLAN]
	for len(list) > 0 {
		a, rest := list.First()
		switch a.Op {
		case action.Output:
			out = append(out, sending{DatapathPort(a.Arg), key})
		case action.Set:
			flow.FieldID(a.Field).Field().SetMasked(&key, flow.Value{Hi: a.Payload[0], Lo: a.Payload[1]}, flow.Value{Hi: a.Payload[2], Lo: a.Payload[3]})
		case action.PopVLAN:
			*vlan <<= 32
		case action.PushVLAN:
			*vlan = *vlan>>32 | uint64(a.Arg|flow.VLANPresent)<<32
		case action.PushMPLS, action.PopMPLS:
			l := labelsOf(&key)
			if a.Op == action.PushMPLS {
				l = labels{a.Arg, l[0], l[1]}
				a.Arg = uint32(a.Payload[0])
			} else {
				l = labels{l[1], l[2], 0}
			}
			l.store(&key)
			key[flow.WordEthDst] = key[flow.WordEthDst]&^0xffff | uint64(a.Arg)
		case action.Clone:
			out = append(out, execute(key, a.Payload)...)
		case action.Userspace, action.Drop:
		default:
			panic(fmt.Sprintf("unexpected action %d", a.Op))
		}
		list = rest
	}
	return out
}

// How many kinds of random actions there are: those that the twin knows, and all.
const (
	kindsOfTwin = 17
	allKinds    = 26
)

// randomList makes actions of so many kinds, which may go to tables from next on.
func randomList(r *rand.Rand, kinds, next, depth int) (list []openflow.Action) {
	for range r.IntN(4) {
		list = append(list, randomAction(r, kinds, next, depth))
	}
	return list
}

func randomAction(r *rand.Rand, kinds, next, depth int) openflow.Action {
	set := func(id flow.FieldID, v uint64) openflow.Action {
		f := id.Field()
		m := f.Ones()
		legacy := kinds == allKinds && id != flow.FieldReg0 // Open vSwitch forgets the mask on the way through OpenFlow 1.0
		if f.Maskable == flow.MaskBitwise && !legacy && r.IntN(2) == 0 {
			m = m.And(flow.Value{Lo: r.Uint64()})
		}
		return openflow.SetField{Field: id, Value: flow.Value{Lo: v}.And(m), Mask: m}
	}
	sub := func(ids ...flow.FieldID) openflow.Subfield {
		return openflow.Subfield{Field: ids[r.IntN(len(ids))], Ofs: uint8(r.IntN(8)), Bits: 8}
	}
	switch r.IntN(kinds) {
	case 0, 1, 2:
		return openflow.Output{Port: openflow.Port(1 + r.IntN(5))}
	case 3:
		return openflow.Output{Port: []openflow.Port{openflow.PortFlood, openflow.PortInPort}[r.IntN(2)]}
	case 4:
		return openflow.Output{Port: openflow.PortNormal}
	case 5:
		return set(flow.FieldEthDst, uint64(r.IntN(4)*2))
	case 6:
		return set(flow.FieldNWDst, 0x0a000000+uint64(r.IntN(4)))
	case 7:
		return set(flow.FieldTCPDst, 80)
	case 8:
		return set(flow.FieldReg0, uint64(r.IntN(3)))
	case 9:
		return openflow.Move{Src: sub(flow.FieldEthDst, flow.FieldEthSrc, flow.FieldNWDst, flow.FieldReg0, flow.FieldTCPDst),
			Dst: sub(flow.FieldEthSrc, flow.FieldNWSrc, flow.FieldReg0, flow.FieldUDPDst)}
	case 10:
		return openflow.SetVLANVID{VID: uint16(r.IntN(3)), PushIfNeeded: true}
	case 11:
		return openflow.PopVLAN{}
	case 12:
		return openflow.DecTTL{}
	case 13:
		if depth < 2 {
			return openflow.Clone{Actions: randomList(r, kinds, next, depth+1)}
		}
		return openflow.Exit{}
	case 14:
		return set(flow.FieldIPDSCP, uint64(r.IntN(3)))
	case 17, 18:
		return openflow.PushMPLS{Ethertype: flow.EthTypeMPLS}
	case 19:
		return openflow.PopMPLS{Ethertype: flow.EthTypeMPLS}
	case 20:
		return set(flow.FieldMPLSLabel, uint64(r.IntN(4)))
	case 21, 22:
		return openflow.SetVLANPCP{PCP: uint8(r.IntN(3)), PushIfNeeded: true}
	case 23:
		return openflow.Push{Src: sub(flow.FieldReg0, flow.FieldEthSrc)}
	case 24:
		return openflow.Pop{Dst: sub(flow.FieldReg0, flow.FieldEthSrc)}
	case 25:
		return openflow.OutputReg{Src: openflow.Subfield{Field: flow.FieldReg0, Bits: 2}}
	}
	return openflow.Resubmit{Port: openflow.PortInPort, Table: uint8(next + r.IntN(2))}
}
