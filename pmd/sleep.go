package pmd

import (
	"sync/atomic"

	"pollux/internal/clock"
)

// An idle thread polls on for a while and then sleeps between polls, a
// microsecond longer each time until maxSleep; the first packet makes it
// poll without sleep again. With maxSleep 0 it never sleeps. What it costs is latency:
// up to maxSleep (and some 50 µs of timer) for the first packet after a pause.

// idleTurns is how many turns without a packet come before the first sleep.
const idleTurns = 1000

const sleepStep = clock.Microsecond

type sleeper struct {
	max  *atomic.Int64 // ns; the Datapath writes it
	idle int
	next clock.Time
}

func (s *sleeper) busy() { s.idle, s.next = 0, 0 }

// wait returns for how long the thread should sleep now, 0 for not at all.
func (s *sleeper) wait() clock.Time {
	limit := clock.Time(s.max.Load())
	if limit == 0 {
		return 0
	}
	if s.idle++; s.idle <= idleTurns {
		return 0
	}
	s.next = min(s.next+sleepStep, limit)
	return s.next
}
