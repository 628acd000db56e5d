package perf

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pollux/perf/report"
)

// script is a worker without a process: it says what it is told to, then one
// thing over and over until it is stopped, and then its last words.
type script struct {
	says []event
	hums []event
	last []event
}

func (s script) start() *child {
	events, stopped := make(chan event), make(chan struct{})
	ended := false
	go func() {
		defer close(events)
		for _, e := range s.says {
			events <- e
		}
		for running := len(s.hums) > 0; running; {
			select {
			case events <- s.hums[0]:
			case <-stopped:
				running = false
			}
		}
		<-stopped
		for _, e := range s.last {
			events <- e
		}
	}()
	return &child{events: events, stop: func() {
		if !ended {
			close(stopped)
		}
		ended = true
	}}
}

// scripts starts one script for each job.
func scripts(gen, sink script) startFunc {
	return func(j job) (*child, error) {
		if j.Sink {
			return sink.start(), nil
		}
		return gen.start(), nil
	}
}

func at(packets uint64) event { return event{Tick: &report.Tick{Packets: packets}} }

// counted is a sink that sees some packets at each look, and then no more.
func counted(packets ...uint64) script {
	s := script{says: []event{{Ready: true}}}
	for _, n := range packets {
		s.says = append(s.says, at(n))
		s.hums = []event{at(n)}
		s.last = []event{{Rx: &report.Rx{Packets: n}}}
	}
	return s
}

func TestPairWaitsForTheLastPacket(t *testing.T) {
	gen := script{says: []event{{Ready: true}, at(50), {Tx: &report.Tx{Packets: 100}}}}
	sink := counted(10, 60, 99, 100)
	ticks := 0
	tx, rx, err := runPair(t.Context(), scripts(gen, sink), job{}, job{Sink: true}, func(report.Tick) { ticks++ })
	if err != nil || tx.Packets != 100 || rx.Packets != 100 || ticks != 1 {
		t.Errorf("%+v %+v %v, %d ticks", tx, rx, err, ticks)
	}
}

func TestPairEndsWhenNothingComesAnyMore(t *testing.T) {
	gen := script{says: []event{{Ready: true}, {Tx: &report.Tx{Packets: 1000}}}}
	tx, rx, err := runPair(t.Context(), scripts(gen, counted(100)), job{}, job{Sink: true}, func(report.Tick) {})
	if err != nil || tx.Packets != 1000 || rx.Packets != 100 {
		t.Errorf("%+v %+v %v", tx, rx, err)
	}
}

func TestPairIsEndedEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	gen := script{says: append([]event{{Ready: true}}, slices.Repeat([]event{at(5)}, 3)...), last: []event{{Tx: &report.Tx{Packets: 100}}}}
	tx, rx, err := runPair(ctx, scripts(gen, counted(100)), job{}, job{Sink: true}, func(report.Tick) { cancel() })
	if err != nil || tx.Packets != 100 || rx.Packets != 100 {
		t.Errorf("%+v %+v %v", tx, rx, err)
	}
}

func TestPairErrors(t *testing.T) {
	good := script{says: []event{{Ready: true}, {Tx: &report.Tx{}}}}
	bad := script{says: []event{{Error: "no such device"}}}
	broken := script{says: []event{{Ready: true}, at(1), {Error: "link down"}}}
	silent := func(job) (*child, error) {
		e := make(chan event)
		close(e)
		return &child{events: e, stop: func() {}}, nil
	}
	cannot := errors.New("cannot start")
	for want, start := range map[string]startFunc{
		"start sink: no such device":    scripts(good, bad),
		"generator: link down":          scripts(broken, counted(1, 2, 3)),
		"sink: link down":               scripts(good, broken),
		"worker ended without a word":   silent,
		"cannot start":                  func(job) (*child, error) { return nil, cannot },
		"generator: no such device":     scripts(bad, counted(0)),
		"sink ended before the generat": scripts(script{}, script{says: []event{{Ready: true}, {Rx: &report.Rx{}}}}),
	} {
		_, _, err := runPair(t.Context(), start, job{}, job{Sink: true}, func(report.Tick) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
