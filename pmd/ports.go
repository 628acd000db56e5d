package pmd

import (
	"fmt"
	"maps"
	"slices"

	"pollux/counter"
	"pollux/dpif"
	"pollux/packet"
	"pollux/rxtx"
)

// AddPort implements dpif.Datapath.
func (d *Datapath) AddPort(spec dpif.PortSpec) (dpif.PortInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if spec.Port == 0 || int64(spec.Port) >= int64(d.region.Layout.Ports) {
		return dpif.PortInfo{}, fmt.Errorf("add port %s: number %d; 1 to %d are possible", spec.Name, spec.Port, d.region.Layout.Ports-1)
	}
	if old := d.ports[spec.Port]; old != nil {
		return dpif.PortInfo{}, fmt.Errorf("add port %s: number %d is port %s", spec.Name, spec.Port, old.spec.Name)
	}
	opened, err := d.config.Open(spec)
	if err != nil {
		return dpif.PortInfo{}, fmt.Errorf("add port %s: %w", spec.Name, err)
	}
	p, err := d.newPort(spec, opened)
	if err == nil {
		err = d.attachAll(p)
	}
	if err != nil {
		opened.Close()
		return dpif.PortInfo{}, fmt.Errorf("add port %s: %w", spec.Name, err)
	}
	d.ports[spec.Port] = p
	for _, t := range d.threads {
		tx := p.txFor(t.id)
		d.do(t, func(t *Thread) { t.ports[spec.Port] = tx })
	}
	return d.describe(p), nil
}

// newPort decides who polls the queues of a port.
func (d *Datapath) newPort(spec dpif.PortSpec, opened rxtx.Port) (*port, error) {
	p := &port{spec: spec, port: opened}
	demands := make([]demand, opened.Queues())
	for q := range demands {
		demands[q] = demand{port: spec.Port, queue: q, core: -1}
	}
	for _, pin := range spec.Pins {
		if pin.Queue < 0 || pin.Queue >= len(demands) {
			return nil, fmt.Errorf("pin queue %d: there are queues 0 to %d", pin.Queue, len(demands)-1)
		}
		demands[pin.Queue].core = pin.Core
	}
	threads, err := place(Placement(d.config.Settings.Placement), demands, d.config.Cores, d.burdens(nil))
	if err != nil {
		return nil, err
	}
	p.threads = threads
	for q, dm := range demands {
		p.pinned = append(p.pinned, dm.core >= 0)
		p.receivers = append(p.receivers, &receiver{queue: opened.Queue(q), port: spec.Port, index: q})
	}
	return p, nil
}

// burdens is what each thread polls, of the queues that skip does not name.
func (d *Datapath) burdens(skip func(p *port, queue int) bool) []burden {
	has := make([]burden, len(d.threads))
	for _, p := range d.ports {
		for q, t := range p.threads {
			if skip == nil || !skip(p, q) {
				has[t].queues++
				has[t].cycles += p.receivers[q].cycles.Load()
			}
		}
	}
	return has
}

// attachAll hands each queue to its thread; on failure none stays attached.
func (d *Datapath) attachAll(p *port) error {
	for q := range p.receivers {
		if err := d.attach(p, q); err != nil {
			for k := range q {
				d.detach(p, k)
			}
			return err
		}
	}
	return nil
}

func (d *Datapath) attach(p *port, q int) error {
	d.supply(d.threads[p.threads[q]], p.spec.RxSize+p.spec.TxSize)
	r := p.receivers[q]
	var err error
	d.do(d.threads[p.threads[q]], func(t *Thread) {
		r.stats = &t.link.Ports[r.port]
		if err = r.queue.Attach(t.pool, r.stats, r.port); err == nil {
			t.receive = append(t.receive, r)
		}
	})
	if err != nil {
		return fmt.Errorf("attach queue %d: %w", q, err)
	}
	return nil
}

func (d *Datapath) detach(p *port, q int) {
	r := p.receivers[q]
	d.do(d.threads[p.threads[q]], func(t *Thread) {
		r.queue.Detach()
		t.receive = slices.DeleteFunc(t.receive, func(o *receiver) bool { return o == r })
	})
}

