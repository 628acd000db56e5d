package ctl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A pidfile says who runs, and the fcntl write lock on it says that it is true:
// the kernel drops the lock when the process ends, however it ends. Open
// vSwitch's programs believe a pidfile only if the process that holds the lock
// is the one whose number stands in it.
//
// Making one is a race with others who do the same, so all, Open vSwitch's
// daemons too, first lock NAME.pid.tmp. Only the holder of that lock looks
// whether NAME.pid is alive and, if not, puts its own file, already locked and
// written, in its place by rename. Nobody ever sees a pidfile that is empty or
// not locked yet.
//
// The trap: a process loses its lock when it closes any descriptor of the file,
// also one that it opened just to read. So what this process holds is kept in a
// table and never opened again.

// Pidfile is a pidfile that this process holds.
type Pidfile struct {
	path string
	file *os.File
	info fs.FileInfo
	old  int // pid of the dead process that left a pidfile here, or 0
}

// AlreadyRunning is the error of LockPidfile when a living process holds it.
type AlreadyRunning struct {
	Path string
	Pid  int
}

func (e *AlreadyRunning) Error() string {
	return fmt.Sprintf("lock pidfile %s: already running as pid %d", e.Path, e.Pid)
}

// held is the pidfiles of this process.
var held struct {
	sync.Mutex
	files []*Pidfile
}

// LockPidfile makes the pidfile of this process, or says who has it.
func LockPidfile(path string) (*Pidfile, error) {
	held.Lock()
	defer held.Unlock()
	file, err := lockTemporary(path + ".tmp")
	if err != nil {
		return nil, fmt.Errorf("lock pidfile %s: %w", path, err)
	}
	p := &Pidfile{path: path, file: file}
	if err := p.replace(); err != nil {
		os.Remove(path + ".tmp")
		file.Close()
		return nil, err
	}
	held.files = append(held.files, p)
	return p, nil
}

// lockTemporary opens and locks the file through which all must go.
func lockTemporary(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		err = setLock(file)
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("another process is making it: %w", err)
		}
		// Whoever had the lock before may have renamed or removed the file.
		mine, err1 := file.Stat()
		named, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(mine, named) {
			return file, nil
		}
		file.Close()
	}
}

// replace puts the locked temporary file in the place of a dead pidfile.
func (p *Pidfile) replace() error {
	pid, alive, err := inspect(p.path)
	switch {
	case alive:
		return &AlreadyRunning{p.path, pid}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("lock pidfile %s: %w", p.path, err)
	}
	p.old = pid
	if err := p.file.Truncate(0); err != nil {
		return fmt.Errorf("lock pidfile %s: %w", p.path, err)
	}
	if _, err := fmt.Fprintf(p.file, "%d\n", os.Getpid()); err != nil {
		return fmt.Errorf("lock pidfile %s: %w", p.path, err)
	}
	if p.info, err = p.file.Stat(); err != nil {
		return fmt.Errorf("lock pidfile %s: %w", p.path, err)
	}
	if err := os.Rename(p.path+".tmp", p.path); err != nil {
		return fmt.Errorf("lock pidfile %s: %w", p.path, err)
	}
	return nil
}

// Release removes the pidfile and gives up the lock.
func (p *Pidfile) Release() error {
	held.Lock()
	defer held.Unlock()
	for i, other := range held.files {
		if other == p {
			held.files = append(held.files[:i], held.files[i+1:]...)
			break
		}
	}
	var failed error
	if named, err := os.Stat(p.path); err == nil && os.SameFile(named, p.info) {
		failed = os.Remove(p.path)
	}
	return errors.Join(failed, p.file.Close())
}

// ReadPidfile returns the living process that holds a pidfile.
func ReadPidfile(path string) (pid int, err error) {
	held.Lock()
	defer held.Unlock()
	pid, alive, err := inspect(path)
	switch {
	case err != nil:
		return 0, fmt.Errorf("read pidfile %s: %w", path, err)
	case !alive:
		return 0, fmt.Errorf("read pidfile %s: process %d that made it is gone", path, pid)
	}
	return pid, nil
}

// inspect reads the number in a pidfile and tells whether the process of that
// number holds the lock. The caller holds held.
func inspect(path string) (pid int, alive bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false, err
	}
	for _, own := range held.files {
		if os.SameFile(own.info, info) {
			return os.Getpid(), true, nil
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return 0, false, err
	}
	defer file.Close()
	lock := wholeFile()
	if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, false, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 32))
	if err != nil {
		return 0, false, err
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(text))) // anything else is no process
	return pid, lock.Type != unix.F_UNLCK && int(lock.Pid) == pid, nil
}

func setLock(file *os.File) error {
	lock := wholeFile()
	for {
		err := unix.FcntlFlock(file.Fd(), unix.F_SETLK, &lock)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func wholeFile() unix.Flock_t {
	return unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
}
