package packet

import "encoding/binary"

// A header view is a slice that a constructor has found long enough: no
// accessor checks or fails after that. A view reads and writes the packet's own bytes and is valid as long as
// they stay where they are. Constructors check lengths only; whether the type before a header says what it is,
// the caller knows. Addresses come as pointers into the packet, to read and to write.

// Ethernet is an Ethernet header with all that follows it (IEEE 802.3, 3.2).
type Ethernet []byte

// EthernetLen is the length of an Ethernet header without tags in bytes.
const EthernetLen = 14

// AsEthernet views b as an Ethernet frame; false if it is shorter than the header.
func AsEthernet(b []byte) (Ethernet, bool) { return b, len(b) >= EthernetLen }

// Dst is the destination address.
func (e Ethernet) Dst() *[6]byte { return (*[6]byte)(e) }

// Src is the source address.
func (e Ethernet) Src() *[6]byte { return (*[6]byte)(e[6:]) }

// Type is the EtherType, or the length of an old frame.
func (e Ethernet) Type() uint16 { return binary.BigEndian.Uint16(e[12:]) }

// SetType writes the EtherType.
func (e Ethernet) SetType(t uint16) { binary.BigEndian.PutUint16(e[12:], t) }

// Payload is what follows the header: a tag, if Type says so.
func (e Ethernet) Payload() []byte { return e[EthernetLen:] }

// VLAN is a tag behind the type that announced it: its control information and the next type (IEEE 802.1Q, 9.6).
type VLAN []byte

// VLANLen is the length of a tag in bytes.
const VLANLen = 4

// AsVLAN views b as a tag; false if it is cut off.
func AsVLAN(b []byte) (VLAN, bool) { return b, len(b) >= VLANLen }

// TCI is the tag control information: PCP 3 bits, DEI 1, VID 12. The DEI bit is the packet's own, unlike a key's.
func (v VLAN) TCI() uint16 { return binary.BigEndian.Uint16(v) }

// SetTCI writes all of it.
func (v VLAN) SetTCI(t uint16) { binary.BigEndian.PutUint16(v, t) }

// VID is the VLAN's number.
func (v VLAN) VID() uint16 { return v.TCI() & 0x0fff }

// PCP is the priority.
func (v VLAN) PCP() uint8 { return v[0] >> 5 }

// Type is the type of what follows the tag.
func (v VLAN) Type() uint16 { return binary.BigEndian.Uint16(v[2:]) }

// SetType writes it.
func (v VLAN) SetType(t uint16) { binary.BigEndian.PutUint16(v[2:], t) }

// Payload is what follows the tag.
func (v VLAN) Payload() []byte { return v[VLANLen:] }

// MPLS is an entry of a label stack with all that follows it (RFC 3032, 2.1).
type MPLS []byte

// MPLSLen is the length of an entry in bytes.
const MPLSLen = 4

// AsMPLS views b as a label stack entry; false if it is cut off.
func AsMPLS(b []byte) (MPLS, bool) { return b, len(b) >= MPLSLen }

// Entry is the whole entry: label 20 bits, traffic class 3, bottom of stack 1, TTL 8.
func (m MPLS) Entry() uint32 { return binary.BigEndian.Uint32(m) }

// SetEntry writes it.
func (m MPLS) SetEntry(e uint32) { binary.BigEndian.PutUint32(m, e) }

// Label is the label.
func (m MPLS) Label() uint32 { return m.Entry() >> 12 }

// TC is the traffic class.
func (m MPLS) TC() uint8 { return m[2] >> 1 & 7 }

// Bottom says that this is the last entry.
func (m MPLS) Bottom() bool { return m[2]&1 != 0 }

// TTL is the time to live.
func (m MPLS) TTL() uint8 { return m[3] }

// SetTTL writes it.
func (m MPLS) SetTTL(t uint8) { m[3] = t }

// Payload is what follows the entry: another one, unless it is the bottom.
func (m MPLS) Payload() []byte { return m[MPLSLen:] }
