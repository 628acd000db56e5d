package perf

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// A polling thread allocates nothing, and `perf mem` shows it. The number of
// objects that the whole process allocated comes from runtime.MemStats; which of them were the
// polling thread's, from the heap profile: while it is watched every allocation
// leaves the stack that made it, and the polling thread's stacks have its
// loop in them. The collector is kept off meanwhile, as in a datapath process, where
// the loop has its own process and nobody makes garbage.

// pollingLoop is the function that all of a polling thread runs below.
const pollingLoop = "pollux/pmd.(*Thread).run"

// garbageReserve is how much a control side may allocate before it is collected all the same, bytes.
const garbageReserve = 1 << 30

// allocWatch counts allocations from startAllocWatch to end.
type allocWatch struct {
	mallocs, collections uint64
	polling              int64
	percent, rate        int
	limit                int64
}

func startAllocWatch() *allocWatch {
	w := &allocWatch{rate: runtime.MemProfileRate}
	runtime.MemProfileRate = 1
	runtime.GC() // publishes the profile
	w.polling = pollingAllocs(pollingLoop)
	w.percent = debug.SetGCPercent(-1)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.limit = debug.SetMemoryLimit(int64(m.Sys) + garbageReserve)
	w.mallocs, w.collections = m.Mallocs, uint64(m.NumGC)
	return w
}

// allocs are objects allocated and collections made.
type allocs struct {
	all, polling, collections uint64
}

func (w *allocWatch) end() (a allocs) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	a.all, a.collections = m.Mallocs-w.mallocs, uint64(m.NumGC)-w.collections
	debug.SetMemoryLimit(w.limit)
	debug.SetGCPercent(w.percent)
	runtime.GC()
	a.polling = uint64(max(0, pollingAllocs(pollingLoop)-w.polling))
	runtime.MemProfileRate = w.rate
	return a
}

// pollingAllocs is the number of objects that the heap profile knows of whose allocation
// ran below function.
func pollingAllocs(function string) (n int64) {
	var records []runtime.MemProfileRecord
	have, ok := runtime.MemProfile(nil, true)
	for !ok {
		records = make([]runtime.MemProfileRecord, have+64) // more may come meanwhile
		have, ok = runtime.MemProfile(records, true)
	}
	for _, r := range records[:have] {
		if runsBelow(r.Stack(), function) {
			n += r.AllocObjects
		}
	}
	return n
}

func runsBelow(stack []uintptr, function string) bool {
	frames := runtime.CallersFrames(stack)
	for {
		f, more := frames.Next()
		if f.Function == function || strings.HasPrefix(f.Function, function+".") { // it, or a closure in it
			return true
		}
		if !more {
			return false
		}
	}
}
