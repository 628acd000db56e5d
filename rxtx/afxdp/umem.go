package afxdp

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"golang.org/x/sys/unix"

	"pollux/packet"
)

// UMEM is the packet memory of a datapath, registered with the kernel. The
// registration belongs to an anchor: a socket bound on lo that never carries a
// packet, so that ports come and go without touching the memory. A device that
// can do zero copy registers the same memory a second time, because the kernel
// decides between copy and zero copy once for all sockets of a registration.
// Addresses count from the start of the memory and mean the same in both.
type UMEM struct {
	memory *packet.Memory
	mem    []byte
	anchor *socket
	flags  uint16 // bind flags that all sharers inherit from the anchor
	notes  []string

	mu    sync.Mutex
	ports int
}

// Values of huge in OpenUMEM.
const (
	HugeAuto = "auto" // huge pages where there are enough free ones, else ordinary ones and a note
	HugeOn   = "on"
	HugeOff  = "off"
)

// OpenUMEM makes packet memory of frames of frameSize bytes (2048 or 4096)
// and registers it in the network namespace of the calling thread.
func OpenUMEM(frames, frameSize int, huge string) (*UMEM, error) {
	if frameSize != 2048 && frameSize != 4096 {
		return nil, fmt.Errorf("open UMEM: frame size %d: AF_XDP takes 2048 or 4096", frameSize)
	}
	if frames <= 0 {
		return nil, fmt.Errorf("open UMEM: %d frames", frames)
	}
	u, err := newUMEM(frames, frameSize, huge)
	if err == nil {
		if err = u.openAnchor(); err != nil {
			unix.Munmap(u.mem)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open UMEM: %w", err)
	}
	return u, nil
}

// newUMEM makes a UMEM without an anchor, on which every port registers the memory for itself.
func newUMEM(frames, frameSize int, huge string) (u *UMEM, err error) {
	u = &UMEM{flags: unix.XDP_USE_NEED_WAKEUP}
	if !kernelBefore(6, 6) {
		u.flags |= unix.XDP_USE_SG
	}
	if u.mem, err = u.allocate(frames*frameSize, huge); err != nil {
		return nil, err
	}
	if u.memory, err = packet.NewMemory(u.mem[:frames*frameSize], frameSize); err != nil {
		unix.Munmap(u.mem)
		return nil, err
	}
	return u, nil
}

// hugePageSize is that of x86-64 and of arm64 with 4 KB pages.
const hugePageSize = 2 << 20

func (u *UMEM) allocate(size int, huge string) ([]byte, error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_POPULATE
	rounded := (size + hugePageSize - 1) &^ (hugePageSize - 1)
	switch huge {
	case HugeOff:
	case HugeOn, HugeAuto:
		mem, err := unix.Mmap(-1, 0, rounded, prot, flags|unix.MAP_HUGETLB|unix.MAP_HUGE_2MB)
		if err == nil {
			return mem, nil
		}
		why := fmt.Sprintf("no %d free huge pages of 2 MB (sysctl vm.nr_hugepages=%d gives them)", rounded/hugePageSize, rounded/hugePageSize)
		if huge == HugeOn {
			return nil, fmt.Errorf("map packet memory: %s: %w", why, err)
		}
		u.notes = append(u.notes, "packet memory lies in ordinary pages: "+why)
	default:
		return nil, fmt.Errorf("huge pages %q: must be auto, on or off", huge)
	}
	mem, err := unix.Mmap(-1, 0, size, prot, flags)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of packet memory: %w", size, err)
	}
	return mem, nil
}

// openAnchor binds the anchor, asking for as much as the kernel knows: packets of several
// frames since 6.6, wake-ups on request since 5.4.
func (u *UMEM) openAnchor() error {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return fmt.Errorf("find the loopback device, which holds the memory: %w", err)
	}
	b := binding{ifindex: lo.Index, register: u.memory.Bytes(), frameSize: u.memory.FrameSize(), sizes: sizes{rx: 2, fill: 2, done: 2}}
	for _, flags := range []uint16{unix.XDP_USE_NEED_WAKEUP | unix.XDP_USE_SG, unix.XDP_USE_NEED_WAKEUP, 0} {
		b.flags = unix.XDP_COPY | flags
		u.anchor, err = openSocket(b)
		if !errors.Is(err, unix.EINVAL) {
			u.flags = flags
			break
		}
	}
	if errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("bind the anchor on lo: another program (another Pollux?) in this network namespace holds its queue: %w", err)
	}
	return err
}

// Memory is the memory cut into frames.
func (u *UMEM) Memory() *packet.Memory { return u.memory }

// Notes says what the user should know about the memory.
func (u *UMEM) Notes() []string { return u.notes }

// Close gives the memory back. All ports on it are closed by then.
func (u *UMEM) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ports > 0 {
		return fmt.Errorf("close UMEM: %d ports are still open", u.ports)
	}
	if u.anchor != nil {
		u.anchor.close()
	}
	return unix.Munmap(u.mem)
}

func (u *UMEM) count(n int) {
	u.mu.Lock()
	u.ports += n
	u.mu.Unlock()
}

// multiFrame tells whether packets may take several frames.
func (u *UMEM) multiFrame() bool { return u.flags&unix.XDP_USE_SG != 0 }
