package vswitch

import (
	"fmt"

	"golang.org/x/sys/unix"

	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/packet"
	"pollux/pmd"
	"pollux/rxtx"
)

// NewInProcess makes a datapath in this process, over the same region and
// rings as one in a process of its own. open makes its ports. It does nothing
// before Start, and can be turned by hand instead.
func NewInProcess(c *DatapathConfig, open func(dpif.PortSpec) (rxtx.Port, error), clk clock.Clock, seed uint64) (*Local, *pmd.Datapath, error) {
	memory, err := mapMemory(c.Frames, c.FrameSize)
	if err != nil {
		return nil, nil, err
	}
	region, err := dpif.NewRegion(c.layout())
	if err != nil {
		return nil, nil, err
	}
	l := NewLocal(region)
	dp, err := pmd.New(pmd.Config{
		Cores: c.Cores, Memory: memory, Region: region, Open: open, Wake: l.Wake, Clock: clk, Seed: seed,
		FirstEntries: c.FirstEntries, SecondEntries: c.SecondEntries, InverseProbability: c.InverseProbability,
		MaxMasks: c.MaxMasks, PortQuota: c.PortQuota, Settings: c.Settings,
		Description: dpif.Description{Version: c.Version},
	})
	if err != nil {
		return nil, nil, err
	}
	l.Datapath = dp
	return l, dp, nil
}

// mapMemory makes packet memory that no device will see, on huge pages where
// the kernel hands them out by itself.
func mapMemory(frames, frameSize int) (*packet.Memory, error) {
	mem, err := unix.Mmap(-1, 0, frames*frameSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of packet memory: %w", frames*frameSize, err)
	}
	unix.Madvise(mem, unix.MADV_HUGEPAGE) // a wish; without it the pages are small
	return packet.NewMemory(mem, frameSize)
}
