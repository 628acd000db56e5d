package pmd

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"pollux/action"
	"pollux/dpcls"
	"pollux/dpif"
	"pollux/emc"
	"pollux/internal/clock"
	"pollux/internal/ring"
	"pollux/packet"
	"pollux/rxtx"
)

// Config is what a datapath is made of.
type Config struct {
	Cores  []int // one thread each
	Memory *packet.Memory
	Region *dpif.Region // with a section for each thread
	// Open makes the port that a spec describes.
	Open  func(dpif.PortSpec) (rxtx.Port, error)
	Wake  func() // wakes the control process
	Clock clock.Clock
	Seed  uint64 // of every hash

	FirstEntries       int // of the first cache of each thread
	SecondEntries      int // of the second; 0 for none
	InverseProbability int // a full place in the first cache is taken by one in so many new flows
	MaxMasks           int
	Batch              int // packets of a receive burst at most; 0 for packet.BatchSize
	PortQuota          int // packets of a port that may wait for the control process, on each thread

	Settings    dpif.Settings
	Description dpif.Description // what Describe answers, but for the settings
}

// Datapath is the threads and the ports they poll. It implements dpif.Datapath.
type Datapath struct {
	config        Config
	region        *dpif.Region
	wake          func()
	nanosPerCycle float64
	threads       []*Thread
	senders       []*ring.Producer[command]
	maxSleep      atomic.Int64
	stopping      atomic.Bool
	done          sync.WaitGroup

	mu      sync.Mutex // over all below, and over senders
	running bool
	ports   map[uint32]*port
}

// port is a port and who polls its queues.
type port struct {
	spec      dpif.PortSpec
	port      rxtx.Port
	receivers []*receiver
	threads   []int // by queue
	pinned    []bool
}

// New makes the threads, which do nothing before Start.
func New(c Config) (*Datapath, error) {
	if len(c.Cores) == 0 || len(c.Cores) != c.Region.Layout.Threads {
		return nil, fmt.Errorf("make datapath: %d cores for a region of %d threads", len(c.Cores), c.Region.Layout.Threads)
	}
	d := &Datapath{config: c, region: c.Region, wake: c.Wake, nanosPerCycle: 1e9 / clock.CyclesPerSecond(), ports: map[uint32]*port{}}
	d.maxSleep.Store(int64(c.Settings.MaxSleep))
	pools := c.Memory.Split(len(c.Cores))
	for i := range c.Cores {
		t, commands := d.newThread(i, pools[i])
		d.threads, d.senders = append(d.threads, t), append(d.senders, commands)
	}
	d.joinThreads()
	return d, nil
}

func (d *Datapath) newThread(i int, pool *packet.Pool) (*Thread, *ring.Producer[command]) {
	c := d.config
	layout := c.Region.Layout
	send, receive := ring.New[command](16)
	seed := rand.New(rand.NewPCG(c.Seed, uint64(i)))
	link := c.Region.Thread(i).ThreadEnd()
	t := &Thread{
		id: i, core: c.Cores[i], dp: d, clock: c.Clock, link: link, stats: link.Stats, commands: receive,
		pool:    pool,
		cls:     dpcls.New(dpcls.Config{MaxMasks: c.MaxMasks, MaxFlows: layout.Flows, Seed: seed.Uint64()}),
		lists:   newLists(layout.Flows),
		ports:   make([]*txPort, layout.Ports),
		dirty:   make([]*txPort, 0, layout.Ports),
		parking: newParking(4*packet.BatchSize*packet.BatchSize, layout.Ports, c.PortQuota),
		levels:  newLevels(),
		scratch: make([]packet.Batch, (maxRecirculation+1)*(action.MaxDepth+2)),
		rng:     rand.NewPCG(seed.Uint64(), seed.Uint64()),
		spec:    dpif.FlowSpec{Actions: make(action.List, 0, action.MaxWords)},
		sleep:   sleeper{max: &d.maxSleep},
	}
	t.first = emc.NewFirst(t.cls, c.FirstEntries, seed.Uint64(), c.InverseProbability)
	t.levels[0].batch.Limit(cmp.Or(c.Batch, packet.BatchSize))
	if c.SecondEntries > 0 {
		t.second = emc.NewSecond(t.cls, c.SecondEntries, seed.Uint64())
	}
	return t, send
}

