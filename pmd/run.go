package pmd

import (
	"runtime"

	"golang.org/x/sys/unix"

	"pollux/internal/clock"
)

// flushEvery is how many idle turns pass between two flushes of the transmit
// queues, which brings home frames that a device finished late.
const flushEvery = 1024

// mostUrgent is the niceness of a polling thread: whatever else strays onto its
// core gets a small share of it.
const mostUrgent = -20

// run is the life of a thread. started is closed when it polls.
func (t *Thread) run(started chan<- struct{}) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	var set unix.CPUSet
	set.Set(t.core)
	unix.SchedSetaffinity(0, &set) // a core that went away was refused with the configuration
	tid := unix.Gettid()
	t.tid.Store(int64(tid))
	unix.Setpriority(unix.PRIO_PROCESS, tid, mostUrgent) // without the right to, it shares the core as others do
	t.lastTS = clock.Cycles()
	close(started)
	for idle := 0; !t.dp.stopping.Load(); {
		if t.turn() > 0 {
			idle = 0
			continue
		}
		if idle++; idle%flushEvery == 0 {
			t.flushIdle()
		}
		if ns := t.sleep.wait(); ns > 0 {
			t.doze(ns)
		}
	}
}

func (t *Thread) flushIdle() {
	for _, tx := range t.ports {
		if tx != nil && tx.queue != nil {
			tx.queue.Flush()
		}
	}
}

// doze sleeps for about ns and does not count it as a gap.
func (t *Thread) doze(ns clock.Time) {
	before := t.clock.Now()
	nanosleep(int64(ns))
	t.stats.Sleeps.Add(1)
	t.stats.SleepNanos.Add(uint64(t.clock.Now() - before))
	t.lastTS = clock.Cycles()
}
