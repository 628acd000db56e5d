package afxdp

import (
	"fmt"
	"strings"
)

// What a device does for the kernel's stack may hide from AF_XDP what was on the
// wire: it merges packets into ones that no MTU allows, and keeps VLAN tags beside the
// frame. Such offloads are switched off while the port is open, and Info says so.

// merging are the features that make large packets of small ones before an XDP program sees them. In
// native mode the stack's own merging (rx-gro) comes after the program.
var (
	merging        = []string{"rx-lro", "rx-gro-hw"}
	mergingGeneric = []string{"rx-lro", "rx-gro-hw", "rx-gro", "rx-gro-list", "rx-udp-gro-forwarding"}
	tagParsing     = []string{"rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"}
)

// reveal switches off what hides things. What cannot be switched off becomes a note.
func (p *Port) reveal() {
	hiding := merging
	if !p.program.native {
		hiding = mergingGeneric
	}
	if !p.program.tags {
		hiding = append(hiding[:len(hiding):len(hiding)], tagParsing...)
	}
	p.switchOff(hiding)
	if p.program.tags || !p.device.virtual() {
		return
	}
	if !p.program.native {
		p.notes = append(p.notes, "the other end of the device may send TCP in pieces larger than any MTU, which cannot be forwarded; if it does, use native mode or switch that off there: ethtool -K OTHER_END tso off gso off")
	}
	p.notes = append(p.notes, "VLAN tags that the other end of the device leaves to its offload are lost; if it sends tagged packets, switch that off there: ethtool -K OTHER_END txvlan off")
}

func (p *Port) switchOff(features []string) {
	state, err := p.device.ethtool.FeaturesWithState(p.name)
	if err != nil {
		return // a device without features hides nothing
	}
	for _, f := range features {
		if !state[f].Active {
			continue
		}
		if err := p.device.ethtool.Change(p.name, map[string]bool{f: false}); err != nil {
			p.notes = append(p.notes, fmt.Sprintf("offload %s could not be switched off: %v", f, err))
			continue
		}
		p.switchedOff = append(p.switchedOff, f)
	}
	if len(p.switchedOff) > 0 {
		p.notes = append(p.notes, "offloads are switched off while the port is open: "+strings.Join(p.switchedOff, ", "))
	}
}

// unreveal switches on again what reveal has switched off, as far as the device is still there.
func (p *Port) unreveal() {
	for _, f := range p.switchedOff {
		_ = p.device.ethtool.Change(p.name, map[string]bool{f: true})
	}
	p.switchedOff = nil
}