// joinThreads lays a ring for handing packets over between each two threads.
func (d *Datapath) joinThreads() {
	n := len(d.threads)
	for _, t := range d.threads {
		t.hand = handover{to: make([]*ring.Producer[handed], n), from: make([]*ring.Consumer[handed], n), owed: make([]int, n)}
	}
	for i, a := range d.threads {
		for j, b := range d.threads {
			if i != j {
				a.hand.to[j], b.hand.from[i] = ring.New[handed](256)
			}
		}
	}
}

// Start sets the threads going.
func (d *Datapath) Start() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = true
	for _, t := range d.threads {
		started := make(chan struct{})
		d.done.Go(func() { t.run(started) })
		<-started
	}
}

// Turn lets each thread do one turn of its loop in the caller's goroutine, for
// a datapath that was not started: simulations turn it by hand. It returns how many packets came in.
func (d *Datapath) Turn() (received int) {
	for _, t := range d.threads {
		received += t.turn()
	}
	return received
}

// do runs f on thread t between two bursts and waits for it. d.mu is held.
func (d *Datapath) do(t *Thread, f func(*Thread)) {
	if !d.running {
		f(t)
		return
	}
	done := make(chan struct{})
	d.senders[t.id].Put(command{f, done}) // never full: one command at a time
	<-done
}

// Stop ends the threads and gives every device back.
func (d *Datapath) Stop() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range slices.Sorted(maps.Keys(d.ports)) {
		if err := d.remove(n); err != nil {
			return err
		}
	}
	d.stopping.Store(true)
	d.done.Wait()
	d.running = false
	return nil
}

// Configure implements dpif.Datapath.
func (d *Datapath) Configure(s dpif.Settings) error {
	switch Placement(s.Placement) {
	case RoundRobin, ByLoad, Manual:
	default:
		return fmt.Errorf("configure datapath: placement %q; %q, %q and %q are possible", s.Placement, RoundRobin, ByLoad, Manual)
	}
	if s.MaxSleep < 0 || s.MaxSleep > 10e6 {
		return fmt.Errorf("configure datapath: longest sleep %v; 0 to 10ms are possible", s.MaxSleep)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.config.Settings = s
	d.maxSleep.Store(int64(s.MaxSleep))
	return nil
}

// Describe implements dpif.Datapath.
func (d *Datapath) Describe() (dpif.Description, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	desc := d.config.Description
	desc.Settings, desc.Cores = d.config.Settings, d.config.Cores
	desc.Frames, desc.FrameSize = d.config.Memory.Frames(), d.config.Memory.FrameSize()
	desc.RegionSize = int64(d.region.Size())
	return desc, nil
}

// Threads implements dpif.Datapath.
func (d *Datapath) Threads() ([]dpif.ThreadInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []dpif.ThreadInfo
	for _, t := range d.threads {
		info := dpif.ThreadInfo{ID: t.id, Core: t.core, TID: int(t.tid.Load())}
		d.do(t, func(t *Thread) {
			for _, s := range t.cls.Subtables() {
				info.Subtables = append(info.Subtables, dpif.SubtableInfo{Mask: *s.Mask(), Flows: s.Flows(), Hits: s.Hits()})
			}
		})
		all = append(all, info)
	}
	return all, nil
}

// Ports implements dpif.Datapath.
func (d *Datapath) Ports() ([]dpif.PortInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []dpif.PortInfo
	for _, p := range slices.SortedFunc(maps.Values(d.ports), func(a, b *port) int { return cmp.Compare(a.spec.Port, b.spec.Port) }) {
		all = append(all, d.describe(p))
	}
	return all, nil
}

func (d *Datapath) describe(p *port) dpif.PortInfo {
	info := dpif.PortInfo{Spec: p.spec, Info: p.port.Info()}
	for q, t := range p.threads {
		busy := max(1, d.threads[t].stats.BusyCycles.Load()+d.threads[t].stats.IdleCycles.Load())
		info.Queues = append(info.Queues, dpif.QueueInfo{
			Queue: q, Thread: t, Pinned: p.pinned[q], Load: float64(p.receivers[q].cycles.Load()) / float64(busy),
		})
	}
	return info
}
