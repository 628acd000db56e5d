package table

import "slices"

// Changes of a subtable's trie. Nodes of the tables that others hold are copied
// on the way down; nodes that this Edit has made are changed where they are, so
// that many changes in one Edit cost little more than in a plain tree.

// own returns n, or a copy that the edit may change.
func (n *node) own(edit uint64) *node {
	if n.edit == edit {
		return n
	}
	c := *n
	c.edit, c.kids = edit, slices.Clone(n.kids)
	return &c
}

// insert adds r, which the trie does not hold, below n, shift bits deep in n's stage.
func (s *subtable) insert(n *node, r *Rule, shift int, edit uint64) *node {
	n = n.own(edit)
	n.max = max(n.max, r.Priority)
	stage := int(n.stage)
	if stage == len(s.shape.ends) {
		at, _ := slices.BinarySearchFunc(n.kids, r.Priority, func(c kid, p int32) int { return int(p) - int(c.rule.Priority) })
		n.put(at, kid{rule: r})
		return n
	}
	h := s.shape.hashValues(r.values, stage)
	bit, at := n.slot(h, shift)
	if n.bitmap&bit == 0 {
		n.bitmap |= bit
		n.put(at, kid{rule: r})
		return n
	}
	n.kids[at].node, n.kids[at].rule = s.join(n.kids[at], r, stage, h, shift+slotBits, edit), nil
	return n
}

// join returns a node with r and what c holds. Both are in the same slot of stage, down to shift; h is r's hash there.
func (s *subtable) join(c kid, r *Rule, stage int, h uint64, shift int, edit uint64) *node {
	if c.node != nil && int(c.node.stage) == stage {
		return s.insert(c.node, r, shift, edit)
	}
	other := uint64(0)
	if c.node != nil {
		other = c.node.hash
	} else {
		other = s.shape.hashValues(c.rule.values, stage)
	}
	switch {
	case other != h: // they part further down in this stage
		n := &node{edit: edit, stage: uint8(stage), max: c.max()}
		n.bitmap, _ = n.slot(other, shift)
		n.kids = []kid{c}
		return s.insert(n, r, shift, edit)
	case c.node != nil:
		return s.insert(c.node, r, 0, edit)
	}
	n := &node{edit: edit, stage: uint8(stage + 1), hash: h, max: noPriority}
	return s.insert(s.insert(n, c.rule, 0, edit), r, 0, edit)
}

// put inserts c at index at, with little room to spare: most nodes stop growing soon.
func (n *node) put(at int, c kid) {
	if len(n.kids) == cap(n.kids) {
		n.kids = append(make([]kid, 0, len(n.kids)+len(n.kids)/4+1), n.kids...)
	}
	n.kids = slices.Insert(n.kids, at, c)
}

// replace puts r in the place of old, which has the same values and priority.
func (s *subtable) replace(n *node, old, r *Rule, shift int, edit uint64) *node {
	n = n.own(edit)
	if int(n.stage) == len(s.shape.ends) {
		n.kids[slices.Index(n.kids, kid{rule: old})].rule = r
		return n
	}
	_, at := n.slot(s.shape.hashValues(r.values, int(n.stage)), shift)
	c := &n.kids[at]
	switch {
	case c.rule != nil:
		c.rule = r
	case c.node.stage == n.stage:
		c.node = s.replace(c.node, old, r, shift+slotBits, edit)
	default:
		c.node = s.replace(c.node, old, r, 0, edit)
	}
	return n
}

// remove takes r out, which the trie holds.
func (s *subtable) remove(n *node, r *Rule, shift int, edit uint64) *node {
	n = n.own(edit)
	if int(n.stage) == len(s.shape.ends) {
		at := slices.Index(n.kids, kid{rule: r})
		n.kids = slices.Delete(n.kids, at, at+1)
	} else {
		bit, at := n.slot(s.shape.hashValues(r.values, int(n.stage)), shift)
		c := &n.kids[at]
		switch {
		case c.rule != nil:
			n.kids, n.bitmap = slices.Delete(n.kids, at, at+1), n.bitmap&^bit
		case c.node.stage == n.stage:
			*c = s.remove(c.node, r, shift+slotBits, edit).lift(n)
		default:
			*c = s.remove(c.node, r, 0, edit).lift(n)
		}
	}
	n.max = noPriority
	for _, c := range n.kids {
		n.max = max(n.max, c.max())
	}
	return n
}

// lift returns what stands for n in its parent's slot: its only kid, if that may stand there.
func (n *node) lift(parent *node) kid {
	if len(n.kids) == 1 {
		c := n.kids[0]
		if c.rule != nil || (n.stage == parent.stage && c.node.stage != n.stage) {
			return c
		}
	}
	return kid{node: n}
}
