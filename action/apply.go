package action

import (
	"encoding/binary"

	"pollux/counter"
	"pollux/packet"
)

var (
	be = binary.BigEndian
	le = binary.LittleEndian // of the SCTP checksum alone
)

// Apply does a header edit to a packet whose headers are located (L3
// and L4 are right, as flow.Extract leaves them), corrects the checksums and keeps the locations right. A
// field that the packet does not have is left alone: a later fragment has no transport header. The answer is
// counter.Forwarded, or why the packet cannot go on; it is the caller's either way. The action has been validated. Apply does not allocate.
func Apply(p *packet.Packet, a Action) counter.Drop {
	switch a.Op {
	case Set:
		id, v, mask := a.Written()
		return set(p, id, v, mask)
	case PushVLAN:
		return pushVLAN(p, uint16(a.Arg>>16), uint16(a.Arg))
	case PopVLAN:
		return popVLAN(p)
	case PushMPLS:
		return pushMPLS(p, a.Arg, uint16(a.Payload[0]))
	case PopMPLS:
		return popMPLS(p, uint16(a.Arg))
	case Conntrack:
		return counter.ConntrackMissing
	}
	return counter.ActionImpossible
}
