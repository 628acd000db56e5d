package clock

import (
	"sync"
	"time"
)

// Cycles reads the processor's cycle counter, which runs at a constant rate
// on every machine Pollux is for; the difference of two readings on one thread is
// the cycles between them. On processors without one it counts nanoseconds.
func Cycles() uint64 { return cycles() }

// CyclesPerSecond is the rate of Cycles, measured once against the system clock
// for 10 ms at the first call.
var CyclesPerSecond = sync.OnceValue(func() float64 {
	t0, c0 := time.Now(), Cycles()
	for time.Since(t0) < 10*time.Millisecond {
	}
	c1, t1 := Cycles(), time.Since(t0)
	return float64(c1-c0) / t1.Seconds()
})
