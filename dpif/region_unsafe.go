package dpif

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/internal/ring"
)

// The casts from shared memory to typed values. All types that lie in it are
// made of fixed-size integers and arrays of them; LayoutID tells two shapes apart.
var (
	_ [512]byte = [unsafe.Sizeof(FlowRecord{})]byte{}      // eight whole cache lines
	_ [0]byte   = [unsafe.Sizeof(ThreadStats{}) % 8]byte{} // counters are aligned
	_ [32]byte  = [unsafe.Sizeof(counter.Flow{})]byte{}    // two to a cache line
)

// Region is the shared memory of a datapath, seen from either side.
type Region struct {
	Layout  Layout
	mem     []byte
	fd      int
	header  *header
	threads []Thread
}

// Thread is the section of one polling thread.
type Thread struct {
	Stats     *ThreadStats
	Ports     []counter.Port // by datapath port number
	FlowStats []counter.Flow // by flow id
	Records   Records        // by flow id

	notes                *notes
	mail, execs, upcalls *ring.Index
	mailSlots            []Mail
	execSlots            []Exec
	upcallSlots          []Upcall
}

// NewRegion makes the shared memory for a datapath.
func NewRegion(l Layout) (*Region, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("pollux-dpif", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make shared memory: %w", err)
	}
	if err := unix.Ftruncate(fd, int64(l.size())); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("size shared memory to %d bytes: %w", l.size(), err)
	}
	// Nobody may shrink it under the other's feet.
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("seal shared memory: %w", err)
	}
	r, err := mapRegion(fd, l)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	h := r.header
	h.layout = [6]uint64{uint64(l.Threads), uint64(l.Ports), uint64(l.Flows), uint64(l.Mail), uint64(l.Execs), uint64(l.Upcalls)}
	h.layoutID, h.magic = LayoutID, magic
	return r, nil
}

// OpenRegion maps the shared memory behind fd, which it then owns.
// The error wraps ErrLayout when it has another layout.
func OpenRegion(fd int) (*Region, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("open shared memory: %w", err)
	}
	if st.Size < int64(unsafe.Sizeof(header{})) {
		return nil, fmt.Errorf("open shared memory: %d bytes hold no header", st.Size)
	}
	mem, err := unix.Mmap(fd, 0, int(unsafe.Sizeof(header{})), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map shared memory: %w", err)
	}
	h := *(*header)(unsafe.Pointer(&mem[0]))
	unix.Munmap(mem)
	if h.magic != magic || h.layoutID != LayoutID {
		return nil, fmt.Errorf("open shared memory: %w", ErrLayout)
	}
	n := h.layout
	l := Layout{Threads: int(n[0]), Ports: int(n[1]), Flows: int(n[2]), Mail: int(n[3]), Execs: int(n[4]), Upcalls: int(n[5])}
	if err := l.check(); err != nil {
		return nil, err
	}
	if st.Size != int64(l.size()) {
		return nil, fmt.Errorf("open shared memory: %d bytes, the layout needs %d", st.Size, l.size())
	}
	return mapRegion(fd, l)
}

func mapRegion(fd int, l Layout) (*Region, error) {
	mem, err := unix.Mmap(fd, 0, int(l.size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of shared memory: %w", l.size(), err)
	}
	r := &Region{Layout: l, mem: mem, fd: fd}
	l.lay(r)
	return r, nil
}

// size is the length of the region in bytes.
func (l Layout) size() uintptr { return l.lay(nil) }

// lay walks the region from start to end and, unless r is nil, casts each
// piece into place. Both sides get the same offsets by the same walk.
func (l Layout) lay(r *Region) uintptr {
	var s section
	h := piece[header](r, &s, 1)
	if r != nil {
		r.header, r.threads = &h[0], make([]Thread, l.Threads)
	}
	for i := range l.Threads {
		var t Thread
		stats := piece[ThreadStats](r, &s, 1)
		notes := piece[notes](r, &s, 1)
		t.Ports = piece[counter.Port](r, &s, l.Ports)
		t.FlowStats = piece[counter.Flow](r, &s, l.Flows)
		t.Records = piece[FlowRecord](r, &s, l.Flows)
		index := piece[ring.Index](r, &s, 3)
		t.mailSlots = piece[Mail](r, &s, l.Mail)
		t.execSlots = piece[Exec](r, &s, l.Execs)
		t.upcallSlots = piece[Upcall](r, &s, l.Upcalls)
		if r != nil {
			t.Stats, t.notes, t.mail, t.execs, t.upcalls = &stats[0], &notes[0], &index[0], &index[1], &index[2]
			r.threads[i] = t
		}
	}
	return (s.end + 4095) &^ 4095
}

func piece[T any](r *Region, s *section, n int) []T {
	var zero T
	off := s.take(unsafe.Sizeof(zero) * uintptr(n))
	if r == nil {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&r.mem[off])), n)
}

// Size is the length of the region in bytes; most of it is never touched.
func (r *Region) Size() int { return len(r.mem) }

// FD is the descriptor to hand to the other process.
func (r *Region) FD() int { return r.fd }

// Thread returns the section of thread i.
func (r *Region) Thread(i int) *Thread { return &r.threads[i] }

// Close unmaps the region. Nothing of it may be used afterwards.
func (r *Region) Close() error {
	unix.Close(r.fd)
	mem := r.mem
	r.mem, r.header, r.threads = nil, nil, nil
	return unix.Munmap(mem)
}

// Attached reports whether a control process is connected.
func (r *Region) Attached() bool { return atomic.LoadUint32(&r.header.attached) != 0 }

// SetAttached says so; only the datapath process calls it.
func (r *Region) SetAttached(on bool) {
	var v uint32
	if on {
		v = 1
	}
	atomic.StoreUint32(&r.header.attached, v)
}

// SetWaiting is called by the control process with true before it looks at
// the rings a last time and sleeps, with false when it is awake.
func (r *Region) SetWaiting(on bool) {
	var v uint32
	if on {
		v = 1
	}
	atomic.StoreUint32(&r.header.waiting, v)
}

// Wanted reports, once for each SetWaiting(true), that the control process
// sleeps and must be woken. A thread asks after publishing upcalls.
func (r *Region) Wanted() bool {
	return atomic.LoadUint32(&r.header.waiting) != 0 && atomic.CompareAndSwapUint32(&r.header.waiting, 1, 0)
}
