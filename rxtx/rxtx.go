// Package rxtx says what a port is: something that packets come in and go out by,
// a batch at a time. The kinds of ports lie in the packages below it.
//
// Who owns what. A queue is owned by one thread from Attach to Detach; that
// thread alone calls its methods, between two of which nothing is locked.
// Frames that a queue holds (in rings shared with a device, say) it took
// from the thread's pool at Attach and afterwards, and Detach gives every one of them back.
//
// What does not fit is dropped, freed and counted by the queue, so that
// callers have no branch for it.
package rxtx

import (
	"net"

	"pollux/counter"
	"pollux/packet"
)

// Port is a device, real or in memory, with one or more queues. Its methods
// may be called from any goroutine, its queues only by their threads.
type Port interface {
	// Info describes the port as it is now. It may ask the kernel.
	Info() Info
	// Queues is the number of queues; each has a receive and a transmit side.
	Queues() int
	// Queue returns the i-th queue, always the same value.
	Queue(i int) Queue
	// Close gives the device back. All queues are detached by then.
	Close() error
}

// Queue is one receive and one transmit queue of a port.
type Queue interface {
	// Attach makes the calling thread the owner: frames come from and go back to
	// pool, what happens is counted in c, received packets carry port as Packet.Port.
	Attach(pool *packet.Pool, c *counter.Port, port uint32) error
	// Receive appends up to b.Room() packets to b and gives them to the caller. It
	// counts them in c.RxPackets and c.RxBytes, and what it
	// had to drop under its reason only: RxPackets counts what Receive returned plus what it dropped.
	Receive(b *packet.Batch)
	// Send takes all packets of b and empties it. What the queue takes
	// is counted in c.TxPackets and c.TxBytes, what not under its reason.
	Send(b *packet.Batch)
	// Flush makes the device work on what was sent, where it must be told, and
	// takes back frames it has finished with. Called once after a burst, and now and then when idle.
	Flush()
	// Held is the number of frames the queue holds now.
	Held() int
	// Detach ends the ownership: every frame held goes back to the pool.
	Detach()
}

// Preparer is a Queue that has to wait for its device before it can be attached again. Prepare
// does the waiting, on any goroutine, between Detach and the next Attach.
type Preparer interface{ Prepare() error }

// Info describes a port.
type Info struct {
	Name   string           // as the user knows it
	Kind   string           // "afxdp", "memport"
	MAC    net.HardwareAddr // nil if it has none
	MTU    int              // largest payload of an Ethernet frame, bytes; 0 if unlimited
	Up     bool             // carrier and administrative state
	Queues int
	Mode   string   // how packets get in and out: "zero-copy", "native", "generic", ...
	Notes  []string // what the user should know: offloads switched off, huge pages missing
}
