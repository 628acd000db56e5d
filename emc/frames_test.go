package emc

import (
	"encoding/binary"
	"testing"

	"pollux/flow"
	"pollux/packet"
)

// frame describes a packet of a usual shape for tests.
type frame struct {
	vlan             int // -1 for none
	six              bool
	src, dst         uint32
	proto            uint8
	sport, dport     uint16
	tos, ttl         uint8
	dlSrc, dlDst     uint64
	tcpFlags, padLen int
	label            int
}

// bytes are the bytes of the packet; checksums are 0.
func (f *frame) bytes() []byte {
	var b []byte
	b = append(b, mac(f.dlDst)...)
	b = append(b, mac(f.dlSrc)...)
	if f.vlan >= 0 {
		b = binary.BigEndian.AppendUint16(b, 0x8100)
		b = binary.BigEndian.AppendUint16(b, uint16(f.vlan))
	}
	l4 := f.transport()
	if f.six {
		b = binary.BigEndian.AppendUint16(b, 0x86dd)
		b = binary.BigEndian.AppendUint32(b, 6<<28|uint32(f.tos)<<20|uint32(f.label))
		b = binary.BigEndian.AppendUint16(b, uint16(len(l4)))
		b = append(b, f.proto, f.ttl)
		for _, a := range []uint32{f.src, f.dst} {
			b = append(b, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0)
			b = binary.BigEndian.AppendUint32(b, a)
		}
	} else {
		b = binary.BigEndian.AppendUint16(b, 0x0800)
		b = append(b, 0x45, f.tos)
		b = binary.BigEndian.AppendUint16(b, uint16(20+len(l4)))
		b = append(b, 0, 1, 0x40, 0, f.ttl, f.proto, 0, 0)
		b = binary.BigEndian.AppendUint32(b, f.src)
		b = binary.BigEndian.AppendUint32(b, f.dst)
	}
	b = append(b, l4...)
	return append(b, make([]byte, f.padLen)...)
}

func (f *frame) transport() []byte {
	var b []byte
	switch f.proto {
	case flow.ProtoICMP, flow.ProtoICMPv6:
		return []byte{byte(f.sport), byte(f.dport), 0, 0, 0, 1, 0, 1}
	case flow.ProtoTCP:
		b = binary.BigEndian.AppendUint16(b, f.sport)
		b = binary.BigEndian.AppendUint16(b, f.dport)
		return append(b, 0, 0, 0, 1, 0, 0, 0, 1, 0x50|byte(f.tcpFlags>>8), byte(f.tcpFlags), 1, 0, 0, 0, 0, 0)
	case flow.ProtoSCTP:
		b = binary.BigEndian.AppendUint16(b, f.sport)
		b = binary.BigEndian.AppendUint16(b, f.dport)
		return append(b, make([]byte, 8)...)
	default:
		b = binary.BigEndian.AppendUint16(b, f.sport)
		b = binary.BigEndian.AppendUint16(b, f.dport)
		return append(b, 0, 26, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
	}
}

func mac(a uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], a)
	return b[2:]
}

// udp4 is the i-th packet of the traffic that switches are compared with: 60 bytes, source address, source
// port and destination address vary together.
func udp4(i int) frame {
	return frame{vlan: -1, src: 0x0a000001 + uint32(i>>8&0xffff), dst: 0x14000001 + uint32(i&0xff), proto: flow.ProtoUDP,
		sport: uint16(1024 + i%60000), dport: 80, ttl: 64, dlSrc: 0x020000000001, dlDst: 0x020000000002}
}

// pool makes packet memory for n packets.
func pool(tb testing.TB, n int) *packet.Pool {
	m, err := packet.NewMemory(make([]byte, n*2048), 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return m.Split(1)[0]
}
