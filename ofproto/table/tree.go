package table

import (
	"math/bits"
	"slices"

	"pollux/flow"
)

// A subtable's rules stand in a hash trie of hash tries. The outer one is keyed by what the first stage
// looks at; what hangs below it is a trie of those rules that agree so far,
// keyed by the second stage, and so on; at the end are the rules that agree in
// everything but their priority. A part of the trie that holds a single rule is that rule.
// So a search that finds nothing in a stage has looked at that stage and those
// before it and at nothing else, and a rule costs one slot of 16 bytes and
// its share of the nodes.
//
// What a search sees does not depend on where the hashes fall: it ends in the stage in which no rule agrees with the key
// any more, wherever the slots are. (Two values with the same 64-bit hash could make it look at
// more, never at less, and rules are compared in full.)
//
// Nodes know the highest priority below them: the table's order of
// subtables and the end of fruitless searches come from it.

// node is a branch of the trie of stage, or, when stage is the number of the shape's stages, a bucket of rules by falling priority.
type node struct {
	edit   uint64 // the Edit that may change the node in place
	hash   uint64 // of the stage before: what all rules below share
	kids   []kid  // a branch has those of the slots in bitmap
	bitmap uint64
	max    int32 // highest priority below
	stage  uint8
}

// kid is a node or a rule.
type kid struct {
	node *node
	rule *Rule
}

func (c kid) max() int32 {
	if c.rule != nil {
		return c.rule.Priority
	}
	return c.node.max
}

const slotBits = 6

// slot returns the bit of hash h at a node shift bits deep, and the index of its kid.
func (n *node) slot(h uint64, shift int) (bit uint64, at int) {
	bit = 1 << (h >> shift & (1<<slotBits - 1))
	return bit, bits.OnesCount64(n.bitmap & (bit - 1))
}

// subtable holds the rules of one shape.
type subtable struct {
	shape *shape
	root  *node
	rules int
	seq   uint64 // of subtables with the same highest priority the older comes first
	edit  uint64
}

// lookup finds the best rule for k that has a priority above floor and adds to seen what it looked at.
func (s *subtable) lookup(k *flow.Key, floor int32, p *prefixes, seen *flow.Mask) *Rule {
	sh, n, stages := s.shape, s.root, len(s.shape.ends)
	for stage := 0; stage < stages; stage++ {
		if n.max <= floor || (stage == int(sh.netStage) && p.ruleOut(sh, k, seen)) {
			sh.see(stage, seen)
			return nil
		}
		h := sh.hashKey(k, stage)
		c := n.descend(h)
		switch {
		case c.rule != nil && c.rule.Priority > floor:
			return s.check(c.rule, k, stage, p, seen)
		case c.node == nil || c.node.hash != h:
			sh.see(stage+1, seen)
			return nil
		}
		n = c.node
	}
	sh.see(stages, seen)
	if n.max <= floor {
		return nil
	}
	for _, c := range n.kids {
		if c.rule.Priority <= floor {
			return nil
		}
		if sh.compare(k, c.rule.values) == stages {
			return c.rule
		}
	}
	return nil
}

// descend walks the branches of n's stage down to a rule or to the first node of the next stage.
func (n *node) descend(h uint64) (c kid) {
	for shift := 0; ; shift += slotBits {
		bit, at := n.slot(h, shift)
		if n.bitmap&bit == 0 {
			return kid{}
		}
		c = n.kids[at]
		if c.rule != nil || c.node.stage != n.stage {
			return c
		}
		n = c.node
	}
}

// check compares k with the only rule that may agree with it, found in stage.
func (s *subtable) check(r *Rule, k *flow.Key, stage int, p *prefixes, seen *flow.Mask) *Rule {
	sh := s.shape
	differs := max(sh.compare(k, r.values), stage)
	switch {
	case differs == len(sh.ends):
		sh.see(differs, seen)
		return r
	case differs > stage && differs == int(sh.netStage) && p.ruleOut(sh, k, seen):
		sh.see(differs, seen)
	default:
		sh.see(differs+1, seen)
	}
	return nil
}

// find returns the rule with these values and this priority.
func (s *subtable) find(values []uint64, priority int32) *Rule {
	sh, n := s.shape, s.root
	for stage := range sh.ends {
		h := sh.hashValues(values, stage)
		c := n.descend(h)
		if c.rule != nil {
			if c.rule.Priority == priority && slices.Equal(c.rule.values, values) {
				return c.rule
			}
			return nil
		}
		if c.node == nil || c.node.hash != h {
			return nil
		}
		n = c.node
	}
	for _, c := range n.kids {
		if c.rule.Priority == priority && slices.Equal(c.rule.values, values) {
			return c.rule
		}
	}
	return nil
}

// each calls f for the rules below n with a priority of at least floor until it returns false.
func (n *node) each(floor int32, f func(*Rule) bool) bool {
	for _, c := range n.kids {
		switch {
		case c.max() < floor:
		case c.rule != nil && !f(c.rule):
			return false
		case c.node != nil && !c.node.each(floor, f):
			return false
		}
	}
	return true
}
