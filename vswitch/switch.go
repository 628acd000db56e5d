package vswitch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"pollux/config"
	"pollux/dpif"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto"
	"pollux/openflow"
)

// Switch is the control side: one bridge over one datapath.
type Switch struct {
	bridge   *ofproto.Bridge
	clock    clock.Clock
	log      *slog.Logger
	trouble  *slog.Logger // for what traffic can cause, at a bounded rate
	limit    int          // flows on each thread
	launch   func() (*session, bool, error)
	defaults config.Queues // of ports added by command

	current atomic.Pointer[session]
	// naming is held for reading while a packet is sent on to a flow by its id, and for writing
	// when ids of flows that have gone become free for others.
	naming sync.RWMutex

	mu      sync.Mutex // over ports and what changes them
	ports   []Port
	before  *Snapshot // of the last pollux/stats
	cleared *Snapshot // of the last pmd-stats-clear
	started clock.Time
	restart int // how often the datapath had to be started again
}

// Port is a port of the switch: what the user named, and its two numbers.
type Port struct {
	Name     string
	Number   openflow.Port
	Datapath uint32
	MAC      uint64
	Spec     dpif.PortSpec
	Away     bool // its device has gone
	device   int  // the kernel's number of the device
}

// newPort is the port that info describes; its OpenFlow number is that of the datapath.
func newPort(info *dpif.PortInfo) Port {
	p := Port{Name: info.Spec.Name, Number: openflow.Port(info.Spec.Port), Datapath: info.Spec.Port, Spec: info.Spec}
	if info.Spec.Device != "" {
		p.device = deviceIndex(info.Spec.Device)
	}
	if len(info.Info.MAC) == 6 {
		p.MAC = flow.MAC((*[6]byte)(info.Info.MAC))
	}
	return p
}

// errNoDatapath says that the datapath is gone and not yet back.
var errNoDatapath = errors.New("the datapath is not running; it is being started again")

// now returns the present session.
func (s *Switch) now() (*session, error) {
	if c := s.current.Load(); c != nil {
		return c, nil
	}
	return nil, errNoDatapath
}

// Snapshot reads all counters.
func (s *Switch) Snapshot() (*Snapshot, error) {
	c, err := s.now()
	if err != nil {
		return nil, err
	}
	return TakeSnapshot(c.link.Region(), s.clock.Now()), nil
}

func (s *Switch) portList() []Port {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Port(nil), s.ports...)
}

// AddPort makes a port of a device. It gets the lowest free numbers.
func (s *Switch) AddPort(d config.Device, rx, tx int, pins []config.Pin) (Port, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := uint32(1)
	for i := 0; i < len(s.ports); i++ {
		switch {
		case s.ports[i].Name == d.Name:
			return Port{}, fmt.Errorf("add port %s: there is a port of that name", d.Name)
		case s.ports[i].Datapath == n:
			n++
			i = -1
		}
	}
	spec := dpif.PortSpec{
		Port: n, Name: d.Name, Kind: "afxdp", Device: d.Name, Queues: d.Queues.List, Mode: d.Mode,
		RxSize: rx, TxSize: tx, Coalesce: d.Coalesce.Duration,
	}
	for _, p := range pins {
		if p.Port == d.Name {
			spec.Pins = append(spec.Pins, dpif.Pin{Queue: p.Queue, Core: p.Core})
		}
	}
	return s.addPort(spec)
}

// addPort makes the port that spec describes. s.mu is held.
func (s *Switch) addPort(spec dpif.PortSpec) (Port, error) {
	c, err := s.now()
	if err != nil {
		return Port{}, err
	}
	info, err := c.link.AddPort(spec)
	if err != nil {
		return Port{}, err
	}
	p := newPort(&info)
	s.ports = append(s.ports, p)
	s.showPorts()
	s.log.Info("added port", "name", p.Name, "port", p.Number, "mode", info.Info.Mode, "queues", len(info.Queues))
	for _, note := range info.Info.Notes {
		s.log.Info("port " + p.Name + ": " + note)
	}
	return p, nil
}

// RemovePort gives a device back.
func (s *Switch) RemovePort(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.now()
	if err != nil {
		return err
	}
	for i, p := range s.ports {
		if p.Name == name {
			if err := s.removeFrom(c, &p); err != nil {
				return err
			}
			s.ports = append(s.ports[:i:i], s.ports[i+1:]...)
			s.showPorts()
			s.log.Info("removed port", "name", name)
			return nil
		}
	}
	return fmt.Errorf("remove port %s: there is none", name)
}

// removeFrom removes a port from the datapath, where it is not if its device has gone.
func (s *Switch) removeFrom(c *session, p *Port) error {
	if p.Away {
		return nil
	}
	return c.link.RemovePort(p.Datapath)
}

// Run serves the datapath until ctx ends: upcalls, revalidation, and the
// datapath's death, after which it starts another.
func (s *Switch) Run(ctx context.Context) {
	var done sync.WaitGroup
	defer done.Wait()
	done.Go(func() { s.revalidate(ctx) })
	for ctx.Err() == nil {
		c, err := s.now()
		if err != nil {
			return
		}
		stop := context.AfterFunc(ctx, c.stop)
		pumped := make(chan struct{})
		go func() { c.pump(s.answer); close(pumped) }()
		select {
		case <-ctx.Done():
		case <-c.died:
			c.stop()
			<-pumped
			stop()
			s.revive(ctx)
			continue
		}
		<-pumped
		stop()
	}
}

// reviveEvery is how long the switch waits between two attempts to start a datapath.
const reviveEvery = time.Second

// revive starts a datapath in place of the one that died, and puts ports back.
// Flows come back with the packets that need them.
func (s *Switch) revive(ctx context.Context) {
	s.current.Store(nil)
	s.bridge.Forget()
	for ctx.Err() == nil {
		s.log.Error("the datapath process has died; starting another")
		c, _, err := s.launch()
		if err == nil {
			s.mu.Lock()
			s.restart++
			s.current.Store(c)
			s.putPortsBack()
			s.mu.Unlock()
			return
		}
		s.log.Error("the datapath process cannot be started", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(reviveEvery):
		}
	}
}

// putPortsBack adds every port again under its old numbers. One that cannot
// be added is said and left out.
func (s *Switch) putPortsBack() {
	old := s.ports
	s.ports = nil
	for _, p := range old {
		if _, err := s.addPort(p.Spec); err != nil {
			s.log.Error("a port did not come back; it will when its device does", "name", p.Name, "err", err)
			p.Away = true
			s.ports = append(s.ports, p)
		}
	}
}

// revalidateEvery is how often flows are looked at when nothing asks for it sooner.
const revalidateEvery = 500 * time.Millisecond

func (s *Switch) revalidate(ctx context.Context) {
	tick := time.NewTicker(revalidateEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.bridge.Changed():
		}
		s.settle()
		s.bridge.Revalidate(s.clock.Now())
	}
}
