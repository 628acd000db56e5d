package vswitch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"pollux/dpif"
)

// DatapathSocket is where in the run directory the datapath process listens.
const DatapathSocket = "pollux-datapath.sock"

// Launch connects to the datapath process of the run directory and starts one if
// none answers. adopted says that it ran before. A process of another layout of
// shared memory is replaced. logFile takes what the process prints, "" for nowhere.
func Launch(runDir, logFile string, c *DatapathConfig) (cl *dpif.Client, adopted bool, err error) {
	path := filepath.Join(runDir, DatapathSocket)
	cl, err = connect(path)
	switch {
	case err == nil:
		return cl, true, nil
	case errors.Is(err, dpif.ErrLayout):
		if err := replace(path); err != nil {
			return nil, false, err
		}
	case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ECONNREFUSED):
		return nil, false, err
	}
	cl, err = spawn(path, logFile, c)
	return cl, false, err
}

func connect(path string) (*dpif.Client, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("connect datapath process: %w", err)
	}
	return dpif.NewClient(conn)
}

// replace ends the process that listens at path, which speaks another layout.
func replace(path string) error {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return fmt.Errorf("replace datapath process: %w", err)
	}
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("replace datapath process: %w", err)
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) { cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return fmt.Errorf("replace datapath process: %w", err)
	}
	if credErr != nil {
		return fmt.Errorf("replace datapath process: ask its pid: %w", credErr)
	}
	return end(int(cred.Pid))
}

// end kills a process that is not our child and waits until it is gone.
func end(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end datapath process %d: %w", pid, err)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("end datapath process %d: %w", pid, err)
	}
	return awaitEnd(fd)
}

// spawn starts a datapath process in a session of its own, so that it
// outlives this one. The listener is made here and inherited: the
// connection waits in it until the process is ready.
func spawn(path, logFile string, c *DatapathConfig) (*dpif.Client, error) {
	os.Remove(path)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	l.SetUnlinkOnClose(false)
	defer l.Close()
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	file, err := l.File()
	if err != nil {
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	defer file.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	// From now on the process alone listens, so that a connection fails when it dies.
	l.Close()
	return start(exec.Command(self, "datapath"), path, logFile, file, settings)
}

// start runs the datapath process cmd with the listener as descriptor 3 and
// a pipe for a last word as descriptor 4, and connects to it.
func start(cmd *exec.Cmd, path, logFile string, listener *os.File, settings []byte) (*dpif.Client, error) {
	word, wordEnd, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	defer word.Close()
	if logFile != "" {
		log, err := os.OpenFile(logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
		if err != nil {
			wordEnd.Close()
			return nil, fmt.Errorf("start datapath process: %w", err)
		}
		defer log.Close()
		cmd.Stderr = log
	}
	cmd.Stdin = bytes.NewReader(settings)
	cmd.ExtraFiles = []*os.File{listener, wordEnd}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	wordEnd.Close()
	listener.Close()
	if err != nil {
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	go cmd.Wait() // reaps it; its death is noticed by Died
	cl, err := connect(path)
	if err != nil {
		last, _ := io.ReadAll(io.LimitReader(word, 4096))
		if len(last) > 0 {
			err = errors.New(string(last))
		}
		return nil, fmt.Errorf("start datapath process: %w", err)
	}
	return cl, nil
}

// Died returns a channel that is closed when the process is gone.
func Died(pid int) (<-chan struct{}, error) {
	gone := make(chan struct{})
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		close(gone)
		return gone, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	go func() {
		awaitEnd(fd)
		unix.Close(fd)
		close(gone)
	}()
	return gone, nil
}

// awaitEnd blocks until the process behind a pidfd has ended.
func awaitEnd(fd int) error {
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
