package afxdp

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"pollux/internal/clock"
	"pollux/packet"
	"pollux/rxtx"
)

// Options say how a device is to be bound. The zero value of each but Device
// means a default.
type Options struct {
	Device   string
	Queues   []int         // device queues to bind, nil for all
	Mode     string        // one of the Mode constants, "" for ModeAuto
	RxSize   int           // slots of the receive ring of each queue, a power of two, default 2048
	TxSize   int           // slots of the transmit and completion rings, likewise
	FillSize int           // slots of the fill ring and frames given to the kernel to receive into, likewise
	Coalesce time.Duration // under load, the longest wait for a fuller burst; 0: none
}

// DefaultRing is the number of slots of a ring.
const DefaultRing = 2048

// Modes, and what Info.Mode says.
const (
	ModeAuto     = "auto"     // the first of the following that works
	ModeZeroCopy = "zerocopy" // the driver receives into and sends from our frames
	ModeNative   = "native"   // the program runs in the driver, packets are copied
	ModeGeneric  = "generic"  // the program runs in the kernel's stack
)

// Port is a network device bound through AF_XDP.
type Port struct {
	name        string
	mode        string
	notes       []string
	umem        *UMEM
	device      *device
	program     *program
	queues      []*Queue
	binding     binding  // of every queue, but for its number
	multiFrame  bool     // packets may take several frames
	halfDone    bool     // packets may come with half-done checksums
	switchedOff []string // offloads that were on
	promisc     int      // the socket that makes the device promiscuous

	coalesceCycles uint64
	longest        atomic.Int32 // bytes that the device takes, by its MTU when it was last looked at

	mu      sync.Mutex
	waiting map[int]*socket // open sockets that no thread has attached
	live    map[int]*socket // attached ones
	lost    Lost            // on sockets that are closed
}

var (
	_ rxtx.Port  = (*Port)(nil)
	_ rxtx.Queue = (*Queue)(nil)
)

// kind is what Info says of every port here.
const kind = "afxdp"

// Open binds the queues of a device to umem. The result is a *Port.
func Open(umem *UMEM, o Options) (rxtx.Port, error) {
	p, err := open(umem, o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Device, err)
	}
	return p, nil
}

func open(umem *UMEM, o Options) (_ *Port, err error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	p := &Port{name: o.Device, umem: umem, promisc: -1, waiting: map[int]*socket{}, live: map[int]*socket{}}
	p.coalesceCycles = uint64(o.Coalesce.Seconds() * clock.CyclesPerSecond())
	defer func() {
		if err != nil {
			p.shut()
		}
	}()
	var l netlink.Link
	if p.device, l, err = openDevice(o.Device); err != nil {
		return nil, err
	}
	p.setMTU(l.Attrs().MTU)
	if err = checkMTU(p.mtu(), umem); err != nil {
		return nil, err
	}
	have, senders := p.device.queues(l)
	if o.Queues, err = checkQueues(o.Queues, have); err != nil {
		return nil, err
	}
	for _, q := range o.Queues {
		p.queues = append(p.queues, &Queue{port: p, index: q, mute: q >= senders})
		if q >= senders {
			p.notes = append(p.notes, fmt.Sprintf("queue %d cannot send: the device has %d transmit queues", q, senders))
		}
	}
	p.binding = binding{ifindex: p.device.ifindex, sizes: sizes{rx: o.RxSize, fill: o.FillSize, tx: o.TxSize, done: o.TxSize}}
	if err = p.findMode(o.Mode, have); err != nil {
		return nil, err
	}
	p.reveal()
	if p.promisc, err = promiscuous(p.device.ifindex); err != nil {
		return nil, err
	}
	umem.count(1)
	return p, nil
}

func (o *Options) complete() error {
	for _, n := range []*int{&o.RxSize, &o.TxSize, &o.FillSize} {
		if *n == 0 {
			*n = DefaultRing
		}
		if *n < 0 || *n&(*n-1) != 0 {
			return fmt.Errorf("ring of %d slots: must be a power of two", *n)
		}
	}
	switch o.Mode {
	case "":
		o.Mode = ModeAuto
	case ModeAuto, ModeZeroCopy, ModeNative, ModeGeneric:
	default:
		return fmt.Errorf("mode %q: must be auto, zerocopy, native or generic", o.Mode)
	}
	return nil
}

// checkQueues returns the queues to bind, in order.
func checkQueues(wanted []int, have int) ([]int, error) {
	if wanted == nil {
		for i := range have {
			wanted = append(wanted, i)
		}
		return wanted, nil
	}
	seen := map[int]bool{}
	for _, q := range wanted {
		if q < 0 || q >= have {
			return nil, fmt.Errorf("queue %d: the device has %d, the last is %d", q, have, have-1)
		}
		if seen[q] {
			return nil, fmt.Errorf("queue %d is named twice", q)
		}
		seen[q] = true
	}
	return slices.Clone(wanted), nil
}

// Info describes the port as it is now.
func (p *Port) Info() rxtx.Info {
	i := rxtx.Info{Name: p.name, Kind: kind, Queues: len(p.queues), Mode: p.mode, Notes: slices.Clone(p.notes)}
	l, err := p.device.netlink.LinkByIndex(p.device.ifindex)
	if err != nil {
		if errors.As(err, new(netlink.LinkNotFoundError)) {
			i.Notes = append(i.Notes, "the device is gone")
		}
		return i
	}
	a := l.Attrs()
	p.setMTU(a.MTU)
	i.MAC, i.MTU = a.HardwareAddr, a.MTU
	i.Up = a.RawFlags&unix.IFF_UP != 0 && a.RawFlags&unix.IFF_RUNNING != 0
	return i
}

// setMTU remembers how long a packet may be: an Ethernet header and one VLAN
// tag more than the MTU, which is what veth and nearly every driver take.
func (p *Port) setMTU(mtu int) { p.longest.Store(int32(mtu + linkHeader)) }

func (p *Port) mtu() int { return int(p.longest.Load()) - linkHeader }

const linkHeader = 14 + 4

// checkMTU refuses an MTU whose packets the frames could not take.
func checkMTU(mtu int, u *UMEM) error {
	frames := packet.MaxFragments
	why := ""
	if !u.multiFrame() {
		frames, why = 1, ", because packets of several frames need Linux 6.6"
	}
	if most := frames*(u.memory.FrameSize()-packet.Headroom) - linkHeader; mtu > most {
		return fmt.Errorf("MTU of %d is too large: with frames of %d bytes the largest is %d%s", mtu, u.memory.FrameSize(), most, why)
	}
	return nil
}

// Queues is the number of bound queues.
func (p *Port) Queues() int { return len(p.queues) }

// Queue returns the i-th bound queue; its type is *Queue.
func (p *Port) Queue(i int) rxtx.Queue { return p.queues[i] }

// Close gives the device back.
func (p *Port) Close() error {
	p.umem.count(-1)
	return p.shut()
}

func (p *Port) shut() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.program != nil {
		if err = p.program.close(); err != nil {
			err = fmt.Errorf("close %s: %w", p.name, err)
		}
	}
	for q, s := range p.waiting {
		s.close()
		delete(p.waiting, q)
	}
	p.unreveal()
	if p.promisc >= 0 {
		unix.Close(p.promisc)
		p.promisc = -1
	}
	if p.device != nil {
		p.device.close()
	}
	return err
}
