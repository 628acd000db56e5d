package afxdp

import (
	"fmt"

	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/packet"
)

// Queue is one queue of a device with its socket.
type Queue struct {
	port  *Port
	index int // the device's number of the queue

	// The thread that has attached the queue owns the rest.

	rings
	kernel   kernel // nil when the socket is closed
	pool     *packet.Pool
	memory   *packet.Memory
	counters *counter.Port
	number   uint32 // of the datapath port

	inRx, inTx frameSet // frames that lie with the kernel
	fillTarget int      // frames to have in inRx
	txMost     int      // frames to have in inTx at most: the completion ring must take all

	warm   warmth
	chain  chain // a packet of several frames, the rest of which has not come yet
	mute   bool  // the device has no transmit queue of this number
	down   bool  // the device refused to send: it is down or gone
	sleepy int   // flushes to skip before a device that is down is tried again
	hold   holdOff
}

// Attach makes the calling thread the owner of the queue and gives the kernel frames
// to receive into. The first Attach finds the socket open; one after Detach opens
// another, which the kernel may keep waiting for up to a second: see Prepare.
func (q *Queue) Attach(pool *packet.Pool, c *counter.Port, port uint32) error {
	s, err := q.port.takeSocket(q.index)
	if err != nil {
		return fmt.Errorf("attach queue %d of %s: %w", q.index, q.port.name, err)
	}
	q.start(s.rings, s, pool, c, port)
	if err := q.port.redirect(q.index, s.fd); err != nil {
		q.Detach()
		return fmt.Errorf("attach queue %d of %s: %w", q.index, q.port.name, err)
	}
	return nil
}

// start takes over the rings of an open socket.
func (q *Queue) start(r rings, k kernel, pool *packet.Pool, c *counter.Port, port uint32) {
	q.rings, q.kernel, q.pool, q.counters, q.number = r, k, pool, c, port
	q.memory = pool.Memory()
	if q.inRx.bits == nil {
		q.inRx, q.inTx = newFrameSet(q.memory.Frames()), newFrameSet(q.memory.Frames())
	}
	q.fillTarget = min(len(r.fill.slots), fillMost)
	q.txMost = min(len(r.tx.slots), len(r.done.slots))
	q.chain, q.down, q.sleepy = chain{}, false, 0
	q.hold = holdOff{limit: q.port.coalesceCycles}
	q.warm.on = q.port.mode != ModeZeroCopy
	q.refill(1)
}

// fillMost is how many frames the kernel has to receive into at most. It goes through them in turn, so they are what the
// caches and the translation of addresses must hold: with 2,048 of them a forwarder on veth sent 1.40 million packets a second,
// with 1,024 and with 256 it sent 1.65. 1,024 bridge 0.6 ms of that rate.
const fillMost = 1024

// Prepare opens the socket that the next Attach will use, so that a thread that polls need not wait
// for the kernel. Any goroutine may call it while the queue is detached.
func (q *Queue) Prepare() error { return q.port.prepare(q.index) }

// Held is the number of frames the queue holds now.
func (q *Queue) Held() int { return q.inRx.n + q.inTx.n + q.warm.n + q.chain.frames }

// Detach closes the socket and gives back every frame. What was sent is
// handed to the device first, as far as it takes it; what was received and
// not fetched is lost.
func (q *Queue) Detach() {
	if q.kernel == nil {
		return
	}
	q.port.unredirect(q.index)
	for tries := 0; tries < detachTries && q.inTx.n > 0 && !q.down; tries++ {
		q.Flush()
	}
	q.port.dropSocket(q.index, q.kernel)
	q.kernel = nil
	if q.port.mode == ModeZeroCopy {
		// The driver goes on writing into our frames until the kernel has torn the queue down, some time after close;
		// that the queue can be bound again is the sign that it has.
		_ = q.port.prepare(q.index)
	}
	if q.chain.first != nil {
		q.pool.Put(q.chain.first)
		q.chain = chain{}
	}
	q.inRx.drain(q.memory, q.pool)
	q.inTx.drain(q.memory, q.pool)
	q.warm.drain(q.pool)
	q.rings, q.pool, q.counters = rings{}, nil, nil
}

// How often Detach tries to hand what was sent to the device.
const detachTries = 100

// gone tells whether an error of a wake-up says that the device is down or has vanished.
func gone(e unix.Errno) bool {
	return e == unix.ENXIO || e == unix.ENETDOWN || e == unix.ENODEV || e == unix.EBADF
}
