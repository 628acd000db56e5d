// Package clock makes time a value. Functional code takes a Time as an
// argument; only the loops at the edges ask a Clock for it, and tests give
// them one that they turn by hand.
package clock

import (
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Time is nanoseconds of CLOCK_MONOTONIC. It means the same in every process
// of one machine, so it may cross shared memory.
type Time int64

// Units of Time.
const (
	Microsecond Time = 1000
	Millisecond      = 1000 * Microsecond
	Second           = 1000 * Millisecond
)

// Sub returns the time from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Add returns the time d after t.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// Clock tells the time. It may be asked from any goroutine.
type Clock interface{ Now() Time }

// System is the machine's clock. One reading costs about 20 ns and no system
// call: the runtime reads the clock through the vDSO and the offset between
// its epoch and the kernel's is taken once.
var System Clock = newSystem()

type system struct {
	start  time.Time
	offset Time
}

// newSystem reads both clocks several times and believes the pair that lies
// closest together, so that being preempted between the two does not put the
// clocks of two processes apart.
func newSystem() (best system) {
	closest := time.Duration(math.MaxInt64)
	for range 16 {
		var ts unix.Timespec
		start := time.Now()
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			panic("read CLOCK_MONOTONIC: " + err.Error())
		}
		if apart := time.Since(start); apart < closest {
			closest, best = apart, system{start: start, offset: Time(ts.Nano()) - Time(apart/2)}
		}
	}
	return best
}

func (s system) Now() Time { return s.offset + Time(time.Since(s.start)) }

// Manual is a clock that stands until it is told to move. The zero value
// stands at 0.
type Manual struct{ now atomic.Int64 }

// Now returns the time it was moved to.
func (m *Manual) Now() Time { return Time(m.now.Load()) }

// Advance moves the clock by d.
func (m *Manual) Advance(d time.Duration) { m.now.Add(int64(d)) }
