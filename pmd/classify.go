package pmd

import (
	"pollux/counter"
	"pollux/flow"
	"pollux/packet"
)

// process takes the batch of level depth from ports to gathered outputs. All
// its packets are somebody else's afterwards.
func (t *Thread) process(depth int) {
	l := t.levels[depth]
	if n := t.first.Lookup(&l.batch, &l.hits, &l.tokens); n > 0 {
		t.stats.FirstHits.Add(uint64(l.batch.Len() - n))
		t.classify(l)
	} else {
		t.stats.FirstHits.Add(uint64(l.batch.Len()))
	}
	t.forward(l)
}

// classify finds flows for the packets of l that the first cache does not
// know. What it finds it writes to l.hits; a packet that is dropped or parked instead keeps nil there.
func (t *Thread) classify(l *level) {
	m := &l.misses
	t.extract(l)
	left := t.searchSecond(m)
	t.stats.SecondHits.Add(uint64(m.n - left))
	if left > 0 {
		t.searchClassifier(m, left)
	}
	pkts := l.batch.Packets()
	for j := range m.n {
		i := m.index[j]
		if f := m.flows[j]; f != nil {
			l.hits[i] = f
			t.first.Insert(&l.tokens, int(i), f)
		} else {
			t.upcall(pkts[i], &m.keys[j])
		}
	}
}

// extract takes the keys of the packets without a hit; a packet whose headers
// make no sense is dropped here.
func (t *Thread) extract(l *level) {
	m := &l.misses
	m.n = 0
	for i, p := range l.batch.Packets() {
		if l.hits[i] != nil {
			continue
		}
		if reason := flow.Extract(p, &m.keys[m.n]); reason != counter.Forwarded {
			t.drop(p, reason)
			continue
		}
		m.index[m.n], m.flows[m.n] = int8(i), nil
		m.n++
	}
}

// searchSecond looks the keys up in the second cache and returns how many it does not know.
func (t *Thread) searchSecond(m *missed) (left int) {
	if t.second == nil {
		return m.n
	}
	return t.second.Lookup(m.keys[:m.n], m.flows[:m.n])
}

// searchClassifier looks up those still without a flow and tells the second cache.
func (t *Thread) searchClassifier(m *missed, left int) {
	var known [packet.BatchSize]bool
	for j := range m.n {
		known[j] = m.flows[j] != nil
	}
	none := t.cls.Lookup(m.keys[:m.n], m.flows[:m.n])
	t.stats.SubtableLookups.Set(t.cls.Probed())
	t.stats.ClassifierHits.Add(uint64(left - none))
	t.stats.Misses.Add(uint64(none))
	if t.second == nil {
		return
	}
	for j := range m.n {
		if f := m.flows[j]; f != nil && !known[j] {
			t.second.Insert(&m.keys[j], f)
		}
	}
}
