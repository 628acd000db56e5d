package pmd

import "pollux/dpcls"

// forward gathers the packets of l that have a flow into one group for each
// flow, adds counters once for each group, and sends them on.
//
// A flow remembers the group it has in the burst at hand, so that grouping is one load and
// one compare a packet. Most flows are a single output: their packets go
// straight to the port.
func (t *Thread) forward(l *level) {
	l.n = 0
	for i, p := range l.batch.Packets() {
		f := l.hits[i]
		if f == nil {
			continue
		}
		g := l.groupOf(f)
		g.packets++
		g.bytes += uint64(p.Len())
		if f.Out != dpcls.NoOut {
			t.output(f.Out, p)
		} else {
			l.link(g, int8(i))
		}
	}
	for i := range l.n {
		t.finish(l, &l.groups[i])
	}
}

// groupOf finds or makes the group of f.
func (l *level) groupOf(f *dpcls.Flow) *group {
	if s := int(f.Slot); s < l.n && l.groups[s].flow == f {
		return &l.groups[s]
	}
	g := &l.groups[l.n]
	*g = group{flow: f, first: -1}
	f.Slot = uint16(l.n)
	l.n++
	return g
}

// link hangs the i-th packet of the burst on its group.
func (l *level) link(g *group, i int8) {
	if g.first < 0 {
		g.first = i
	} else {
		l.next[g.last] = i
	}
	l.next[i], g.last = -1, i
}

// finish adds the group's counters and works its actions if they are more
// than the output that has been done.
func (t *Thread) finish(l *level, g *group) {
	f := g.flow
	g.flow = nil // recirculation below may meet the flow again
	f.Stats.Packets.Add(g.packets)
	f.Stats.Bytes.Add(g.bytes)
	f.Stats.Used.Set(uint64(t.now))
	if f.Out != dpcls.NoOut {
		return
	}
	l.out.Reset()
	pkts := l.batch.Packets()
	for i := g.first; i >= 0; i = l.next[i] {
		l.out.Append(pkts[i])
	}
	t.execute(f.Actions, &l.out, l.depth)
}
