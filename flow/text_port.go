package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// PortNames translates between names of ports and their OpenFlow numbers. A nil PortNames knows none.
type PortNames interface {
	PortNumber(name string) (port uint32, ok bool)
	PortName(port uint32) (name string, ok bool)
}

// The reserved OpenFlow ports as keys hold them (OpenFlow 1.3, A.2.1).
const (
	PortMax        uint32 = 0xffffff00 // one more than the largest number a port may have
	PortUnset      uint32 = 0xfffffff7
	PortInPort     uint32 = 0xfffffff8
	PortTable      uint32 = 0xfffffff9
	PortNormal     uint32 = 0xfffffffa
	PortFlood      uint32 = 0xfffffffb
	PortAll        uint32 = 0xfffffffc
	PortController uint32 = 0xfffffffd
	PortLocal      uint32 = 0xfffffffe
	PortAny        uint32 = 0xffffffff // NONE in OpenFlow 1.0
)

var reservedPorts = [...]string{"UNSET", "IN_PORT", "TABLE", "NORMAL", "FLOOD", "ALL", "CONTROLLER", "LOCAL", "ANY"} // from PortUnset

// ParsePort reads a port: a number, a reserved name in any case, or a name that names knows, in quotes or not. A
// reserved number may be written as OpenFlow 1.0 does (65534) or as later versions do.
func ParsePort(s string, names PortNames) (uint32, error) {
	if n, err := strconv.ParseUint(s, 0, 32); err == nil {
		switch {
		case n < 0xff00 || n >= uint64(PortMax):
			return uint32(n), nil
		case n <= 0xffff:
			return WidenPort(uint16(n)), nil
		}
		return 0, fmt.Errorf("port %s is neither below 65280 nor a reserved port", s)
	}
	if strings.EqualFold(s, "NONE") {
		return PortAny, nil
	}
	for i, r := range reservedPorts {
		if strings.EqualFold(s, r) {
			return PortUnset + uint32(i), nil
		}
	}
	name := s
	if n, err := strconv.Unquote(s); err == nil {
		name = n
	}
	if n, ok := portNumber(name, names); ok {
		return n, nil
	}
	return 0, fmt.Errorf("no such port %q", name)
}

// AppendPort writes a port as ParsePort reads it: by its name, if names has one.
func AppendPort(dst []byte, port uint32, names PortNames) []byte {
	if port >= PortUnset {
		return append(dst, reservedPorts[port-PortUnset]...)
	}
	if name, ok := portName(port, names); ok {
		return appendName(dst, name)
	}
	if port >= PortMax {
		port &= 0xffff
	}
	return strconv.AppendUint(dst, uint64(port), 10)
}

// portNumber and portName ask names, which may be nil.
func portNumber(name string, names PortNames) (uint32, bool) {
	if names == nil {
		return 0, false
	}
	return names.PortNumber(name)
}

func portName(port uint32, names PortNames) (string, bool) {
	if names == nil {
		return "", false
	}
	return names.PortName(port)
}

// appendName writes a name, in quotes if it needs them.
func appendName(dst []byte, name string) []byte {
	if isWord(name) {
		return append(dst, name...)
	}
	return strconv.AppendQuote(dst, name)
}

// isWord reports whether a name can stand without quotes and is not taken for a number or a reserved port.
func isWord(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	_, err := ParsePort(name, nil)
	return name != "" && err != nil
}
