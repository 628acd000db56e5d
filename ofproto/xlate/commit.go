package xlate

import (
	"slices"

	"pollux/action"
	"pollux/flow"
)

// Commit turns what the rules have changed of the packet since the last time
// into actions of the datapath. A field that is again what it was costs nothing.

var (
	linkFields = []flow.FieldID{flow.FieldEthSrc, flow.FieldEthDst}
	ipv4Fields = []flow.FieldID{flow.FieldNWSrc, flow.FieldNWDst, flow.FieldIPTOS, flow.FieldNWTTL}
	ipv6Fields = []flow.FieldID{flow.FieldIPv6Src, flow.FieldIPv6Dst, flow.FieldIPv6Label, flow.FieldIPTOS, flow.FieldNWTTL}
	arpFields  = []flow.FieldID{flow.FieldARPOp, flow.FieldARPSPA, flow.FieldARPTPA, flow.FieldARPSHA, flow.FieldARPTHA}
	nshFields  = []flow.FieldID{flow.FieldNSHFlags, flow.FieldNSHTTL, flow.FieldNSHSPI, flow.FieldNSHSI,
		flow.FieldNSHC1, flow.FieldNSHC2, flow.FieldNSHC3, flow.FieldNSHC4}
	metaFields = []flow.FieldID{flow.FieldSKBPriority, flow.FieldPktMark}

	transportFields = map[uint8][]flow.FieldID{
		flow.ProtoTCP:  {flow.FieldTCPSrc, flow.FieldTCPDst},
		flow.ProtoUDP:  {flow.FieldUDPSrc, flow.FieldUDPDst},
		flow.ProtoSCTP: {flow.FieldSCTPSrc, flow.FieldSCTPDst},
		flow.ProtoICMP: {flow.FieldICMPType, flow.FieldICMPCode},
		flow.ProtoICMPv6: {flow.FieldICMPv6Type, flow.FieldICMPv6Code, flow.FieldNDTarget, flow.FieldNDSLL, flow.FieldNDTLL,
			flow.FieldNDReserved, flow.FieldNDOptionsType},
	}
)

func (x *Translator) commit() {
	if !x.dirty {
		return
	}
	if slices.Equal(x.key[:flow.DatapathWords], x.base[:flow.DatapathWords]) {
		x.dirty = false
		return
	}
	x.commitFields(linkFields)
	unlabelled := isMPLS(uint16(x.base[flow.WordEthDst])) && !isMPLS(x.etherType())
	if unlabelled {
		x.commitLabels()
	}
	switch x.etherType() {
	case flow.EthTypeIPv4:
		x.commitFields(ipv4Fields)
		x.commitTransport()
	case flow.EthTypeIPv6:
		x.commitFields(ipv6Fields)
		x.commitTransport()
	case flow.EthTypeARP, flow.EthTypeRARP:
		x.commitFields(arpFields)
	case flow.EthTypeNSH:
		x.commitFields(nshFields)
	}
	if !unlabelled {
		x.commitLabels()
	}
	x.commitTags()
	x.commitFields(metaFields)
	x.base, x.dirty = x.key, false
}

func (x *Translator) commitTransport() {
	const protoAndPorts = 0xff<<56 | 0xffffffff
	same := (x.key[flow.WordIPProto]^x.base[flow.WordIPProto])&protoAndPorts == 0 &&
		slices.Equal(x.key[flow.WordNDTargetHi:flow.WordNSH], x.base[flow.WordNDTargetHi:flow.WordNSH])
	if !same {
		x.commitFields(transportFields[x.proto()])
	}
}

// commitFields sets those of the fields that differ. What is set are the bits
// that were seen: the others of the packet are not known here, and not changed.
func (x *Translator) commitFields(ids []flow.FieldID) {
	for _, id := range ids {
		f := id.Field()
		v := f.Get(&x.key)
		if v == f.Get(&x.base) {
			continue
		}
		m := f.GetMask(&x.seen)
		v = v.And(m)
		x.out = x.out.Set(id, v, m)
	}
}

// commitTags pops the tags that are not the packet's any more, from the outer one to where both agree, and pushes the new ones.
func (x *Translator) commitTags() {
	want, have := x.key[flow.WordVLAN], x.base[flow.WordVLAN]
	if want == have {
		return
	}
	x.seeTags()
	for vlans(have) > vlans(want) || (have != 0 && !endsWith(want, have)) {
		x.out = x.out.Append(action.PopVLAN, 0, 0)
		have <<= 32
	}
	for n := vlans(want) - vlans(have); n > 0; n-- {
		tag := uint32(want >> 32)
		if n == 2 {
			tag = uint32(want)
		}
		x.out = x.out.Append(action.PushVLAN, 0, tag&^flow.VLANPresent)
	}
}

// endsWith reports whether the inner tags of w are the tags of tail.
func endsWith(w, tail uint64) bool {
	for n := vlans(w) - vlans(tail); n > 0; n-- {
		w <<= 32
	}
	return w == tail
}

// commitLabels does the same for MPLS labels, and sets the outer one where only that differs.
func (x *Translator) commitLabels() {
	want, have := labelsOf(&x.key), labelsOf(&x.base)
	w, h := depthOf(&x.key), depthOf(&x.base)
	common := 0
	for common < min(w, h) && want[w-1-common] == have[h-1-common] {
		common++
	}
	for ; h > common; h-- {
		if h-1 == common && w > common { // one to replace by one
			x.setLabel(want[w-1-common], have[0])
			common++
			break
		}
		below := uint32(flow.EthTypeMPLS)
		if h == 1 || isMPLS(x.etherType()) {
			below = uint32(x.etherType())
		}
		x.out = x.out.Append(action.PopMPLS, 0, below)
		have = labels{have[1], have[2], 0}
	}
	for i := w - common - 1; i >= 0; i-- {
		x.out = x.out.Append(action.PushMPLS, 0, want[i], uint64(x.etherType()))
	}
}

// setLabel sets the fields in which the outer label stack entry differs. Whether it is the last stays as it is.
func (x *Translator) setLabel(want, have uint32) {
	for _, id := range []flow.FieldID{flow.FieldMPLSLabel, flow.FieldMPLSTC, flow.FieldMPLSTTL} {
		f := id.Field()
		shift := f.Shift - labelTop
		v, ones := uint64(want)>>shift&f.Ones().Lo, f.Ones().Lo
		if v != uint64(have)>>shift&ones {
			x.out = x.out.Set(id, flow.Value{Lo: v}, flow.Value{Lo: ones})
		}
	}
}
