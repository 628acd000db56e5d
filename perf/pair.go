package perf

import (
	"context"
	"errors"
	"fmt"

	"pollux/perf/report"
)

// settleTicks is for how many looks at its counters, ten a second, the sink
// may stand still after the last packet was sent before it is taken for done.
const settleTicks = 5

// runPair makes one run: the sink first, then the generator, then the wait for
// what is still under way. ctx ends the generator early; the result is then
// that of the shorter run. progress gets the generator's ticks.
func runPair(ctx context.Context, start startFunc, generate, count job, progress func(report.Tick)) (*report.Tx, *report.Rx, error) {
	s, err := start(count)
	if err != nil {
		return nil, nil, err
	}
	defer drain(s)
	if err := awaitReady(s); err != nil {
		return nil, nil, fmt.Errorf("start sink: %w", err)
	}
	g, err := start(generate)
	if err != nil {
		return nil, nil, err
	}
	defer drain(g)
	p := pair{gen: g, sink: s, progress: progress, done: ctx.Done()}
	if err := p.watch(); err != nil {
		return nil, nil, err
	}
	return p.tx, p.rx, nil
}

// drain ends a worker and waits until it is gone.
func drain(c *child) {
	c.stop()
	for range c.events {
	}
}

func awaitReady(c *child) error {
	for e := range c.events {
		switch {
		case e.Error != "":
			return errors.New(e.Error)
		case e.Ready:
			return nil
		}
	}
	return errors.New("worker ended without a word")
}

// pair is a run under way.
type pair struct {
	gen, sink *child
	progress  func(report.Tick)
	done      <-chan struct{}
	tx        *report.Tx
	rx        *report.Rx
	seen      uint64 // packets at the sink's last tick
	still     int    // ticks since that number changed
}

// watch listens to both ends until the sink has given its result.
func (p *pair) watch() error {
	genEvents := p.gen.events
	for p.rx == nil {
		select {
		case <-p.done:
			p.done = nil
			p.gen.stop()
		case e, open := <-genEvents:
			if !open {
				if p.tx == nil {
					return errors.New("generator ended without a result")
				}
				genEvents = nil
				continue
			}
			if err := p.fromGen(e); err != nil {
				return err
			}
		case e, open := <-p.sink.events:
			if !open {
				return errors.New("sink ended without a result")
			}
			if err := p.fromSink(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pair) fromGen(e event) error {
	switch {
	case e.Error != "":
		return fmt.Errorf("generator: %s", e.Error)
	case e.Tick != nil:
		p.progress(*e.Tick)
	case e.Tx != nil:
		p.tx = e.Tx
	}
	return nil
}

// fromSink ends the sink when everything has come or nothing comes any more.
func (p *pair) fromSink(e event) error {
	switch {
	case e.Error != "":
		return fmt.Errorf("sink: %s", e.Error)
	case e.Rx != nil:
		p.rx = e.Rx
	case e.Tick != nil && p.tx != nil:
		if p.still++; e.Tick.Packets != p.seen {
			p.seen, p.still = e.Tick.Packets, 0
		}
		if p.seen >= p.tx.Packets && p.still > 0 || p.still >= settleTicks {
			p.sink.stop()
		}
	}
	if p.rx != nil && p.tx == nil {
		return errors.New("sink ended before the generator")
	}
	return nil
}
