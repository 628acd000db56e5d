package openflow

// Port is an OpenFlow port number of 32 bits, as OpenFlow 1.1 and later have
// them. OpenFlow 1.0 and Nicira fields write 16 bits, where the reserved ports are 0xff00 and
// up; text with such numbers (65534 for LOCAL) means the ports below.
type Port uint32

// PortMax is the first number that is not an ordinary port.
const PortMax Port = 0xffffff00

// Reserved ports (OpenFlow 1.3, A.2.1). None is ANY in OpenFlow 1.1 and later.
const (
	PortUnset      Port = 0xfffffff7 // the field actset_output before anything was written
	PortInPort     Port = 0xfffffff8 // back where it came from
	PortTable      Port = 0xfffffff9 // through the tables, for a packet-out
	PortNormal     Port = 0xfffffffa // as a learning switch would
	PortFlood      Port = 0xfffffffb // like PortAll, without ports that say no_flood
	PortAll        Port = 0xfffffffc // every port but the one it came from
	PortController Port = 0xfffffffd
	PortLocal      Port = 0xfffffffe // the bridge's own device
	PortNone       Port = 0xffffffff
)

// Reserved reports whether p is no ordinary port.
func (p Port) Reserved() bool { return p >= PortMax }
