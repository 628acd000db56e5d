package vswitch

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// keepOff moves this process away from the cores that threads poll on, so that
// neither its work nor its garbage collector takes the core from them. Where every
// core is polled on it stays where it is. Threads that the runtime makes later inherit
// the affinity of the one that makes them.
func keepOff(polled []int) error {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return fmt.Errorf("keep off the polling cores: %w", err)
	}
	for _, core := range polled {
		set.Clear(core)
	}
	left := set.Count()
	if left == 0 {
		return nil
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("keep off the polling cores: %w", err)
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.SchedSetaffinity(tid, &set); err != nil && err != unix.ESRCH {
			return fmt.Errorf("keep thread %d off the polling cores: %w", tid, err)
		}
	}
	runtime.GOMAXPROCS(left)
	return nil
}
