package vswitch

import (
	"pollux/dpif"
)

// Link is a datapath as the control side sees it: a process at the other end
// of a socket (dpif.Client) or threads of this one (Local).
type Link interface {
	dpif.Datapath
	Region() *dpif.Region
	// Wait blocks until a thread has upcalls, after Region().SetWaiting(true), or until Interrupt.
	Wait() error
	Interrupt() error
}

// Local is a datapath in this process.
type Local struct {
	dpif.Datapath
	region *dpif.Region
	wake   chan struct{}
}

// NewLocal makes the link; its Wake is what the datapath's threads call.
func NewLocal(region *dpif.Region) *Local {
	region.SetAttached(true)
	return &Local{region: region, wake: make(chan struct{}, 1)}
}

// Wake makes a Wait return. Any goroutine may call it.
func (l *Local) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Region implements Link.
func (l *Local) Region() *dpif.Region { return l.region }

// Wait implements Link.
func (l *Local) Wait() error { <-l.wake; return nil }

// Interrupt implements Link.
func (l *Local) Interrupt() error { l.Wake(); return nil }

var (
	_ Link = (*Local)(nil)
	_ Link = (*dpif.Client)(nil)
)
