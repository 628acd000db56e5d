package vswitch

import (
	"fmt"
	"io"
	"sync"
	"time"

	"pollux/action"
	"pollux/dpif"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto/mac"
	"pollux/ofproto/table"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

type thin struct {
	name  string
	sw    *Switch
	mu    sync.Mutex
	view  xlate.View
	macs  *mac.Table
	known map[[2]any]uint32
	flows map[int][]uint32
	x     xlate.Translator
	last  uint64
	ch    chan struct{}
}

func newBridge(o *Options, s *Switch) *thin {
	b := &thin{name: o.Bridge, sw: s, macs: mac.New(mac.DefaultLimits), known: map[[2]any]uint32{}, flows: map[int][]uint32{}, ch: make(chan struct{}, 1)}
	b.view.MACs = b.macs
	b.view.Ports = xlate.NewPorts(nil)
	return b
}
func (b *thin) Name() string             { return b.name }
func (b *thin) NumRules() int            { return 0 }
func (b *thin) Changed() <-chan struct{} { return b.ch }
func (b *thin) Forget()                  { b.mu.Lock(); defer b.mu.Unlock(); clear(b.known); clear(b.flows) }
func (b *thin) SetPorts(ps []xlate.Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.view.Ports = xlate.NewPorts(ps)
	b.flush()
}
func (b *thin) Revalidate(now clock.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.macs.Expire(now)
	if c := b.macs.Changes(); c != b.last {
		b.last = c
		b.flush()
	}
}
func (b *thin) flush() {
	c, err := b.sw.now()
	if err != nil {
		return
	}
	for t, ids := range b.flows {
		for _, id := range ids {
			c.threads[t].remove(id)
		}
	}
	clear(b.known)
	clear(b.flows)
}
func (b *thin) ApplyRules(rules []openflow.Rule, now clock.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range rules {
		r := &rules[i]
		t := b.view.Tables[r.Table]
		if t == nil {
			t = &table.Table{}
		}
		e := t.Edit()
		e.Insert(table.NewRule(r, now))
		b.view.Tables[r.Table] = e.Table()
	}
	b.flush()
	return nil
}
func (b *thin) Upcall(thread int, key *flow.Key, data []byte, now clock.Time) (uint32, action.List) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.x.Translate(&b.view, key)
	for _, l := range r.Learn {
		b.macs.Learn(l.Address, l.Port, now)
	}
	var k flow.Key
	key.And(&r.Mask, &k)
	kk := [2]any{thread, [2]any{k, r.Mask}}
	if id, ok := b.known[kk]; ok {
		return id, nil
	}
	c, err := b.sw.now()
	if err != nil {
		return 0, r.Actions
	}
	id, err := c.threads[thread].put(&k, &r.Mask, r.Actions)
	if err != nil {
		return 0, r.Actions
	}
	b.known[kk] = id
	b.flows[thread] = append(b.flows[thread], id)
	return id, nil
}

func (s *Switch) answer(thread int, u *dpif.Upcall) {
	if u.Kind != dpif.UpcallMiss {
		return
	}
	id, list := s.bridge.Upcall(thread, &u.Key, u.Data[:u.Length], s.clock.Now())
	c, err := s.now()
	if err != nil {
		return
	}
	c.threads[thread].resume(u.Park, id, list)
}
func (s *Switch) showPorts() {
	var ps []xlate.Port
	for _, p := range s.ports {
		ps = append(ps, xlate.Port{Number: p.Number, Datapath: xlate.DatapathPort(p.Datapath), Name: p.Name})
	}
	s.bridge.SetPorts(ps)
}
func (s *Switch) adopt(c *session) error                { return fmt.Errorf("adopt: not here") }
func (s *Switch) traceCommand(any, any) (string, error) { return "", nil }
func (s *Switch) fdbShow(w io.Writer) error             { s.bridge.macs.Show(w, s.clock.Now()); return nil }

var _ = time.Second
