package perf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"pollux/perf/gen"
	"pollux/perf/netdev"
	"pollux/perf/report"
	"pollux/perf/sink"
	"pollux/perf/traffic"
)

// job is what one process does: be the generator or the sink of one run. It
// crosses standard input as JSON.
type job struct {
	Sink     bool          `json:"sink"` // else generate
	Dev      netdev.Name   `json:"dev"`
	CPU      int           `json:"cpu"` // negative: none
	Kernel   bool          `json:"kernel"`
	Latency  bool          `json:"latency"`
	Traffic  traffic.Spec  `json:"traffic"`
	Queue    int           `json:"queue"`
	Mark     bool          `json:"mark"`     // packets get number and time where they have room
	Rate     float64       `json:"rate"`     // packets per second; 0: flat out
	Count    uint64        `json:"count"`    // packets; 0: no limit
	Duration time.Duration `json:"duration"` // ns; 0: until told to stop
}

// event is what a worker says. Exactly one field is set.
type event struct {
	Ready bool         `json:"ready,omitempty"` // nothing sent from now on is missed
	Tick  *report.Tick `json:"tick,omitempty"`
	Tx    *report.Tx   `json:"tx,omitempty"` // the generator is done
	Rx    *report.Rx   `json:"rx,omitempty"` // the sink is done
	Error string       `json:"error,omitempty"`
}

// do does the job until it is done or ctx ends. say is called from one
// goroutine at a time.
func (j job) do(ctx context.Context, say func(event)) error {
	tick := func(t report.Tick) { say(event{Tick: &t}) }
	if j.Sink {
		if j.Duration > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, j.Duration)
			defer cancel()
		}
		c := sink.Config{Dev: j.Dev, CPU: j.CPU, Kernel: j.Kernel, Latency: j.Latency}
		rx, err := sink.Run(ctx, c, func() { say(event{Ready: true}) }, tick)
		if err == nil {
			say(event{Rx: &rx})
		}
		return err
	}
	plan, err := traffic.Build(j.Traffic)
	if err != nil {
		return err
	}
	plan.Stamped = plan.Stamped && j.Mark
	say(event{Ready: true})
	tx, err := gen.Run(ctx, gen.Config{
		Dev: j.Dev, Queue: j.Queue, Plan: plan, Rate: j.Rate, Count: j.Count, Duration: j.Duration, CPU: j.CPU, Kernel: j.Kernel,
	}, tick)
	if err == nil {
		say(event{Tx: &tx})
	}
	return err
}

// work is the life of a worker: a job comes in, events go out. The end of in
// ends the job, so a worker does not outlive the process that started it.
func work(ctx context.Context, in io.Reader, out io.Writer) error {
	d := json.NewDecoder(in)
	var j job
	if err := d.Decode(&j); err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in) // until it is closed
		cancel()
	}()
	e := json.NewEncoder(out)
	var lost error
	err := j.do(ctx, func(ev event) {
		if lost == nil {
			lost = e.Encode(ev)
		}
	})
	if err != nil {
		return errors.Join(e.Encode(event{Error: err.Error()}), lost)
	}
	return lost
}
