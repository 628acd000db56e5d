package pmd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// nanosleep sleeps without telling the Go scheduler, which would hand this
// thread's processor to somebody else and make it wait to get it back.
func nanosleep(ns int64) {
	ts := unix.NsecToTimespec(ns)
	unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
}
