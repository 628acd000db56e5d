package config

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine is the facts that a configuration is held against. Functions take it
// as an argument so that a test can have a machine of 64 cores.
type Machine struct {
	Online []int // CPUs that run, ascending
	Usable []int // those of Online that this process may run on, ascending, never empty

	RunDir, LogDir string // from the environment; empty: not set there
}

// maxCPU is the largest CPU number a Linux kernel can be built for, less one.
const maxCPU = 8191

// ThisMachine reads the facts of the machine it runs on. It must be called
// before any thread of the process is pinned.
func ThisMachine() (Machine, error) {
	const file = "/sys/devices/system/cpu/online"
	text, err := os.ReadFile(file)
	if err != nil {
		return Machine{}, fmt.Errorf("read online CPUs: %w", err)
	}
	online, err := parseNumbers(strings.TrimSpace(string(text)), maxCPU)
	if err != nil {
		return Machine{}, fmt.Errorf("read online CPUs: %s: %w", file, err)
	}
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &set); err != nil {
		return Machine{}, fmt.Errorf("read CPU affinity: %w", err)
	}
	m := Machine{Online: online, RunDir: os.Getenv("OVS_RUNDIR"), LogDir: os.Getenv("OVS_LOGDIR")}
	for _, cpu := range online {
		if set.IsSet(cpu) {
			m.Usable = append(m.Usable, cpu)
		}
	}
	if len(m.Usable) == 0 {
		return Machine{}, fmt.Errorf("read CPU affinity: none of the online CPUs %s is allowed", formatNumbers(online))
	}
	return m, nil
}
