package xlate

import (
	"cmp"
	"math/bits"

	"pollux/action"
	"pollux/counter"
	"pollux/flow"
)

// VLAN tags and MPLS labels: fields that come and go. The key has room for two
// tags and three labels, the outer ones. Pushing and popping shifts them, so
// all of the tags or labels are seen by it: a later look at the outer tag is a
// look at what had been the inner one.

const (
	tagBits  = 0xffffffff // of one tag: tpid 16, tci 16
	labelTop = 32         // shift of the outer label in WordMPLS
	bottom   = 1 << 8     // the bit of a label stack entry that says it is the last
)

func (x *Translator) tagged() bool { return x.key[flow.WordVLAN]&(flow.VLANPresent<<32) != 0 }

// seeTags sees the tags that the packet may have, for somebody who is about to change them.
func (x *Translator) seeTags() {
	x.dirty = true
	x.seen[flow.WordVLAN] |= tagBits << 32
	if x.orig[flow.WordVLAN]&(flow.VLANPresent<<32) != 0 {
		x.seen[flow.WordVLAN] |= tagBits
	}
}

// tidyTag gives a tag that a write has made an Ethertype, and clears all of one that it has taken away.
func (x *Translator) tidyTag() {
	w := &x.key[flow.WordVLAN]
	switch {
	case !x.tagged():
		*w <<= 32
	case *w>>48 == 0:
		*w |= flow.EthTypeVLAN << 48
	}
}

func (x *Translator) setVLAN(id flow.FieldID, v uint64, push bool) {
	x.seen[flow.WordVLAN] |= flow.VLANPresent << 32
	if !x.tagged() {
		if !push {
			return
		}
		x.pushVLAN(flow.EthTypeVLAN)
	}
	f := id.Field()
	x.write1(f, flow.Value{Lo: v}, f.Ones())
}

func (x *Translator) pushVLAN(ethertype uint16) {
	x.seeTags()
	w := &x.key[flow.WordVLAN]
	full := vlans(*w) == 2
	if full {
		x.commit()
	}
	*w = uint64(ethertype)<<48 | flow.VLANPresent<<32 | *w>>32
	if full { // now, because the key forgets the innermost tag, which the packet keeps
		x.out = x.out.Append(action.PushVLAN, 0, uint32(*w>>32)&^flow.VLANPresent)
		x.base[flow.WordVLAN] = *w
		x.buried++
	}
}

func (x *Translator) popVLAN() {
	x.seen[flow.WordVLAN] |= flow.VLANPresent << 32
	if !x.tagged() {
		return
	}
	x.seeTags()
	x.key[flow.WordVLAN] <<= 32
}

func isMPLS(ethertype uint16) bool {
	return ethertype == flow.EthTypeMPLS || ethertype == flow.EthTypeMPLSMcst
}

// labels is a packet's label stack as a key has it, the outer one first.
type labels [3]uint32

func labelsOf(k *flow.Key) labels {
	return labels{uint32(k[flow.WordMPLS] >> labelTop), uint32(k[flow.WordMPLS]), uint32(k[flow.WordMPLS2] >> 32)}
}

func (l labels) store(k *flow.Key) {
	k[flow.WordMPLS] = uint64(l[0])<<labelTop | uint64(l[1])
	k[flow.WordMPLS2] = uint64(l[2])<<32 | k[flow.WordMPLS2]&0xffffffff
}

// depth is how many labels of the packet the key has. An entry of zeros is none: nobody knows what is behind the last label.
func (l labels) depth() int {
	for i, e := range l {
		switch {
		case e&bottom != 0:
			return i + 1
		case e == 0:
			return i
		}
	}
	return len(l)
}

func depthOf(k *flow.Key) int {
	if !isMPLS(uint16(k[flow.WordEthDst])) {
		return 0
	}
	return labelsOf(k).depth()
}

func (x *Translator) seeLabels() {
	x.seen[flow.WordMPLS] = ^uint64(0)
	x.seen[flow.WordMPLS2] |= 0xffffffff << 32
}

func (x *Translator) pushMPLS(ethertype uint16) {
	l, n := labelsOf(&x.key), depthOf(&x.key)
	switch {
	case n == 0:
		x.commit() // of the headers that the key is about to forget
		l = labels{x.firstLabel()}
		x.below, x.hasBelow = x.key, true
		hideBelow(&x.key, &flow.Key{})
	case n == len(l):
		x.fail(counter.ActionImpossible, "push_mpls: cannot push more than %d labels", len(l))
		return
	default:
		x.seeLabels()
		l = labels{l[0] &^ bottom, l[0], l[1]}
	}
	l.store(&x.key)
	x.setEtherType(ethertype)
}

// firstLabel is the label stack entry of a packet that had none: label 0, or the
// explicit null of IPv6, with the TTL of its IP header and, as Open vSwitch does it, the lower half of the DSCP.
func (x *Translator) firstLabel() uint32 {
	ttl, label, class := uint32(64), uint32(0), uint32(0)
	if x.meets(flow.NeedIP) {
		x.seen[flow.WordIPProto] |= 0xfc<<48 | 0xff<<40
		w := x.key[flow.WordIPProto]
		class = uint32(w>>50) & 7
		ttl = cmp.Or(uint32(uint8(w>>40)), ttl)
		if x.etherType() == flow.EthTypeIPv6 {
			label = 2
		}
	}
	return label<<12 | class<<9 | bottom | ttl
}

func (x *Translator) popMPLS(ethertype uint16) {
	n := depthOf(&x.key)
	if n == 0 {
		return
	}
	x.seeLabels()
	l := labelsOf(&x.key)
	if n == len(l) && l[2]&bottom == 0 {
		x.fail(counter.ActionImpossible, "pop_mpls: cannot pop from more than %d labels", len(l))
		return
	}
	labels{l[1], l[2], 0}.store(&x.key)
	x.setEtherType(ethertype)
	switch {
	case n > 1:
	case x.hasBelow && uint16(x.below[flow.WordEthDst]) == ethertype:
		hideBelow(&x.key, &x.below) // a label that was pushed here: the headers are known
		hideBelow(&x.base, &x.below)
	default: // unknown headers are no difference to be committed
		x.unknown = !isMPLS(ethertype)
		hideBelow(&x.key, &flow.Key{})
		hideBelow(&x.base, &flow.Key{})
	}
}

// hideBelow gives k the headers behind the labels that from has.
func hideBelow(k, from *flow.Key) {
	const flags = 0xffff // tcp_flags, beside dl_src
	k[flow.WordMPLS2] = k[flow.WordMPLS2]>>32<<32 | from[flow.WordMPLS2]&0xffffffff
	copy(k[flow.WordIP:flow.DatapathWords], from[flow.WordIP:])
	k[flow.WordEthSrc] = k[flow.WordEthSrc]&^flags | from[flow.WordEthSrc]&flags
}

func (x *Translator) setEtherType(t uint16) {
	x.dirty = true
	x.key[flow.WordEthDst] = x.key[flow.WordEthDst]&^0xffff | uint64(t)
}

// vlans counts the tags in a key's word of tags.
func vlans(w uint64) int { return bits.OnesCount64(w & (flow.VLANPresent<<32 | flow.VLANPresent)) }
