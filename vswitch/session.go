package vswitch

import (
	"sync/atomic"

	"pollux/dpif"
)

// session is the control side's connection to one life of a datapath. When
// the datapath dies, its session ends with it and the next begins.
type session struct {
	link    Link
	threads []*flows
	died    <-chan struct{} // nil for a datapath in this process
	stopped atomic.Bool
}

// newSession takes the control side's ends of all rings. limit is how many
// flows a thread may have.
func newSession(link Link, died <-chan struct{}, limit int) *session {
	s := &session{link: link, died: died}
	for i := range link.Region().Layout.Threads {
		s.threads = append(s.threads, newFlows(link.Region().Thread(i), limit))
	}
	return s
}

// upcallsPerTurn is how many upcalls of a thread are taken before the next thread's turn.
const upcallsPerTurn = 32

// pump gives every upcall to answer, thread by thread, and sleeps when there are none, until stop.
// Fairness between ports is the datapath's: no port has more than its quota waiting.
func (s *session) pump(answer func(thread int, u *dpif.Upcall)) {
	region := s.link.Region()
	for !s.stopped.Load() {
		if s.turn(answer) > 0 {
			continue
		}
		region.SetWaiting(true)
		if s.turn(answer) == 0 && !s.stopped.Load() {
			if err := s.link.Wait(); err != nil {
				return
			}
		}
		region.SetWaiting(false)
	}
}

// turn takes what is there, a bounded number from each thread, and returns how many.
func (s *session) turn(answer func(thread int, u *dpif.Upcall)) (taken int) {
	for i, t := range s.threads {
		n := t.end.Upcalls.Peek(upcallsPerTurn)
		for j := range n {
			u := t.end.Upcalls.Slot(j)
			u.Length = min(u.Length, uint32(len(u.Data)))
			answer(i, u)
		}
		if n > 0 {
			t.end.Upcalls.Release(n)
		}
		taken += n
	}
	return taken
}

// stop ends pump.
func (s *session) stop() {
	s.stopped.Store(true)
	s.link.Interrupt()
}

// pid is the process of the datapath, 0 if it is this one.
func (s *session) pid() int {
	if c, ok := s.link.(*dpif.Client); ok {
		return c.PID()
	}
	return 0
}
