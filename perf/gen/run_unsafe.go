package gen

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// runAttr is the part of union bpf_attr that BPF_PROG_RUN reads (linux/bpf.h).
type runAttr struct {
	progFd, retval          uint32
	dataSizeIn, dataSizeOut uint32
	dataIn, dataOut         uint64
	repeat, duration        uint32
	ctxSizeIn, ctxSizeOut   uint32
	ctxIn, ctxOut           uint64
	flags, cpu, batchSize   uint32
	_                       uint32
}

// The kernel's struct ends with batch_size, at byte 80.
const _ = -uint(unsafe.Sizeof(runAttr{}) ^ 80)

// progRun runs the program fd up to repeat times on data under the context
// ctx, neither of them empty. A signal ends it with EINTR.
func progRun(fd int, data, ctx []byte, repeat, flags uint32) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&data[0])
	pin.Pin(&ctx[0])
	attr := runAttr{
		progFd:     uint32(fd),
		dataSizeIn: uint32(len(data)), dataIn: uint64(uintptr(unsafe.Pointer(&data[0]))),
		ctxSizeIn: uint32(len(ctx)), ctxIn: uint64(uintptr(unsafe.Pointer(&ctx[0]))),
		repeat: repeat, flags: flags,
	}
	_, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_RUN, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if errno != 0 {
		return errno
	}
	return nil
}
