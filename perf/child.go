package perf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// child is a worker as its parent sees it.
type child struct {
	events <-chan event // closed after the last one
	stop   func()       // asks it to finish; its last event still comes
}

// startFunc starts a worker. The tests have one without processes.
type startFunc func(job) (*child, error)

// startProcess starts this binary as a worker.
func startProcess(j job) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	cmd := exec.Command(self, "perf", "worker")
	cmd.Stderr = os.Stderr
	// A Ctrl-C is the parent's to handle: it wants to hear how the run went.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	if err := json.NewEncoder(in).Encode(j); err != nil {
		in.Close()
		return nil, errors.Join(fmt.Errorf("give worker its job: %w", err), cmd.Wait())
	}
	events := make(chan event, 64)
	go func() {
		defer close(events)
		listen(out, events)
		in.Close()
		if err := cmd.Wait(); err != nil {
			events <- event{Error: fmt.Sprintf("worker on %s: %v", j.Dev, err)}
		}
	}()
	return &child{events: events, stop: func() { in.Close() }}, nil
}

// listen passes on what a worker writes until it ends.
func listen(out io.Reader, events chan<- event) {
	d := json.NewDecoder(out)
	for {
		var e event
		err := d.Decode(&e)
		if err == io.EOF {
			return
		}
		if err != nil {
			events <- event{Error: fmt.Sprintf("read from worker: %v", err)}
			_, _ = io.Copy(io.Discard, out)
			return
		}
		events <- e
	}
}
