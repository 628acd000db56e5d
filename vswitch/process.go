package vswitch

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/pmd"
	"pollux/rxtx"
	"pollux/rxtx/afxdp"
)

// DatapathConfig is all that a datapath process is told at its start, as JSON on its standard input.
type DatapathConfig struct {
	Version string
	Cores   []int // one polling thread each

	Frames    int    // of packet memory
	FrameSize int    // bytes
	HugePages string // "auto", "on", "off"

	FirstEntries       int
	SecondEntries      int // 0 for no second cache
	InverseProbability int
	MaxMasks           int
	FlowLimit          int // flows on each thread
	Batch              int // packets of a receive burst at most
	PortQuota          int // packets of a port waiting for the control process, on each thread
	MaxPorts           int

	Settings dpif.Settings
}

// layout is the shape of the region for c. Records beyond the flow limit are
// for flows that take several and for those on their way out.
func (c *DatapathConfig) layout() dpif.Layout {
	l := dpif.DefaultLayout(len(c.Cores))
	l.Flows = c.FlowLimit + c.FlowLimit/4 + 1024
	l.Ports = c.MaxPorts
	return l
}

// memoryReserve is how much garbage may gather in a datapath process before its
// collector runs: what port changes and descriptions leave behind.
const memoryReserve = 64 << 20

// RunDatapath is the datapath process: it reads its configuration from in, serves the
// control process that connects to l, and returns when it was asked to stop.
func RunDatapath(in io.Reader, l *net.UnixListener) error {
	var c DatapathConfig
	if err := json.NewDecoder(in).Decode(&c); err != nil {
		return fmt.Errorf("read datapath configuration: %w", err)
	}
	// The polling threads are in nobody's way and nobody is in theirs: a
	// processor for each and two for the rest; no collector.
	runtime.GOMAXPROCS(len(c.Cores) + 2)
	debug.SetGCPercent(-1)
	umem, err := afxdp.OpenUMEM(c.Frames, c.FrameSize, c.HugePages)
	if err != nil {
		return fmt.Errorf("make packet memory: %w", err)
	}
	region, err := dpif.NewRegion(c.layout())
	if err != nil {
		return err
	}
	dp, err := newDatapath(&c, umem, region)
	if err != nil {
		return err
	}
	server, err := dpif.NewServer(l, region, dp)
	if err != nil {
		return err
	}
	dp.wake = server.Wake
	defer os.Remove(l.Addr().String())
	limitMemory()
	dp.Start()
	return server.Serve()
}

// limitMemory lets the collector run only when memory grows well beyond what
// the start took.
func limitMemory() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(int64(m.Sys) + memoryReserve)
}

// process is a datapath with the devices it opens.
type process struct {
	*pmd.Datapath
	wake func()
}

func newDatapath(c *DatapathConfig, umem *afxdp.UMEM, region *dpif.Region) (*process, error) {
	p := &process{}
	dp, err := pmd.New(pmd.Config{
		Cores: c.Cores, Memory: umem.Memory(), Region: region,
		Open:               func(s dpif.PortSpec) (rxtx.Port, error) { return openPort(umem, s) },
		Wake:               func() { p.wake() },
		Clock:              clock.System,
		Seed:               rand.Uint64(),
		FirstEntries:       c.FirstEntries,
		SecondEntries:      c.SecondEntries,
		InverseProbability: c.InverseProbability,
		MaxMasks:           c.MaxMasks,
		PortQuota:          c.PortQuota,
		Batch:              c.Batch,
		Settings:           c.Settings,
		Description: dpif.Description{
			PID: os.Getpid(), Version: c.Version, Started: time.Now().UnixNano(), Notes: umem.Notes(),
		},
	})
	if err != nil {
		return nil, err
	}
	p.Datapath = dp
	return p, nil
}

func openPort(umem *afxdp.UMEM, s dpif.PortSpec) (rxtx.Port, error) {
	switch s.Kind {
	case "afxdp":
		return afxdp.Open(umem, afxdp.Options{
			Device: s.Device, Queues: s.Queues, Mode: s.Mode, RxSize: s.RxSize, TxSize: s.TxSize, Coalesce: s.Coalesce,
		})
	default:
		return nil, fmt.Errorf("open port: kind %q is not known; afxdp is", s.Kind)
	}
}
