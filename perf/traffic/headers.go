package traffic

import (
	"encoding/binary"
	"net"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// headers is the shape of the packets of one plan: which headers they have,
// and what of them does not vary from flow to flow.
type headers struct {
	tcp, ipv6 bool
	vlan      uint16 // 0: no tag
	src, dst  net.HardwareAddr
}

// len is the length of all headers of a packet, in bytes.
func (h headers) len() int {
	n := 14
	if h.vlan != 0 {
		n += 4
	}
	if h.ipv6 {
		n += 40
	} else {
		n += 20
	}
	if h.tcp {
		return n + 20
	}
	return n + 8
}

// frame builds the packet of flow i, size bytes long, its payload all zero.
// Checksums are right; that of UDP over IPv4 is 0, which means there is none
// (RFC 768).
func (h headers) frame(i, size int) ([]byte, error) {
	ip, network := h.network(i)
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	transportOpts := opts
	transport := h.transport(i, ip)
	transportOpts.ComputeChecksums = h.tcp || h.ipv6

	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.Payload(make([]byte, size-h.len())).SerializeTo(buf, opts); err != nil {
		return nil, err
	}
	if err := transport.SerializeTo(buf, transportOpts); err != nil {
		return nil, err
	}
	if err := network.SerializeTo(buf, opts); err != nil {
		return nil, err
	}
	link := h.link()
	for j := len(link) - 1; j >= 0; j-- {
		if err := link[j].SerializeTo(buf, opts); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), nil
}

func (h headers) link() []gopacket.SerializableLayer {
	inner := layers.EthernetTypeIPv4
	if h.ipv6 {
		inner = layers.EthernetTypeIPv6
	}
	eth := &layers.Ethernet{SrcMAC: h.src, DstMAC: h.dst, EthernetType: inner}
	if h.vlan == 0 {
		return []gopacket.SerializableLayer{eth}
	}
	eth.EthernetType = layers.EthernetTypeDot1Q
	return []gopacket.SerializableLayer{eth, &layers.Dot1Q{VLANIdentifier: h.vlan, Type: inner}}
}

func (h headers) network(i int) (gopacket.NetworkLayer, gopacket.SerializableLayer) {
	src, dst := 0x0a000001+uint32(i>>8&0xffff), 0x14000001+uint32(i&0xff)
	proto := layers.IPProtocolUDP
	if h.tcp {
		proto = layers.IPProtocolTCP
	}
	if h.ipv6 {
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: v6(src), DstIP: v6(dst)}
		return ip, ip
	}
	ip := &layers.IPv4{Version: 4, TTL: 64, Id: uint16(i), Flags: layers.IPv4DontFragment, Protocol: proto, SrcIP: v4(src), DstIP: v4(dst)}
	return ip, ip
}

// transport is a UDP header, or a TCP one in the middle of a connection.
func (h headers) transport(i int, ip gopacket.NetworkLayer) gopacket.SerializableLayer {
	port := uint16(1024 + i%60000)
	if !h.tcp {
		u := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 80}
		u.SetNetworkLayerForChecksum(ip)
		return u
	}
	t := &layers.TCP{SrcPort: layers.TCPPort(port), DstPort: 80, Seq: 1, Ack: 1, ACK: true, Window: 65535}
	t.SetNetworkLayerForChecksum(ip)
	return t
}

func v4(a uint32) net.IP { return binary.BigEndian.AppendUint32(nil, a) }

// v6 puts a into the low bits of 2001:db8::/64.
func v6(a uint32) net.IP {
	b := make(net.IP, 16)
	copy(b, []byte{0x20, 0x01, 0x0d, 0xb8})
	binary.BigEndian.PutUint32(b[12:], a)
	return b
}
