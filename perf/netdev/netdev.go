// Package netdev is where the load tools meet the kernel's devices: a device
// named on the command line, the namespace it lives in, its queues and its
// counters.
//
// A namespace belongs to a thread, not to a process, so whatever opens sockets
// in one runs inside Do, on a thread that Go throws away afterwards.
package netdev

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Name names a device and the namespace it is in, as the user wrote it.
type Name struct {
	Netns string `json:"netns,omitempty"` // as under /run/netns; "" is the namespace of the process
	Dev   string `json:"dev"`
}

// Parse reads DEV or NAMESPACE:DEV.
func Parse(s string) (Name, error) {
	n := Name{Dev: s}
	if ns, dev, ok := strings.Cut(s, ":"); ok {
		n = Name{Netns: ns, Dev: dev}
		if ns == "" || strings.Contains(ns, "/") {
			return Name{}, fmt.Errorf("parse device %q: namespace %q is not a name; write DEV or NAMESPACE:DEV", s, ns)
		}
	}
	if n.Dev == "" || len(n.Dev) >= unix.IFNAMSIZ || strings.ContainsAny(n.Dev, "/: ") {
		return Name{}, fmt.Errorf("parse device %q: %q is not a device name; write DEV or NAMESPACE:DEV", s, n.Dev)
	}
	return n, nil
}

func (n Name) String() string {
	if n.Netns == "" {
		return n.Dev
	}
	return n.Netns + ":" + n.Dev
}

// Device is what there is to know of a device. It is a snapshot.
type Device struct {
	Name   Name
	Index  int    // of the interface
	MTU    int    // bytes behind the Ethernet header
	Queues int    // receive queues in use
	Driver string // as ethtool -i names it, "" if it does not
}

// Do runs f on a thread of its own inside the device's namespace, which f must
// not leave. The thread ends with f.
func (n Name) Do(f func(Device) error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread dies with its namespace, its affinity and its signal mask
		done <- n.do(f)
	}()
	return <-done
}

func (n Name) do(f func(Device) error) error {
	if n.Netns != "" {
		fd, err := unix.Open("/run/netns/"+n.Netns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("enter namespace %s: %w", n.Netns, err)
		}
		err = unix.Setns(fd, unix.CLONE_NEWNET)
		unix.Close(fd)
		if err != nil {
			return fmt.Errorf("enter namespace %s: %w", n.Netns, err)
		}
	}
	ifi, err := net.InterfaceByName(n.Dev)
	if err != nil {
		return fmt.Errorf("find device %s: %w", n, err)
	}
	d := Device{Name: n, Index: ifi.Index, MTU: ifi.MTU}
	d.Queues, d.Driver = ask(n.Dev)
	return f(d)
}

// upLimit is how long a link may take to come up: the kernel notices a new
// veth within a second, a card that was given an XDP program negotiates anew.
const upLimit = 5 * time.Second

// WaitUp waits until the device is up and has a link. To be called inside Do.
func (d Device) WaitUp() error {
	for end := time.Now().Add(upLimit); ; time.Sleep(10 * time.Millisecond) {
		ifi, err := net.InterfaceByIndex(d.Index)
		switch {
		case err != nil:
			return fmt.Errorf("look at device %s: %w", d.Name, err)
		case ifi.Flags&net.FlagUp != 0 && ifi.Flags&net.FlagRunning != 0:
			return nil
		case ifi.Flags&net.FlagUp == 0:
			return fmt.Errorf("device %s is down", d.Name)
		case time.Now().After(end):
			return fmt.Errorf("device %s has no link: is its other end up?", d.Name)
		}
	}
}

// Pin keeps the calling thread, which must be locked, on one CPU. A negative
// number leaves it alone.
func Pin(cpu int) error {
	if cpu < 0 {
		return nil
	}
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin thread to CPU %d: %w", cpu, err)
	}
	return nil
}
