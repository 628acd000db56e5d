package openflow

import (
	"fmt"
	"net/netip"

	"pollux/flow"
)

// PortNames are the names of a bridge's ports; nil knows none.
type PortNames interface {
	PortName(port uint32) (name string, ok bool)
	PortNumber(name string) (port uint32, ok bool)
}

var reservedNames = map[Port]string{PortUnset: "UNSET", PortInPort: "IN_PORT", PortTable: "TABLE", PortNormal: "NORMAL", PortFlood: "FLOOD",
	PortAll: "ALL", PortController: "CONTROLLER", PortLocal: "LOCAL", PortNone: "ANY"}

func appendPort(dst []byte, p Port, names PortNames) []byte {
	if s, ok := reservedNames[p]; ok {
		return append(dst, s...)
	}
	if names != nil {
		if s, ok := names.PortName(uint32(p)); ok {
			return append(dst, s...)
		}
	}
	return fmt.Appendf(dst, "%d", uint32(p))
}

func appendFieldValue(dst []byte, f *flow.Field, v, mask flow.Value, names PortNames) []byte {
	dst = appendOne(dst, f, v, names)
	if mask != f.Ones() {
		dst = appendOne(append(dst, '/'), f, mask, names)
	}
	return dst
}

func appendOne(dst []byte, f *flow.Field, v flow.Value, names PortNames) []byte {
	switch f.Format {
	case flow.PortNumber:
		return appendPort(dst, Port(v.Lo), names)
	case flow.MACAddress:
		for i := 5; i >= 0; i-- {
			dst = fmt.Appendf(dst, "%02x:", byte(v.Lo>>(8*i)))
		}
		return dst[:len(dst)-1]
	case flow.IPv4Address:
		return netip.AddrFrom4([4]byte{byte(v.Lo >> 24), byte(v.Lo >> 16), byte(v.Lo >> 8), byte(v.Lo)}).AppendTo(dst)
	case flow.Decimal:
		return fmt.Appendf(dst, "%d", v.Lo)
	}
	if v.Hi != 0 {
		return fmt.Appendf(dst, "%#x%016x", v.Hi, v.Lo)
	}
	return fmt.Appendf(dst, "%#x", v.Lo)
}
