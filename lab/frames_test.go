//go:build lab

package lab

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"pollux/internal/lab"
)

// Addresses of hosts that exist only as frames.
var (
	macA = net.HardwareAddr{2, 0, 0, 0, 0, 0xa}
	macB = net.HardwareAddr{2, 0, 0, 0, 0, 0xb}
	macC = net.HardwareAddr{2, 0, 0, 0, 0, 0xc}
	ipA  = net.IP{10, 1, 0, 1}
	ipB  = net.IP{10, 1, 0, 2}
)

// udp makes an Ethernet frame with a UDP packet of 64 bytes of payload. The UDP checksum is left out, as a Stream wants it.
func udp(t *testing.T, src, dst net.HardwareAddr, srcPort, dstPort int) []byte {
	t.Helper()
	out := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(out, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: src, DstMAC: dst, EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: ipA, DstIP: ipB})
	if err != nil {
		t.Fatal(err)
	}
	f := bytes.Clone(out.Bytes()[:14+20]) // without the padding to 60 bytes
	u := binary.BigEndian.AppendUint16(nil, uint16(srcPort))
	u = binary.BigEndian.AppendUint16(u, uint16(dstPort))
	u = binary.BigEndian.AppendUint16(u, 8+64)
	u = append(u, 0, 0) // no checksum
	return fixIPv4(slices.Concat(f, u, make([]byte, 64)))
}

// fixIPv4 sets the length of the IPv4 packet in an untagged frame and its header checksum.
func fixIPv4(f []byte) []byte {
	ip := f[14:34]
	binary.BigEndian.PutUint16(ip[2:], uint16(len(f)-14))
	binary.BigEndian.PutUint16(ip[10:], 0)
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum+sum>>16))
	return f
}

// tagged puts VLAN tags before the EtherType of a frame, the outermost first; a tag is its TPID and TCI, as they are on the cable.
func tagged(frame []byte, tags ...uint32) []byte {
	f := bytes.Clone(frame[:12])
	for _, tag := range tags {
		f = binary.BigEndian.AppendUint32(f, tag)
	}
	return append(f, frame[12:]...)
}

// announce lets the switch learn where a MAC address is: a frame from it that is flooded, waited for on the other side.
func announce(t *testing.T, from, seenAt *lab.Wire, mac net.HardwareAddr) {
	t.Helper()
	f := udp(t, mac, net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9, 9)
	for range 50 {
		from.Send(t, f)
		if seenAt.Receive(t, patience/50, func(got []byte) bool { return bytes.Equal(got, f) }) != nil {
			return
		}
	}
	t.Fatalf("a broadcast from %v does not get through", mac)
}

// passes sends a frame and expects it, or what it should have become, at the other end. It sends once, and ends the test if that fails.
func passes(t *testing.T, from, to *lab.Wire, send, want []byte) {
	t.Helper()
	var last []byte
	from.Send(t, send)
	got := to.Receive(t, patience/5, func(f []byte) bool {
		if bytes.HasPrefix(f, want[:12]) { // not what the switch's own kernel says
			last = f
		}
		return bytes.Equal(f, want)
	})
	if got == nil {
		t.Fatalf("sent %x\nwant %x\ncame %x", send, want, last)
	}
}
