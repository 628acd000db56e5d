package afxdp

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// rings are the four rings of a socket.
type rings struct {
	rx   consumer[unix.XDPDesc]
	fill producer[uint64]
	tx   producer[unix.XDPDesc]
	done consumer[uint64]
}

// A kernel is the other side of the rings: what a queue asks of a socket beside them.
type kernel interface {
	kickTx() unix.Errno
	kickRx() unix.Errno
	close()
}

// socket is an AF_XDP socket bound to a device queue.
type socket struct {
	rings
	fd   int
	maps [][]byte
}

// sizes are the slots of each ring, powers of two.
type sizes struct{ rx, fill, tx, done int }

// binding says where a socket is to be bound and how.
type binding struct {
	sizes
	ifindex, queue int
	flags          uint16
	sharedFD       int    // the socket whose UMEM is shared, with XDP_SHARED_UMEM
	register       []byte // else: the memory to register
	frameSize      int
}

// A bind of a queue that was closed a moment ago finds it busy until the kernel has cleaned up,
// which took 9 to 80 ms where it was measured.
const (
	busyTries  = 100
	busyPauseM = 10 // milliseconds
)

// openSocket makes a socket, retrying for a second while the queue is busy.
func openSocket(b binding) (*socket, error) {
	for try := 1; ; try++ {
		s, err := trySocket(b)
		if !errors.Is(err, unix.EBUSY) || try == busyTries {
			return s, err
		}
		pause(busyPauseM)
	}
}

// pause waits without a clock of our own.
func pause(milliseconds int) { unix.Poll(nil, milliseconds) }

func trySocket(b binding) (_ *socket, err error) {
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open AF_XDP socket: %w", explainSocket(err))
	}
	s := &socket{fd: fd}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if b.flags&unix.XDP_SHARED_UMEM == 0 {
		if err = registerUMEM(fd, b.register, b.frameSize); err != nil {
			return nil, fmt.Errorf("register %d bytes of packet memory: %w", len(b.register), explainMemory(err, len(b.register)))
		}
	}
	for _, r := range []struct{ option, n int }{
		{unix.XDP_UMEM_FILL_RING, b.fill}, {unix.XDP_UMEM_COMPLETION_RING, b.done},
		{unix.XDP_RX_RING, b.rx}, {unix.XDP_TX_RING, b.tx},
	} {
		if r.n == 0 {
			continue
		}
		if err = unix.SetsockoptInt(fd, unix.SOL_XDP, r.option, r.n); err != nil {
			return nil, fmt.Errorf("make ring of %d slots: %w", r.n, err)
		}
	}
	tune(fd)
	addr := &unix.SockaddrXDP{Flags: b.flags, Ifindex: uint32(b.ifindex), QueueID: uint32(b.queue), SharedUmemFD: uint32(b.sharedFD)}
	if err = unix.Bind(fd, addr); err != nil {
		return nil, fmt.Errorf("bind AF_XDP socket to queue %d: %w", b.queue, err)
	}
	if err = s.mapRings(b.sizes); err != nil {
		return nil, err
	}
	return s, nil
}

// How much the kernel may send for one system call, and how many bytes may be
// under way in copy mode. Both are optional: older kernels have neither.
const (
	txBudget   = 1024
	sendBuffer = 8 << 20
)

func tune(fd int) {
	_ = unix.SetsockoptInt(fd, unix.SOL_XDP, unix.XDP_MAX_TX_SKB_BUDGET, txBudget)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer)
}

func (s *socket) mapRings(n sizes) error {
	off, err := ringOffsets(s.fd)
	if err != nil {
		return fmt.Errorf("ask for ring offsets: the kernel is older than 5.4: %w", err)
	}
	if n.rx > 0 {
		sh, slots, err := keep[unix.XDPDesc](s, unix.XDP_PGOFF_RX_RING, off.Rx, n.rx)
		if err != nil {
			return err
		}
		s.rx = newConsumer(sh, slots)
	}
	if n.tx > 0 {
		sh, slots, err := keep[unix.XDPDesc](s, unix.XDP_PGOFF_TX_RING, off.Tx, n.tx)
		if err != nil {
			return err
		}
		s.tx = newProducer(sh, slots)
	}
	sh, slots, err := keep[uint64](s, unix.XDP_UMEM_PGOFF_FILL_RING, off.Fr, n.fill)
	if err != nil {
		return err
	}
	s.fill = newProducer(sh, slots)
	if sh, slots, err = keep[uint64](s, unix.XDP_UMEM_PGOFF_COMPLETION_RING, off.Cr, n.done); err != nil {
		return err
	}
	s.done = newConsumer(sh, slots)
	return nil
}

// keep maps a ring and remembers the mapping for close.
func keep[T any](s *socket, page uint64, o unix.XDPRingOffset, n int) (shared, []T, error) {
	mem, sh, slots, err := mapRing[T](s.fd, page, o, n)
	if err != nil {
		return shared{}, nil, fmt.Errorf("map ring of %d slots: %w", n, err)
	}
	s.maps = append(s.maps, mem)
	return sh, slots, nil
}

func (s *socket) kickTx() unix.Errno { return kickTx(s.fd) }
func (s *socket) kickRx() unix.Errno { return kickRx(s.fd) }

// close ends the socket. The kernel lets go of every frame.
func (s *socket) close() {
	for _, m := range s.maps {
		unix.Munmap(m)
	}
	unix.Close(s.fd)
	*s = socket{fd: -1}
}
