package afxdp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
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

// explainAttach says why a program could not be attached. native is how it was to be.
func (p *Port) explainAttach(err error, native bool) error {
	switch {
	case inUse(err):
		return fmt.Errorf("%w: %s", err, p.device.otherProgram())
	case errors.Is(err, unix.ERANGE), errors.Is(err, unix.E2BIG), errors.Is(err, unix.EMSGSIZE):
		return fmt.Errorf("%w: an MTU of %d is too large for native XDP without fragments (Linux 5.18): the largest is %d",
			err, p.mtu(), mostNativeMTU)
	case errors.Is(err, unix.ENOSPC) && p.device.driver() == "veth":
		return fmt.Errorf("%w: the other end has more transmit queues than this one has receive queues (ethtool -L %s rx N gives it more)", err, p.name)
	case errors.Is(err, unix.EOPNOTSUPP) && native:
		return fmt.Errorf("%w: the driver %q cannot do native XDP", err, p.device.driver())
	case errors.Is(err, unix.EINVAL) && kernelBefore(5, 9):
		return fmt.Errorf("%w: the kernel is too old: BPF links for XDP need Linux 5.9", err)
	}
	return err
}

// mostNativeMTU is what fits a page beside XDP's headroom and the end that the kernel
// keeps for itself: what veth says, and about what every driver says.
const mostNativeMTU = 3506

func explainZeroCopy(err error) error {
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf("%w: the driver cannot do zero copy", err)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%w: the driver refuses zero copy with these queues, ring sizes or MTU", err)
	}
	return err
}

// otherProgram says which XDP program is on the device already.
func (d *device) otherProgram() string {
	l, err := d.netlink.LinkByIndex(d.ifindex)
	if err != nil || l.Attrs().Xdp == nil || !l.Attrs().Xdp.Attached {
		return "an XDP program was attached already and has gone meanwhile: try again"
	}
	id := l.Attrs().Xdp.ProgId
	name := "without a name"
	if prog, err := ebpf.NewProgramFromID(ebpf.ProgramID(id)); err == nil {
		if info, err := prog.Info(); err == nil && info.Name != "" {
			name = fmt.Sprintf("%q", info.Name)
		}
		prog.Close()
	}
	return fmt.Sprintf("XDP program %d (%s) is attached already: end the program that put it there, or ip link set dev %s xdp off", id, name, d.name)
}

// kernelBefore tells whether the running kernel is older than major.minor.
func kernelBefore(major, minor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var have, haveMinor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &have, &haveMinor); err != nil {
		return false
	}
	return have < major || have == major && haveMinor < minor
}
