package afxdp

import (
	"fmt"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// device asks the kernel about one network device. Its handles stay in the network namespace in
// which they were opened, so any thread may ask later.
type device struct {
	name    string
	ifindex int
	netlink *netlink.Handle
	ethtool *ethtool.Ethtool
}

func openDevice(name string) (*device, netlink.Link, error) {
	d := &device{name: name}
	var err error
	if d.netlink, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return nil, nil, fmt.Errorf("open netlink: %w", err)
	}
	if d.ethtool, err = ethtool.NewEthtool(); err != nil {
		d.netlink.Close()
		return nil, nil, fmt.Errorf("open ethtool: %w", err)
	}
	l, err := d.netlink.LinkByName(name)
	if err != nil {
		d.close()
		return nil, nil, explainNoDevice(err)
	}
	d.ifindex = l.Attrs().Index
	return d, l, nil
}

func (d *device) close() {
	d.netlink.Close()
	d.ethtool.Close()
}

// queues returns how many receive and transmit queues the device uses now;
// netlink would tell how many it was made with.
func (d *device) queues(l netlink.Link) (rx, tx int) {
	if c, err := d.ethtool.GetChannels(d.name); err == nil {
		rx, tx = int(c.CombinedCount+c.RxCount), int(c.CombinedCount+c.TxCount)
	}
	if rx == 0 {
		rx = l.Attrs().NumRxQueues
	}
	if tx == 0 {
		tx = l.Attrs().NumTxQueues
	}
	return max(rx, 1), max(tx, 1)
}

// driver is the name of the kernel's driver, "" if it does not tell.
func (d *device) driver() string {
	name, _ := d.ethtool.DriverName(d.name)
	return name
}

// virtual tells whether the device is one whose packets may never have been on a wire, so that its sender's
// stack may have left things for an offload to do that is none. When in doubt it says yes.
func (d *device) virtual() bool {
	info, err := d.ethtool.DriverInfo(d.name)
	if err != nil {
		return true
	}
	switch info.Driver {
	case "virtio_net", "vif", "tun": // they have a bus, or pretend to
		return true
	}
	return info.BusInfo == "" || info.BusInfo == "N/A"
}

// promiscuous makes a device receive frames for everybody, as a switch must, for as long as the
// returned socket is open: the kernel takes it back by itself when the process dies.
func promiscuous(ifindex int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0) // protocol 0: it receives nothing
	if err != nil {
		return -1, fmt.Errorf("open packet socket: %w", explainSocket(err))
	}
	m := unix.PacketMreq{Ifindex: int32(ifindex), Type: unix.PACKET_MR_PROMISC}
	if err = unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("set promiscuous mode: %w", err)
	}
	return fd, nil
}
