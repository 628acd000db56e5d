package xlate

import (
	"encoding/binary"
	"hash/fnv"

	"pollux/flow"
	"pollux/openflow"
)

// Point is a place in the rules from which packets go to a controller, with
// all that the controller is told beside the packet. The datapath
// sends a copy of the packet with the point's ID, in the cookie of its Userspace action. The ID is a hash of the
// content: whoever translates the same packet by the same rules gets the same ID, also a control process that was started anew.
type Point struct {
	Reason       openflow.Reason
	Table        uint8
	ControllerID uint16
	MaxLen       uint16
	Cookie       uint64 // of the rule
	UserData     []byte
	Meter        uint32
	InPort       openflow.Port
	// Metadata are the fields of the packet that are not in its bytes.
	Metadata flow.Match
}

// ID names the point.
func (p *Point) ID() uint64 {
	h := fnv.New64a()
	var room [256]byte
	b := append(room[:0], byte(p.Reason), p.Table)
	b = binary.LittleEndian.AppendUint16(b, p.ControllerID)
	b = binary.LittleEndian.AppendUint16(b, p.MaxLen)
	b = binary.LittleEndian.AppendUint64(b, p.Cookie)
	b = binary.LittleEndian.AppendUint32(b, p.Meter)
	b = binary.LittleEndian.AppendUint32(b, uint32(p.InPort))
	for w, m := range p.Metadata.Mask {
		if m != 0 {
			b = append(b, byte(w))
			b = binary.LittleEndian.AppendUint64(b, m)
			b = binary.LittleEndian.AppendUint64(b, p.Metadata.Key[w])
		}
	}
	h.Write(append(b, p.UserData...))
	return h.Sum64()
}