// supply moves free frames to a thread that would run short with want more
// in its rings: half of what the richest thread can spare, until it is enough.
func (d *Datapath) supply(t *Thread, want int) {
	for range d.threads {
		have := 0
		d.do(t, func(t *Thread) { have = t.pool.Len() })
		richest, most := t, have
		for _, o := range d.threads {
			d.do(o, func(o *Thread) {
				if n := o.pool.Len(); n > most {
					richest, most = o, n
				}
			})
		}
		if have >= 2*want || richest == t {
			return
		}
		var moved packet.Batch
		for range (most - have) / 2 / packet.BatchSize {
			d.do(richest, func(r *Thread) {
				for moved.Room() > 0 && r.pool.Len() > 0 {
					moved.Append(r.pool.Get())
				}
			})
			d.do(t, func(t *Thread) { t.pool.PutBatch(&moved) })
		}
	}
}

// txFor is how thread id sends to the port: by a queue of its own if it polls
// one, else through the thread that polls the queue it falls to.
func (p *port) txFor(id int) *txPort {
	tx := &txPort{port: p.spec.Port}
	if q := slices.Index(p.threads, id); q >= 0 {
		tx.queue = p.receivers[q].queue
		return tx
	}
	if len(p.threads) > 0 {
		tx.owner = p.threads[id%len(p.threads)]
	}
	return tx
}

// RemovePort implements dpif.Datapath.
func (d *Datapath) RemovePort(n uint32) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remove(n)
}

func (d *Datapath) remove(n uint32) error {
	p := d.ports[n]
	if p == nil {
		return fmt.Errorf("remove port %d: there is none", n)
	}
	for _, t := range d.threads {
		d.do(t, func(t *Thread) { t.forget(n) })
	}
	for q := range p.receivers {
		d.detach(p, q)
	}
	delete(d.ports, n)
	if err := p.port.Close(); err != nil {
		return fmt.Errorf("remove port %s: %w", p.spec.Name, err)
	}
	return nil
}

// forget ends sending to port n.
func (t *Thread) forget(n uint32) {
	if tx := t.ports[n]; tx != nil {
		t.dropAll(&tx.pending, counter.Stopped)
		t.dirty = slices.DeleteFunc(t.dirty, func(o *txPort) bool { return o == tx })
	}
	t.ports[n] = nil
}

// Rebalance implements dpif.Datapath: every queue not pinned is placed anew by what it
// cost since the last time. A queue that moves is bound again, which loses the packets in its rings.
func (d *Datapath) Rebalance() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var demands []demand
	var where []*port
	for _, n := range slices.Sorted(maps.Keys(d.ports)) {
		p := d.ports[n]
		for q, r := range p.receivers {
			if !p.pinned[q] {
				demands = append(demands, demand{port: n, queue: q, core: -1, cycles: r.cycles.Load()})
				where = append(where, p)
			}
		}
	}
	has := d.burdens(func(p *port, q int) bool { return !p.pinned[q] })
	threads, err := place(ByLoad, demands, d.config.Cores, has)
	if err != nil {
		return err
	}
	for i, dm := range demands {
		if err := d.move(where[i], dm.queue, threads[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *Datapath) move(p *port, q, thread int) error {
	if p.threads[q] == thread {
		return nil
	}
	for _, t := range d.threads {
		d.do(t, func(t *Thread) { t.forget(p.spec.Port) })
	}
	d.detach(p, q)
	if r, ok := p.receivers[q].queue.(rxtx.Preparer); ok { // waits for the kernel here, not on the thread
		if err := r.Prepare(); err != nil {
			return fmt.Errorf("move queue %d of port %s: %w", q, p.spec.Name, err)
		}
	}
	p.threads[q] = thread
	if err := d.attach(p, q); err != nil {
		return fmt.Errorf("move queue %d of port %s to core %d: %w", q, p.spec.Name, d.threads[thread].core, err)
	}
	for _, t := range d.threads {
		tx := p.txFor(t.id)
		d.do(t, func(t *Thread) { t.ports[p.spec.Port] = tx })
	}
	return nil
}

var _ dpif.Datapath = (*Datapath)(nil)
