package pmd

import (
	"pollux/dpcls"
	"pollux/emc"
	"pollux/flow"
	"pollux/packet"
)

// maxRecirculation is how often a packet may go through the classifier again.
// Open vSwitch allows 6 in user space.
const maxRecirculation = 6

// level is the scratch of one burst on its way. A packet that recirculates is
// worked on the level below while its own still waits.
type level struct {
	depth  int
	batch  packet.Batch
	hits   [packet.BatchSize]*dpcls.Flow
	tokens emc.Tokens
	misses missed
	groups [packet.BatchSize]group
	n      int // groups in use
	next   [packet.BatchSize]int8
	out    packet.Batch // packets of one group while its actions run
}

// missed are the packets of a burst that the first cache does not know, packed together.
type missed struct {
	n     int
	index [packet.BatchSize]int8 // place in the batch
	keys  [packet.BatchSize]flow.Key
	flows [packet.BatchSize]*dpcls.Flow
}

// group is the packets of a burst that have one flow.
type group struct {
	flow        *dpcls.Flow
	packets     uint64
	bytes       uint64
	first, last int8 // chain through level.next; used when the actions are more than one output
}

func newLevels() (ls [maxRecirculation + 1]*level) {
	for i := range ls {
		ls[i] = &level{depth: i}
	}
	return ls
}
