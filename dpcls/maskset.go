package dpcls

import "pollux/flow"

// MaskSet keeps the number of masks in use below what the threads have room for, whatever
// packets come. While there are few, every flow gets the mask that translation made.
// Past that a new mask is rounded up to the next of a few fixed ones, the rungs, each more
// exact than the one before. A more exact mask is always right: translation
// said that a packet's way depends on no bit outside the mask, so it is right for fewer packets at a time, and
// there will be more flows. What cannot happen is that a sender of odd
// packets multiplies the masks that everybody's packets are looked up under.
//
// It belongs to the control side, one for each thread or one for all; one goroutine at a time.
type MaskSet struct {
	max  int
	uses map[flow.Mask]int
}

// NewMaskSet makes a set for up to max masks, of which the rungs may need some. max must
// be larger than Rungs.
func NewMaskSet(max int) *MaskSet {
	if max <= Rungs {
		panic("make mask set: no room for masks besides the rungs")
	}
	return &MaskSet{max: max, uses: map[flow.Mask]int{}}
}

// Round returns m if there is room for it or it is in use, else the least exact rung that covers it.
func (s *MaskSet) Round(m *flow.Mask) flow.Mask {
	if s.uses[*m] > 0 || s.odd() < s.max-Rungs {
		return *m
	}
	for i := range rungs {
		if rungs[i].Covers(m) {
			return rungs[i]
		}
	}
	return *m // has bits beyond the datapath's words: no such flow can be put anyway
}

// Add says that one more flow uses m, as Round gave it.
func (s *MaskSet) Add(m *flow.Mask) { s.uses[*m]++ }

// Remove says that one flow fewer uses m.
func (s *MaskSet) Remove(m *flow.Mask) {
	if s.uses[*m]--; s.uses[*m] <= 0 {
		delete(s.uses, *m)
	}
}

// Len is the number of masks in use.
func (s *MaskSet) Len() int { return len(s.uses) }

// odd is how many masks in use are not rungs.
func (s *MaskSet) odd() int {
	n := len(s.uses)
	for i := range rungs {
		if s.uses[rungs[i]] > 0 {
			n--
		}
	}
	return n
}

// Rungs is how many fixed masks there are.
const Rungs = 6

// rungs are the fixed masks, each with all the bits of the one before and more:
// where the packet came in and its Ethernet header; addresses and protocol; ports;
// what else the headers have; what the datapath knows (mark, connection); everything.
var rungs = makeRungs()

func makeRungs() (r [Rungs]flow.Mask) {
	const all = ^uint64(0)
	m := &r[0]
	m[flow.WordPort] = all
	m[flow.WordCtProto] = lower // packet_type
	m[flow.WordEthDst] = all
	m[flow.WordEthSrc] = ^uint64(0xffff)
	m[flow.WordVLAN] = all
	m[flow.WordMPLS] = all
	m[flow.WordMPLS2] = ^uint64(lower)

	r[1] = r[0]
	m = &r[1]
	m[flow.WordIP] = all
	m[flow.WordIPProto] = 0xff<<56 | 0xff<<32 // nw_proto, nw_frag
	for w := flow.WordIP6SrcHi; w <= flow.WordIP6DstLo; w++ {
		m[w] = all
	}

	r[2] = r[1]
	r[2][flow.WordIPProto] |= lower // tp_src, tp_dst

	r[3] = r[2]
	for w := flow.WordEthDst; w < flow.DatapathWords; w++ {
		r[3][w] = all
	}

	r[4] = r[3]
	for w := flow.WordPort; w < flow.WordTunID; w++ {
		r[4][w] = all
	}

	for w := range r[5][:flow.DatapathWords] {
		r[5][w] = all
	}
	return r
}
