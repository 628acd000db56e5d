package afxdp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The kernel says a number where a user needs a sentence. What is asked here
// is asked after the failure, so that the way of success is not slowed by it.

// capabilities by the name that a user gives to setcap and systemd.
var capabilities = []struct {
	bit  int
	name string
}{
	{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	{unix.CAP_NET_RAW, "CAP_NET_RAW"},
	{unix.CAP_BPF, "CAP_BPF"},
	{unix.CAP_IPC_LOCK, "CAP_IPC_LOCK"},
}

// MissingCapabilities returns which of the wanted capabilities (all that
// AF_XDP needs, if none is named) the process does not have.
func MissingCapabilities(wanted ...string) (missing []string) {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return nil
	}
	for _, c := range capabilities {
		asked := len(wanted) == 0
		for _, w := range wanted {
			asked = asked || w == c.name
		}
		if asked && data[c.bit/32].Effective&(1<<(c.bit%32)) == 0 {
			missing = append(missing, c.name)
		}
	}
	return missing
}

func withCapabilities(err error, wanted ...string) error {
	if m := MissingCapabilities(wanted...); len(m) > 0 {
		return fmt.Errorf("%w: the process lacks %s (run it as root, or give it the capability)", err, strings.Join(m, " and "))
	}
	return err
}

func explainSocket(err error) error {
	switch {
	case errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("%w: the kernel has no AF_XDP (CONFIG_XDP_SOCKETS, since 4.18)", err)
	case errors.Is(err, unix.EPERM):
		return withCapabilities(err, "CAP_NET_RAW")
	}
	return err
}

func explainMemory(err error, need int) error {
	if !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.ENOMEM) {
		return err
	}
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &lim) == nil && lim.Cur < uint64(need) && len(MissingCapabilities("CAP_IPC_LOCK")) > 0 {
		return fmt.Errorf("%w: the process may lock %d KB of memory and the packet memory takes %d KB (ulimit -l, LimitMEMLOCK= of systemd, or CAP_IPC_LOCK)",
			err, lim.Cur/1024, need/1024)
	}
	return err
}

func explainNoDevice(err error) error {
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return errors.New("no such device in this network namespace (ip link shows those there are)")
	}
	return fmt.Errorf("find device: %w", err)
}

func (p *Port) explainAttach(err error) error { return err }
