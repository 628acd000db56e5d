package doctor

import (
	"fmt"
	"strings"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"pollux/rxtx/afxdp"
)

// facts are what the kernel says about a device.
type facts struct {
	Device
	up, running  bool
	master       string   // of which it is a part
	addresses    []string // that people gave it
	program      uint32   // XDP program that is attached, 0 if none
	maxRxQueues  int
	activeMerges []string // offloads that make large packets of small ones
}

// examineDevice asks the kernel about a device and, if nobody uses it, tries it.
func examineDevice(name string, cores int) Device {
	f, err := askDevice(name)
	if err != nil {
		return Device{Name: name, Findings: []Finding{{Problem, "device", err.Error(), "ip link"}}}
	}
	d := f.Device
	d.Findings = f.findings(cores)
	if why := f.inUse(); why != "" {
		d.Findings = append(d.Findings, Finding{Advice, "mode", "not tried, because the device is in use: " + why, ""})
		return d
	}
	if missing := afxdp.MissingCapabilities("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_BPF"); len(missing) > 0 {
		d.Findings = append(d.Findings, Finding{Advice, "mode", "not tried, because the process lacks " + strings.Join(missing, ", "), ""})
		return d
	}
	p, err := afxdp.ProbeDevice(name)
	if err != nil {
		d.Findings = append(d.Findings, Finding{Problem, "mode", err.Error(), ""})
		return d
	}
	d.Mode = p.Mode
	d.Findings = append(d.Findings, probeFindings(p)...)
	return d
}

func askDevice(name string) (f facts, err error) {
	f.Name = name
	l, err := netlink.LinkByName(name)
	if err != nil {
		return f, fmt.Errorf("there is no device %s in this network namespace: %w", name, err)
	}
	a := l.Attrs()
	f.MTU, f.up, f.running = a.MTU, a.RawFlags&unix.IFF_UP != 0, a.RawFlags&unix.IFF_RUNNING != 0
	f.RxQueues, f.TxQueues, f.maxRxQueues = a.NumRxQueues, a.NumTxQueues, a.NumRxQueues
	if a.Xdp != nil && a.Xdp.Attached {
		f.program = a.Xdp.ProgId
	}
	if a.MasterIndex != 0 {
		f.master = fmt.Sprintf("device %d", a.MasterIndex)
		if m, err := netlink.LinkByIndex(a.MasterIndex); err == nil {
			f.master = m.Attrs().Name
		}
	}
	addresses, _ := netlink.AddrList(l, netlink.FAMILY_ALL)
	for _, addr := range addresses {
		if !addr.IP.IsLinkLocalUnicast() {
			f.addresses = append(f.addresses, addr.IPNet.String())
		}
	}
	f.askEthtool()
	return f, nil
}

func (f *facts) askEthtool() {
	e, err := ethtool.NewEthtool()
	if err != nil {
		return
	}
	defer e.Close()
	f.Driver, _ = e.DriverName(f.Name)
	if c, err := e.GetChannels(f.Name); err == nil && c.CombinedCount+c.RxCount > 0 {
		f.RxQueues, f.TxQueues = int(c.CombinedCount+c.RxCount), int(c.CombinedCount+c.TxCount)
		f.maxRxQueues = int(c.MaxCombined)
		if c.CombinedCount == 0 {
			f.maxRxQueues = int(c.MaxRx)
		}
	}
	state, err := e.FeaturesWithState(f.Name)
	if err != nil {
		return
	}
	for _, feature := range []string{"rx-lro", "rx-gro-hw"} {
		if state[feature].Active {
			f.activeMerges = append(f.activeMerges, feature)
		}
	}
}

// inUse says who uses the device, or nothing.
func (f *facts) inUse() string {
	switch {
	case f.program != 0:
		return fmt.Sprintf("XDP program %d is attached", f.program)
	case f.master != "":
		return "it is a part of " + f.master
	case f.up && len(f.addresses) > 0:
		return "it has the address " + f.addresses[0]
	}
	return ""
}

// findings are what can be said without trying.
func (f *facts) findings(cores int) (all []Finding) {
	if !f.up {
		all = append(all, Finding{Problem, "link", "the device is down", "ip link set dev " + f.Name + " up"})
	} else if !f.running {
		all = append(all, Finding{Problem, "link", "the device has no carrier: is the cable in, the other end up?", ""})
	} else {
		all = append(all, Finding{OK, "link", "up", ""})
	}
	if f.program != 0 {
		all = append(all, Finding{Problem, "XDP", fmt.Sprintf("program %d is attached already", f.program), "ip link set dev " + f.Name + " xdp off"})
	}
	if f.master != "" {
		all = append(all, Finding{Problem, "use", fmt.Sprintf("the device is a part of %s, which would receive nothing any more", f.master), "ip link set dev " + f.Name + " nomaster"})
	}
	if len(f.addresses) > 0 {
		all = append(all, Finding{Advice, "use", "the kernel would not receive packets for " + strings.Join(f.addresses, ", ") + " any more", "ip addr flush dev " + f.Name})
	}
	if f.RxQueues > cores {
		all = append(all, Finding{Advice, "queues", fmt.Sprintf("%d receive queues for %d cores: each costs rings and frames, and a poll", f.RxQueues, cores),
			fmt.Sprintf("ethtool -L %s combined %d", f.Name, max(cores-1, 1))})
	}
	if f.TxQueues < f.RxQueues {
		all = append(all, Finding{Advice, "queues", fmt.Sprintf("%d receive but %d transmit queues: queues without both receive only", f.RxQueues, f.TxQueues),
			fmt.Sprintf("ethtool -L %s tx %d", f.Name, f.RxQueues)})
	}
	if len(f.activeMerges) > 0 {
		all = append(all, Finding{Advice, "offloads", "on, and switched off while the device is bound: " + strings.Join(f.activeMerges, ", "), ""})
	}
	return all
}

// probeFindings say what trying has shown.
func probeFindings(p afxdp.Probe) (all []Finding) {
	switch p.Mode {
	case afxdp.ModeZeroCopy:
		all = append(all, Finding{OK, "mode", "zero copy", ""})
	case afxdp.ModeNative:
		all = append(all, Finding{OK, "mode", fmt.Sprintf("native, with copying (%v)", p.ZeroCopy), ""})
	case afxdp.ModeGeneric:
		all = append(all, Finding{Advice, "mode", fmt.Sprintf("only generic, which is slow (%v)", p.Native), ""})
	default:
		return append(all, Finding{Problem, "mode", p.Generic.Error(), ""})
	}
	if !p.Jumbo {
		all = append(all, Finding{Advice, "jumbo frames", "the driver or kernel takes no packets of several buffers", ""})
	}
	if !p.Tags {
		all = append(all, Finding{Advice, "VLAN tags", "driver and kernel cannot hand over offloaded tags", ""})
	}
	for _, n := range p.Notes {
		all = append(all, Finding{Advice, "note", n, ""})
	}
	return all
}
