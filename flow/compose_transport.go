package flow

import (
	"hash/crc32"

	"pollux/packet"
)

// composeTransport adds the transport header that the key describes, payload and checksum. pseudo is the sum of the
// pseudo header for a transport part of n bytes.
func composeTransport(b []byte, k *Key, payload []byte, pseudo func(n int) packet.Sum) []byte {
	start := len(b)
	proto := byte(k[WordIPProto] >> 56)
	ports := uint32(k[WordIPProto])
	at := 0 // where the checksum stands in the header
	switch proto {
	case ProtoTCP:
		b = be.AppendUint32(b, ports)
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
		b = be.AppendUint16(b, 5<<12|uint16(k[WordEthSrc]&0x0fff))
		b, at = append(b, 0, 0, 0, 0, 0, 0), 16
	case ProtoUDP:
		b = be.AppendUint32(b, ports)
		b, at = append(be.AppendUint16(b, uint16(packet.UDPLen+len(payload))), 0, 0), 6
	case ProtoSCTP:
		b = append(be.AppendUint32(b, ports), 0, 0, 0, 0, 0, 0, 0, 0)
		b = append(b, payload...)
		h, _ := packet.AsSCTP(b[start:])
		h.SetChecksum(crc32.Checksum(h, crc32.MakeTable(crc32.Castagnoli)))
		return b
	case ProtoICMP:
		b, at = append(b, byte(ports>>16), byte(ports), 0, 0, 0, 0, 0, 0), 2
		pseudo = func(int) packet.Sum { return 0 }
	case ProtoIGMP:
		b, at = be.AppendUint32(append(b, byte(ports>>16), byte(ports), 0, 0), uint32(k[WordND])), 2
		pseudo = func(int) packet.Sum { return 0 }
	case ProtoICMPv6:
		b, at = composeICMPv6(b, k), 2
		if len(b) > start+packet.ICMPLen {
			payload = nil
		}
	default:
		return append(b, payload...)
	}
	b = append(b, payload...)
	sum := pseudo(len(b) - start).Bytes(b[start:]).Checksum()
	if proto == ProtoUDP && sum == 0 {
		sum = 0xffff
	}
	be.PutUint16(b[start+at:], sum)
	return b
}

// composeICMPv6 adds type and code, and for neighbour discovery the target and its options.
func composeICMPv6(b []byte, k *Key) []byte {
	kind, code := byte(k[WordIPProto]>>16), byte(k[WordIPProto])
	b = be.AppendUint32(append(b, kind, code, 0, 0), uint32(k[WordND]>>32))
	if code != 0 || kind != icmpv6Solicit && kind != icmpv6Advert {
		return b
	}
	b = be.AppendUint64(be.AppendUint64(b, k[WordNDTargetHi]), k[WordNDTargetLo])
	link := [...]uint64{ndSourceLink: k[WordARPSHA] >> 16, ndTargetLink: k[WordARPTHA] >> 16}
	first := byte(k[WordARPSHA] >> 8)
	if first != ndSourceLink && first != ndTargetLink {
		first = ndSourceLink
	}
	for _, option := range [...]byte{first, ndSourceLink + ndTargetLink - first} {
		if said := byte(k[WordARPSHA]>>8) == option; said || link[option] != 0 {
			b = append(b, option, 1, 0, 0, 0, 0, 0, 0)
			putMAC(b[len(b)-6:], link[option])
		}
	}
	return b
}
