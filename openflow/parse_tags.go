package openflow

import (
	"fmt"
	"strings"
)

// VLAN tags and MPLS labels.

func pushesIfNeeded(it item) bool { return strings.EqualFold(it.key[:3], "mod") }

func parseVLANVID(_ *parser, it item) (Action, error) {
	vid, err := number(it.value, 12)
	return SetVLANVID{uint16(vid), pushesIfNeeded(it)}, err
}

func parseVLANPCP(_ *parser, it item) (Action, error) {
	pcp, err := number(it.value, 3)
	return SetVLANPCP{uint8(pcp), pushesIfNeeded(it)}, err
}

func parsePushVLAN(_ *parser, it item) (Action, error) {
	typ, err := number(it.value, 16)
	if err == nil && typ != 0x8100 && typ != 0x88a8 {
		err = fmt.Errorf("the Ethertype of a tag is 0x8100 or 0x88a8")
	}
	return PushVLAN{uint16(typ)}, err
}

func parsePushMPLS(_ *parser, it item) (Action, error) {
	typ, err := number(it.value, 16)
	if err == nil && typ != 0x8847 && typ != 0x8848 {
		err = fmt.Errorf("the Ethertype of MPLS is 0x8847 or 0x8848")
	}
	return PushMPLS{uint16(typ)}, err
}

func parsePopMPLS(_ *parser, it item) (Action, error) {
	typ, err := number(it.value, 16)
	return PopMPLS{uint16(typ)}, err
}
