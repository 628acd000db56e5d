package xlate

// VLANMode is what NORMAL does with the tags of a port's packets (vlan_mode in ovs-vswitchd.conf.db(5)).
type VLANMode uint8

// The modes.
const (
	Trunk          VLANMode = iota // tags as they are, of the VLANs in Trunks
	Access                         // untagged packets, of the VLAN Tag
	NativeTagged                   // a trunk whose untagged packets belong to VLAN Tag; it sends them tagged
	NativeUntagged                 // the same, but it sends them untagged
)

// VLAN is a port's VLAN configuration. The zero value is a trunk of all VLANs.
type VLAN struct {
	Mode   VLANMode
	Tag    uint16
	Trunks *VLANSet // nil for all
}

// VLANSet is a set of VLAN ids.
type VLANSet [64]uint64

// Add puts vid into the set.
func (s *VLANSet) Add(vid uint16) { s[vid/64%64] |= 1 << (vid % 64) }

// Has reports whether vid is in the set.
func (s *VLANSet) Has(vid uint16) bool { return s[vid/64%64]>>(vid%64)&1 != 0 }

// Carries reports whether packets of VLAN vid enter and leave by the port.
func (v *VLAN) Carries(vid uint16) bool {
	switch {
	case v.Mode == Access:
		return vid == v.Tag
	case v.Mode != Trunk && vid == v.Tag:
		return true
	}
	return v.Trunks == nil || v.Trunks.Has(vid)
}

// Enters returns the VLAN of a packet that came in with the VLAN id vid in its tag (0: no tag, or one
// that gives a priority only), and whether the port takes it.
func (v *VLAN) Enters(vid uint16) (vlan uint16, ok bool) {
	if vid == 0 && v.Mode != Trunk {
		return v.Tag, true
	}
	if v.Mode == Access {
		return 0, false
	}
	return vid, v.Carries(vid)
}

// Strips reports whether packets of this VLAN leave by the port without a tag, whatever priority it may have.
func (v *VLAN) Strips(vlan uint16) bool {
	return v.Mode == Access || (v.Mode == NativeUntagged && vlan == v.Tag)
}
