package ofproto

import (
	"slices"
	"sync"
	"sync/atomic"

	"pollux/internal/clock"
	"pollux/ofproto/mac"
	"pollux/ofproto/table"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

// Config is how a bridge shall be. Zero values mean the defaults named here.
type Config struct {
	Name        string
	Threads     int
	FlowLimit   int        // flows of one thread at most, 200,000
	MaxMasks    int        // distinct masks of one thread at most, 128
	MaxIdle     clock.Time // how long a flow without packets stays, 10 s
	MACs        mac.Limits // mac.DefaultLimits
	ForwardBPDU bool
	// Clock, if there is one, tells how long revalidation takes; the flow limit follows that.
	Clock clock.Clock
}

// Bridge is an OpenFlow switch over a datapath.
type Bridge struct {
	config    Config
	installer Installer
	macs      *mac.Table
	view      atomic.Pointer[xlate.View]
	changed   chan struct{}
	threads   []*flows
	points    kept[uint64, *xlate.Point]
	frozen    kept[uint32, *xlate.Frozen]
	workers   sync.Pool // of *xlate.Translator
	limit     atomic.Int64

	mu    sync.Mutex               // over changes of the view, and
	timed map[*table.Rule]struct{} // the rules that expire

	revalidating sync.Mutex // over Revalidate, and
	collected    clock.Time // when counters were read last
}

// New makes a bridge without ports and rules.
func New(c Config, i Installer) *Bridge {
	if c.FlowLimit == 0 {
		c.FlowLimit = 200_000
	}
	if c.MaxMasks == 0 {
		c.MaxMasks = 128
	}
	if c.MaxIdle == 0 {
		c.MaxIdle = 10 * clock.Second
	}
	if c.MACs == (mac.Limits{}) {
		c.MACs = mac.DefaultLimits
	}
	b := &Bridge{config: c, installer: i, macs: mac.New(c.MACs), changed: make(chan struct{}, 1), timed: map[*table.Rule]struct{}{}}
	b.workers.New = func() any { return new(xlate.Translator) }
	b.limit.Store(int64(c.FlowLimit))
	for range c.Threads {
		b.threads = append(b.threads, newFlows(c.MaxMasks))
	}
	b.view.Store(&xlate.View{Bridge: c.Name, Seq: 1, PortsSeq: 1, Ports: xlate.NewPorts(nil), MACs: b.macs, ForwardBPDU: c.ForwardBPDU, Thaw: b.thaw})
	return b
}

// Name is the bridge's name.
func (b *Bridge) Name() string { return b.config.Name }

// View is the present view.
func (b *Bridge) View() *xlate.View { return b.view.Load() }

// MACs is the table of learned addresses.
func (b *Bridge) MACs() *mac.Table { return b.macs }

// Changed says that Revalidate has something to do that should not wait for its turn.
func (b *Bridge) Changed() <-chan struct{} { return b.changed }

func (b *Bridge) notify() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// publish makes next the view that translation sees. b.mu is held.
func (b *Bridge) publish(next *xlate.View) {
	b.view.Store(next)
	b.notify()
}

// SetPorts makes these the ports of the bridge. What was learned on ports that are gone is forgotten.
func (b *Bridge) SetPorts(ports []xlate.Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := *b.View()
	old := next.Ports
	next.Seq++
	next.PortsSeq = next.Seq
	next.Ports = xlate.NewPorts(ports)
	b.publish(&next)
	for _, p := range old.All() {
		if next.Ports.Number(p.Number) == nil {
			b.macs.FlushPort(p.Number)
		}
	}
}

// Ports returns the ports by rising OpenFlow number.
func (b *Bridge) Ports() []xlate.Port { return slices.Clone(b.View().Ports.All()) }

// PortNames knows the names of the ports.
func (b *Bridge) PortNames() openflow.PortNames { return b.View().Ports }

// NumRules is how many rules there are.
func (b *Bridge) NumRules() (n int) {
	for _, t := range b.View().Tables {
		if t != nil {
			n += t.Len()
		}
	}
	return n
}
