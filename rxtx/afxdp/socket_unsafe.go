package afxdp

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls that golang.org/x/sys/unix has no function for, and the
// casts from mapped memory to rings.

// registerUMEM makes mem the memory of the socket.
func registerUMEM(fd int, mem []byte, frameSize int) error {
	reg := unix.XDPUmemReg{Addr: uint64(uintptr(unsafe.Pointer(&mem[0]))), Len: uint64(len(mem)), Size: uint32(frameSize)}
	// Tx_metadata_len is younger than the rest of the struct; kernels that do not know it take the shorter one.
	const size = unsafe.Offsetof(reg.Tx_metadata_len)
	return setsockopt(fd, unix.XDP_UMEM_REG, unsafe.Pointer(&reg), size)
}

func setsockopt(fd, option int, p unsafe.Pointer, size uintptr) error {
	_, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_XDP, uintptr(option), uintptr(p), size, 0)
	if e != 0 {
		return e
	}
	return nil
}

func getsockopt(fd, option int, p unsafe.Pointer, size uintptr) error {
	n := uint32(size)
	_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_XDP, uintptr(option), uintptr(p), uintptr(unsafe.Pointer(&n)), 0)
	if e != 0 {
		return e
	}
	if uintptr(n) < size {
		return unix.EINVAL
	}
	return nil
}

// ringOffsets tells where in their mappings the rings keep what.
func ringOffsets(fd int) (o unix.XDPMmapOffsets, err error) {
	err = getsockopt(fd, unix.XDP_MMAP_OFFSETS, unsafe.Pointer(&o), unsafe.Sizeof(o))
	return o, err
}

// statistics are the kernel's own counters of a socket.
func statistics(fd int) (s unix.XDPStatistics, err error) {
	err = getsockopt(fd, unix.XDP_STATISTICS, unsafe.Pointer(&s), unsafe.Sizeof(s))
	return s, err
}

// mapRing maps a ring of n slots. mem is what to unmap at the end.
func mapRing[T any](fd int, page uint64, o unix.XDPRingOffset, n int) (mem []byte, s shared, slots []T, err error) {
	var slot T
	size := o.Desc + uint64(n)*uint64(unsafe.Sizeof(slot))
	mem, err = unix.Mmap(fd, int64(page), int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, shared{}, nil, err
	}
	s = shared{head: word(mem, o.Producer), tail: word(mem, o.Consumer), flags: word(mem, o.Flags)}
	return mem, s, unsafe.Slice((*T)(unsafe.Pointer(&mem[o.Desc])), n), nil
}

func word(mem []byte, at uint64) *uint32 { return (*uint32)(unsafe.Pointer(&mem[at : at+4][0])) }

// kickTx makes the kernel send what lies in the transmit ring; a plain sendto
// without bytes. Raw: it does not sleep, and the scheduler of Go need not
// know of it.
func kickTx(fd int) unix.Errno {
	_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
	return e
}

// kickRx makes the kernel look at the fill ring.
func kickRx(fd int) unix.Errno {
	_, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
	return e
}

// The kernel's layout of a descriptor, linux/if_xdp.h.
var _ = [1]struct{}{}[unsafe.Sizeof(unix.XDPDesc{})-16]
