package dpif

import (
	"time"

	"pollux/flow"
	"pollux/rxtx"
)

// Datapath is what the control process can ask of the datapath process as a
// whole. The datapath implements it; a Client speaks to it over the socket.
// All methods may be called from any goroutine and are worked one after another.
type Datapath interface {
	// AddPort opens the device and begins to poll it. The port number is
	// the caller's choice, below Layout.Ports and not 0.
	AddPort(PortSpec) (PortInfo, error)
	// RemovePort stops polling and gives the device back.
	RemovePort(port uint32) error
	// Ports describes every port.
	Ports() ([]PortInfo, error)
	// Threads describes every thread.
	Threads() ([]ThreadInfo, error)
	// Configure changes what can be changed while packets run.
	Configure(Settings) error
	// Rebalance places all receive queues anew, by the load of the last seconds.
	Rebalance() error
	// Describe tells what the datapath process is and has.
	Describe() (Description, error)
	// Stop ends the datapath process and gives every device back.
	Stop() error
}

// PortSpec says which port to make.
type PortSpec struct {
	Port     uint32        // datapath port number
	Name     string        // as the user knows it
	Kind     string        // "afxdp", "memport"
	Device   string        // network device, for kinds that have one
	Queues   []int         // device queues to bind; empty for all
	Mode     string        // "auto", "zerocopy", "native", "generic"
	RxSize   int           // descriptors of a receive ring; 0 for the default
	TxSize   int           // descriptors of a transmit ring; 0 for the default
	Coalesce time.Duration // how long a receive queue under load waits for a fuller burst
	Pins     []Pin         // queues placed by hand
}

// Pin places one receive queue on the thread of a core.
type Pin struct{ Queue, Core int }

// PortInfo describes a port as it is now.
type PortInfo struct {
	Spec   PortSpec
	Info   rxtx.Info
	Queues []QueueInfo
}

// QueueInfo says who polls a queue, and with what effort.
type QueueInfo struct {
	Queue  int
	Thread int
	Pinned bool
	Held   int     // frames in the rings of the queue
	Load   float64 // share of the thread's cycles that went into the queue's packets of late, 0 to 1
}

// ThreadInfo describes a polling thread.
type ThreadInfo struct {
	ID, Core  int
	TID       int // of the operating system
	Subtables []SubtableInfo
}

// SubtableInfo describes one subtable of a thread's classifier.
type SubtableInfo struct {
	Mask  flow.Mask
	Flows int
	Hits  uint64
}

// Settings can be changed while packets run.
type Settings struct {
	Placement string        // "round-robin", "load" or "manual"
	MaxSleep  time.Duration // longest sleep of an idle thread, 0 to poll without end
}

// Description tells what a datapath process is and has.
type Description struct {
	PID        int
	Version    string
	Cores      []int
	Frames     int   // of packet memory
	FrameSize  int   // bytes
	RegionSize int64 // bytes of shared memory, most of them never touched
	Started    int64 // Unix time, ns
	Notes      []string
	Settings   Settings
}
