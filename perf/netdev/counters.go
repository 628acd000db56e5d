package netdev

import (
	"strings"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
)

// ask finds the number of receive channels in use and the driver of a device.
// One that has no channels has one queue.
func ask(dev string) (queues int, driver string) {
	e, err := ethtool.NewEthtool()
	if err != nil {
		return 1, ""
	}
	defer e.Close()
	driver, _ = e.DriverName(dev) // "" when it has none to tell
	ch, err := e.GetChannels(dev)
	if err != nil {
		return 1, driver
	}
	return max(1, int(ch.RxCount+ch.CombinedCount)), driver
}

// TxCounters are what a device says of its sending since it was made.
type TxCounters struct {
	Packets uint64 // that it took
	Dropped uint64 // that it was handed and did not take, as far as it counts them
}

// TxCounters reads the counters of the interface, and the errors of XDP sends
// out of what ethtool -S shows. To be called inside Do.
func (d Device) TxCounters() TxCounters {
	var c TxCounters
	if l, err := netlink.LinkByIndex(d.Index); err == nil && l.Attrs().Statistics != nil {
		c.Packets, c.Dropped = l.Attrs().Statistics.TxPackets, l.Attrs().Statistics.TxDropped
	}
	e, err := ethtool.NewEthtool()
	if err != nil {
		return c
	}
	defer e.Close()
	m, _ := e.Stats(d.Name.Dev) // no statistics: nothing to add
	for name, v := range m {
		if strings.HasPrefix(name, "tx_") && strings.HasSuffix(name, "xdp_xmit_errors") {
			c.Dropped += v
		}
	}
	return c
}

// Refused is how many of the sent packets the device did not take between
// before and after. A veth does not count what its other end refuses, but what
// it took, whoever sent, so there the rest was refused.
func (d Device) Refused(before, after TxCounters, sent uint64) uint64 {
	if d.Driver == "veth" {
		return sent - min(sent, after.Packets-before.Packets)
	}
	return min(sent, after.Dropped-before.Dropped)
}
