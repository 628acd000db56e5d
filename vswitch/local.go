package vswitch

import (
	"fmt"

	"golang.org/x/sys/unix"

	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/internal/vlog"
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
		MaxMasks: c.MaxMasks, PortQuota: c.PortQuota, Batch: c.Batch, Settings: c.Settings,
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

// Mem is a whole switch in this process, on ports that its maker brings: what
// `perf mem` measures and the world simulation turns.
type Mem struct {
	*Switch
	Datapath *pmd.Datapath
	link     *Local
	pumped   chan struct{}
}

// NewMem makes a switch of the given ports, OpenFlow port 1 the first. o.Rules are
// its rules. Nothing runs before Start.
func NewMem(o Options, seed uint64, clk clock.Clock, ports ...rxtx.Port) (*Mem, error) {
	open := func(s dpif.PortSpec) (rxtx.Port, error) { return ports[s.Port-1], nil }
	link, dp, err := NewInProcess(datapathConfig(&o), open, clk, seed)
	if err != nil {
		return nil, err
	}
	s := newSwitch(&o, vlog.New(vlog.Options{Console: o.Console}).Module("switch"), clk)
	m := &Mem{Switch: s, Datapath: dp, link: link, pumped: make(chan struct{})}
	s.current.Store(newSession(link, nil, s.limit))
	if err := s.loadRules(&o); err != nil {
		return nil, err
	}
	for i, p := range ports {
		s.mu.Lock()
		_, err := s.addPort(dpif.PortSpec{Port: uint32(i + 1), Name: p.Info().Name, Kind: "memport"})
		s.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Start sets threads and control side going.
func (m *Mem) Start() error {
	m.Datapath.Start()
	c := m.current.Load()
	go func() { c.pump(m.answer); close(m.pumped) }()
	return nil
}

// Step does by hand what Start would do all the time: one turn of the threads
// and what the control side has to do about it. It returns how many packets came in.
func (m *Mem) Step() int {
	n := m.Datapath.Turn()
	m.current.Load().turn(m.answer)
	m.settle()
	return n
}

// Tend is what the control side does twice a second: revalidation.
func (m *Mem) Tend() {
	m.settle()
	m.bridge.Revalidate(m.clock.Now())
}

// Region is the datapath's shared memory.
func (m *Mem) Region() *dpif.Region { return m.link.Region() }

// Stop ends the control side and then the threads of a switch that was started.
func (m *Mem) Stop() error {
	m.current.Load().stop()
	<-m.pumped
	return m.Datapath.Stop()
}
