package openflow

import "pollux/flow"

// Port is an OpenFlow port number of 32 bits, as OpenFlow 1.1 and later have
// them. OpenFlow 1.0 and Nicira fields write 16 bits, where the reserved ports are 0xff00 and
// up; text with such numbers (65534 for LOCAL) means the ports below.
type Port uint32

// PortNames are the names of a bridge's ports; nil knows none.
type PortNames = flow.PortNames

// PortMax is the first number that is not an ordinary port.
const PortMax = Port(flow.PortMax)

// Reserved ports (OpenFlow 1.3, A.2.1). None is ANY in OpenFlow 1.1 and later.
const (
	PortUnset      = Port(flow.PortUnset)      // the field actset_output before anything was written
	PortInPort     = Port(flow.PortInPort)     // back where it came from
	PortTable      = Port(flow.PortTable)      // through the tables, for a packet-out
	PortNormal     = Port(flow.PortNormal)     // as a learning switch would
	PortFlood      = Port(flow.PortFlood)      // like PortAll, without ports that say no_flood
	PortAll        = Port(flow.PortAll)        // every port but the one it came from
	PortController = Port(flow.PortController) // to the controllers
	PortLocal      = Port(flow.PortLocal)      // the bridge's own device
	PortNone       = Port(flow.PortAny)        // nowhere
)

// Reserved reports whether p is no ordinary port.
func (p Port) Reserved() bool { return p >= PortMax }

// String is the port's reserved name or its number.
func (p Port) String() string { return string(flow.AppendPort(nil, uint32(p), nil)) }
