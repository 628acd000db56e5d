package afxdp

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// program is the XDP program of a device with the map of its sockets.
type program struct {
	sockets *ebpf.Map
	prog    *ebpf.Program
	link    link.Link
	notes   []string
	variant
}

// A variant of the program: what it needs from kernel and driver.
type variant struct {
	native bool // in the driver; else on the packet of the stack (generic)
	frags  bool // takes packets of several buffers: jumbo frames. Native since 5.18, generic since 6.9
	tags   bool // puts offloaded VLAN tags back: device-bound, since 6.8 where the driver can
}

func (v variant) String() string {
	s := "generic"
	if v.native {
		s = "native"
	}
	if v.frags {
		s += ", jumbo frames"
	}
	if v.tags {
		s += ", VLAN tags"
	}
	return s
}

// variants are those to be tried, the best first.
func variants(native, frags bool) (all []variant) {
	if native && frags {
		all = append(all, variant{native, true, true})
	}
	if native {
		all = append(all, variant{native, false, true})
	}
	if frags {
		all = append(all, variant{native, true, false})
	}
	return append(all, variant{native, false, false})
}

// attachProgram loads and attaches the first variant that works on the device; why better ones did not
// is in its notes. queues is how many queues the device has.
func attachProgram(ifindex, queues int, tries []variant) (*program, error) {
	spec, err := loadXdp()
	if err != nil {
		return nil, fmt.Errorf("read XDP program: %w", err)
	}
	spec.Maps[xdpMapSockets].MaxEntries = uint32(queues)
	sockets, err := ebpf.NewMap(spec.Maps[xdpMapSockets])
	if err != nil {
		return nil, fmt.Errorf("make XDP socket map: %w", explainBPF(err))
	}
	var notes []string
	for _, v := range tries {
		var p *program
		if p, err = attachVariant(ifindex, spec, sockets, v); err == nil {
			p.notes = notes
			return p, nil
		}
		notes = append(notes, fmt.Sprintf("XDP program for %v does not work here: %v", v, err))
		if inUse(err) { // no other variant will do better
			break
		}
	}
	sockets.Close()
	return nil, err
}

// inUse tells whether another XDP program is in the way.
func inUse(err error) bool { return errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EEXIST) }

func attachVariant(ifindex int, spec *ebpf.CollectionSpec, sockets *ebpf.Map, v variant) (*program, error) {
	name := xdpProgPlain
	if v.tags {
		name = xdpProgWithTag
	}
	one := spec.Programs[name].Copy()
	if v.frags {
		one.Flags |= unix.BPF_F_XDP_HAS_FRAGS
	}
	if v.tags {
		one.Flags |= unix.BPF_F_XDP_DEV_BOUND_ONLY
		one.Ifindex = uint32(ifindex)
	}
	coll, err := ebpf.NewCollectionWithOptions(&ebpf.CollectionSpec{
		Maps:     map[string]*ebpf.MapSpec{xdpMapSockets: spec.Maps[xdpMapSockets]},
		Programs: map[string]*ebpf.ProgramSpec{name: one},
	}, ebpf.CollectionOptions{MapReplacements: map[string]*ebpf.Map{xdpMapSockets: sockets}})
	if err != nil {
		return nil, fmt.Errorf("load XDP program: %w", explainBPF(err))
	}
	defer coll.Close()
	p := &program{sockets: sockets, prog: coll.DetachProgram(name), variant: v}
	flags := link.XDPGenericMode
	if v.native {
		flags = link.XDPDriverMode
	}
	for try := 1; ; try++ { // the program of a process that was just killed goes in a moment
		p.link, err = link.AttachXDP(link.XDPOptions{Program: p.prog, Interface: ifindex, Flags: flags})
		if !errors.Is(err, unix.EBUSY) || try == busyTries {
			break
		}
		pause(busyPauseM)
	}
	if err != nil {
		p.prog.Close()
		return nil, fmt.Errorf("attach XDP program: %w", explainBPF(err))
	}
	return p, nil
}

// close takes the program off the device.
func (p *program) close() error {
	err := p.link.Close()
	p.prog.Close()
	p.sockets.Close()
	return err
}

func explainBPF(err error) error {
	if errors.Is(err, unix.EPERM) {
		return withCapabilities(err, "CAP_BPF", "CAP_NET_ADMIN")
	}
	return err
}
