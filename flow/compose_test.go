package flow

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Another implementation takes composed packets apart and puts them together again with lengths and checksums of its own, to the same bytes.
func TestComposedPacketsAgainstGopacket(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 7))
	t.Logf("seed %d", seed)
	seen := map[gopacket.LayerType]int{}
	for range 6000 {
		k := randomKey(r)
		put(&k, FieldIPFrag, 0)
		k[WordEthSrc] &^= 0xfe00 // gopacket knows nine TCP flags
		if NeedND.Holds(&k) {
			put(&k, FieldICMPCode, 1) // its options are parsed, not kept
		}
		last := layers.LayerTypeTCP
		switch {
		case NeedTCP.Holds(&k):
		case NeedUDP.Holds(&k):
			last = layers.LayerTypeUDP
		case NeedICMPv4.Holds(&k):
			last = layers.LayerTypeICMPv4
		case NeedICMPv6.Holds(&k):
			last = layers.LayerTypeICMPv6
		default:
			continue
		}
		seen[last]++
		b := Compose(&k, make([]byte, 46+r.IntN(30))) // gopacket pads shorter ones
		if other := rebuild(t, b, last); !bytes.Equal(other, b) {
			t.Fatalf("ours:  %x\nother: %x", b, other)
		}
	}
	if len(seen) != 4 {
		t.Errorf("packets only of %v", seen)
	}
}

// rebuild parses b down to the layer last and serializes it again.
func rebuild(t *testing.T, b []byte, last gopacket.LayerType) []byte {
	p := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default)
	var parts []gopacket.SerializableLayer
	for _, l := range p.Layers() {
		if c, ok := l.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			_ = c.SetNetworkLayerForChecksum(p.NetworkLayer())
		}
		parts = append(parts, l.(gopacket.SerializableLayer))
		if l.LayerType() == last {
			parts = append(parts, gopacket.Payload(l.LayerPayload()))
			break
		}
	}
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	return buffer.Bytes()
}
