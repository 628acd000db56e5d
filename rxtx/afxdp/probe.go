package afxdp

import (
	"fmt"

	"pollux/rxtx"
)

// Probe is what was found out about a device by trying.
type Probe struct {
	Mode     string // the best that works, "" if none does
	ZeroCopy error  // why zero copy does not work, nil if it does
	Native   error  // why native mode does not
	Generic  error  // why generic mode does not; not tried if a better one works
	Jumbo    bool   // packets may take several frames
	Tags     bool   // offloaded VLAN tags come back
	Notes    []string
}

// ProbeDevice finds out in which modes a device can be bound: it binds its first queue in
// each and lets go at once. That interrupts the traffic of a device for a moment, with some drivers for
// seconds. It uses memory of its own, so a switch may run beside it.
func ProbeDevice(name string) (r Probe, err error) {
	const frames, ring = 512, 64
	u, err := newUMEM(frames, 4096, HugeOff)
	if err != nil {
		return r, fmt.Errorf("probe %s: %w", name, err)
	}
	defer u.Close()
	for _, try := range []struct {
		mode string
		why  *error
	}{{ModeZeroCopy, &r.ZeroCopy}, {ModeNative, &r.Native}, {ModeGeneric, &r.Generic}} {
		var p rxtx.Port
		if p, *try.why = Open(u, Options{Device: name, Queues: []int{0}, Mode: try.mode, RxSize: ring, TxSize: ring, FillSize: ring}); *try.why != nil {
			continue
		}
		port := p.(*Port)
		r.Mode, r.Jumbo, r.Tags, r.Notes = port.mode, port.program.frags, port.program.tags, port.notes
		return r, p.Close()
	}
	return r, nil
}
