package vswitch

import (
	"encoding/binary"
	"hash/crc32"
)

// frame is a packet as the reference switch has it: plain fields. Its bytes are
// composed anew each time it leaves, with every checksum computed from scratch.
type frame struct {
	dst, src uint64 // MAC addresses
	tags     []tag  // the outer one first
	visible  int    // how many of them a switch that looks at two tags knows of
	typ      uint16

	proto, tos, ttl uint8 // IP
	label           uint32
	from, to        wide
	later           bool   // a later fragment: no transport header
	sport, dport    uint16 // of ICMP type and code
	unsummed        bool   // a UDP datagram without checksum

	op       uint16 // ARP
	spa, tpa uint32
	sha, tha uint64

	payload []byte
	padding int // bytes behind the IP packet
}

type tag struct{ tpid, tci uint16 }

// wide is a value of up to 128 bits.
type wide struct{ hi, lo uint64 }

func (w wide) and(m wide) wide { return wide{w.hi & m.hi, w.lo & m.lo} }

const (
	typIPv4, typIPv6, typARP              = 0x0800, 0x86dd, 0x0806
	protoICMP, protoTCP, protoUDP         = 1, 6, 17
	protoICMP6, protoSCTP, present        = 58, 132, 0x1000
	broadcast, linkLocal           uint64 = 0xffffffffffff, 0x0180c2000000
)

func (f *frame) ip() bool { return f.typ == typIPv4 || f.typ == typIPv6 }

func (f *frame) tcpOrSo() bool {
	return f.ip() && !f.later && (f.proto == protoTCP || f.proto == protoUDP || f.proto == protoSCTP)
}

func (f *frame) tci() uint16 {
	if f.visible == 0 {
		return 0
	}
	return f.tags[0].tci | present
}

func (f *frame) push(tpid, tci uint16) {
	f.tags = append([]tag{{tpid, tci}}, f.tags...)
	f.visible = min(f.visible+1, 2)
}

func (f *frame) pop() {
	if f.visible > 0 {
		f.tags = append([]tag(nil), f.tags[1:]...)
		f.visible--
	}
}

// retag changes the bits mask of the outer tag; there is one afterwards.
func (f *frame) retag(tci, mask uint16) {
	if f.visible == 0 {
		f.push(0x8100, 0)
	}
	f.tags = append([]tag(nil), f.tags...)
	f.tags[0].tci = f.tags[0].tci&^mask | tci&mask
}

// bytes composes the packet.
func (f *frame) bytes() []byte {
	b := appendMAC(appendMAC(nil, f.dst), f.src)
	for _, t := range f.tags {
		b = binary.BigEndian.AppendUint32(b, uint32(t.tpid)<<16|uint32(t.tci))
	}
	b = binary.BigEndian.AppendUint16(b, f.typ)
	switch f.typ {
	case typIPv4:
		b = f.appendIPv4(b)
	case typIPv6:
		b = f.appendIPv6(b)
	case typARP:
		b = binary.BigEndian.AppendUint64(b, 0x0001080006040000|uint64(f.op))
		b = binary.BigEndian.AppendUint32(appendMAC(b, f.sha), f.spa)
		b = binary.BigEndian.AppendUint32(appendMAC(b, f.tha), f.tpa)
	default:
		b = append(b, f.payload...)
	}
	return append(b, make([]byte, f.padding)...)
}

func appendMAC(b []byte, m uint64) []byte {
	return append(b, byte(m>>40), byte(m>>32), byte(m>>24), byte(m>>16), byte(m>>8), byte(m))
}

func (f *frame) appendIPv4(b []byte) []byte {
	h := make([]byte, 20)
	pseudo := binary.BigEndian.AppendUint64(nil, f.from.lo<<32|f.to.lo)
	body := f.transport(pseudo)
	h[0], h[1], h[8], h[9] = 0x45, f.tos, f.ttl, f.proto
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(body)))
	binary.BigEndian.PutUint16(h[4:], 0x1234)
	if f.later {
		binary.BigEndian.PutUint16(h[6:], 100)
	}
	copy(h[12:], pseudo)
	binary.BigEndian.PutUint16(h[10:], sum(h))
	return append(append(b, h...), body...)
}

func (f *frame) appendIPv6(b []byte) []byte {
	var addresses []byte
	for _, v := range []uint64{f.from.hi, f.from.lo, f.to.hi, f.to.lo} {
		addresses = binary.BigEndian.AppendUint64(addresses, v)
	}
	body := f.transport(addresses)
	b = binary.BigEndian.AppendUint32(b, 6<<28|uint32(f.tos)<<20|f.label)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	b = append(b, f.proto, f.ttl)
	return append(append(b, addresses...), body...)
}

// transport composes what follows the IP header; addresses begin the pseudo header.
func (f *frame) transport(addresses []byte) []byte {
	ports := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, f.sport), f.dport)
	var h []byte
	at, pseudo := 0, true // where the checksum stands
	switch {
	case f.later:
		return f.payload
	case f.proto == protoTCP:
		h, at = append(ports, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0xff, 0, 0, 0, 0, 0), 16
	case f.proto == protoUDP:
		h, at = append(ports, 0, 0, 0, 0), 6
		binary.BigEndian.PutUint16(h[4:], uint16(8+len(f.payload)))
	case f.proto == protoICMP || f.proto == protoICMP6:
		h, at, pseudo = []byte{byte(f.sport), byte(f.dport), 0, 0, 0, 9, 0, 1}, 2, f.proto == protoICMP6
	case f.proto == protoSCTP:
		h = append(append(ports, 0, 0, 0, 7, 0, 0, 0, 0), f.payload...)
		binary.LittleEndian.PutUint32(h[8:], crc32.Checksum(h, crc32.MakeTable(crc32.Castagnoli)))
		return h
	default:
		return f.payload
	}
	h = append(h, f.payload...)
	if f.unsummed && f.proto == protoUDP {
		return h
	}
	all := append([]byte(nil), h...)
	if pseudo {
		all = append(append(append([]byte(nil), addresses...), 0, f.proto, byte(len(h)>>8), byte(len(h))), h...)
	}
	c := sum(all)
	if c == 0 && f.proto == protoUDP {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(h[at:], c)
	return h
}

// sum is the Internet checksum (RFC 1071).
func sum(b []byte) uint16 {
	s := uint32(0)
	for i, v := range b {
		s += uint32(v) << (8 * (1 - i&1))
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
