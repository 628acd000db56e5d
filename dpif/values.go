package dpif

import (
	"pollux/counter"
	"pollux/flow"
	"pollux/internal/clock"
)

// MailOp says what a thread is asked to do.
type MailOp uint32

// The operations. ID is a flow record unless said otherwise.
const (
	// MailPut makes the flow of record ID live; the thread writes its verdict.
	MailPut MailOp = 1 + iota
	// MailRemove ends the flow ID. Once the mail is released its counters stand still.
	MailRemove
	// MailActions replaces the actions of the live flow ID by those of record Arg, where the
	// thread writes as its verdict whether they are Taken.
	MailActions
	// MailResume sends the parked packet Park through the actions of record
	// ID, which is a live flow (counters are added) or just holds actions.
	MailResume
	// MailExecute sends the oldest packet of the exec ring through the actions of record ID.
	MailExecute
	// MailFlush removes every flow.
	MailFlush
)

// Mail is one thing that the control process asks of a thread. A thread works
// its mail in order; the ring's Tail tells how far it is.
type Mail struct {
	Op   MailOp
	ID   uint32
	Arg  uint32
	_    uint32
	Park uint64 // handle of a parked packet
}

// NoPark is the handle of no parked packet.
const NoPark = 0

// UpcallKind says why a packet goes to the control process.
type UpcallKind uint32

const (
	// UpcallMiss asks for a flow: the packet is parked under Park.
	UpcallMiss UpcallKind = iota
	// UpcallAction brings a copy that a Userspace action asked for.
	UpcallAction
)

// MaxPacket is how many bytes of a packet an upcall or an exec carries: a
// jumbo frame of 9,216 bytes with its Ethernet header and two tags.
const MaxPacket = 9216 + 22

// Upcall is one packet on its way to the control process.
type Upcall struct {
	Kind   UpcallKind
	Port   uint32     // ingress datapath port
	Park   uint64     // handle, NoPark if the packet waits for nothing
	Time   clock.Time // when it was sent
	Cookie uint64     // of the Userspace action
	Reason uint32     // of the Userspace action
	Length uint32     // bytes in Data
	Total  uint32     // bytes of the whole packet
	_      uint32
	Key    flow.Key
	Data   [MaxPacket + 2]byte
}

// Exec is a packet that the control process wants sent through actions.
type Exec struct {
	Port   uint32 // ingress datapath port it shall seem to come from
	Length uint32
	Data   [MaxPacket + 2]byte
}

// ThreadStats is what a thread counts about itself. The thread is the only
// writer. For the whole datapath, at rest,
//
//	sum of RxPackets + Copies + Executed = sum of TxPackets + all Drops + ToControl + held
type ThreadStats struct {
	Loops, BusyLoops       counter.Counter // turns of the loop, and those that found packets
	BusyCycles, IdleCycles counter.Counter // of clock.Cycles
	Bursts                 counter.Counter // non-empty receive bursts
	RxPackets              counter.Counter

	FirstHits, SecondHits    counter.Counter // packets found in the caches
	ClassifierHits, Misses   counter.Counter // packets found behind them, and not at all
	SubtableLookups          counter.Counter // subtables probed for the classifier hits and misses
	Upcalls                  counter.Counter // sent to the control process
	Recirculations           counter.Counter
	Copies, Executed         counter.Counter // packets made here
	ToControl                counter.Counter // packets whose only way out was the control process
	LostToControl            counter.Counter // copies that the control process should have had, but its queue was full
	Sends, SentPackets       counter.Counter // bursts given to transmit queues
	HandedOver, TakenOver    counter.Counter // packets passed to and from other threads
	Sleeps, SleepNanos       counter.Counter
	MailsDone, MailsRefused  counter.Counter
	Flows, Masks             counter.Counter // gauges
	Parked, FreeFrames, Held counter.Counter // gauges: frames parked, free, and in hand elsewhere in the thread

	// Gaps is the time in ns between two polls; WorstGap the longest since somebody asked for it anew.
	Gaps     counter.Histogram
	WorstGap counter.Counter
	// GapNanos20 is the time spent in gaps above 20 µs, WatchedNanos the time watched.
	GapNanos20, WatchedNanos counter.Counter
	// BurstSizes is packets per non-empty burst, UpcallNanos the time from upcall to resume.
	BurstSizes, UpcallNanos counter.Histogram

	Drops counter.Drops
	_     [7]counter.Counter
}
