// Package traffic makes the packets that the load tools send.
//
// A Spec says what traffic is wanted, a Plan is that traffic made: frames and
// the order they are sent in, without end. Everything costly (headers,
// checksums, random draws) happens while the plan is built, so that sending is
// a copy. The same Spec gives the same Plan on every machine.
//
// Flow number i is told apart by addresses and source port that vary together,
// so that a rule on any one of them splits the traffic:
//
//	source       10.0.0.1 or 2001:db8::a00:1    plus i/256, modulo 65536
//	destination  20.0.0.1 or 2001:db8::1400:1   plus i modulo 256
//	source port  1024 plus i modulo 60000, destination port 80
//
// Sizes are bytes of a frame without its check sequence, as everywhere in
// Pollux: 60 is the smallest Ethernet frame.
package traffic

import (
	"fmt"
	"net"

	"pollux/perf/stamp"
)

// How packets are spread over flows.
const (
	Uniform = "uniform" // every flow equally often, in one shuffled order
	Zipf    = "zipf"    // flow number i in proportion to (1+i)^-Skew
	Single  = "single"  // one flow, whatever Flows says
)

// Transport protocols.
const (
	UDP = "udp"
	TCP = "tcp"
)

// Bounds of a Spec.
const (
	MaxFlows = 1 << 24 // what addresses and ports of the scheme tell apart
	MaxSize  = 9216    // bytes of the largest frame that is built
	minSize  = 60      // bytes of the smallest Ethernet frame
)

// Spec says what traffic is wanted. The zero value is one UDP flow over IPv4
// in the smallest frames.
type Spec struct {
	Flows  int     `json:"flows,omitempty"`  // number of flows; 0 is 1
	Dist   string  `json:"dist,omitempty"`   // Uniform, Zipf or Single; "" is Uniform
	Skew   float64 `json:"skew,omitempty"`   // exponent of Zipf, above 1; 0 is 1.1
	Size   int     `json:"size,omitempty"`   // bytes; 0 is the smallest that has room for a mark
	IMIX   bool    `json:"imix,omitempty"`   // seven small frames, four of 590 bytes, one of 1514; Size is ignored
	Proto  string  `json:"proto,omitempty"`  // UDP or TCP; "" is UDP
	IPv6   bool    `json:"ipv6,omitempty"`   // IPv6 in place of IPv4
	VLAN   int     `json:"vlan,omitempty"`   // 802.1Q VLAN ID, 1 to 4094; 0 is untagged
	SrcMAC string  `json:"srcMac,omitempty"` // "" is 02:00:00:00:00:01
	DstMAC string  `json:"dstMac,omitempty"` // "" is 02:00:00:00:00:02
	Seed   uint64  `json:"seed,omitempty"`   // of the shuffling and the draws
	Pcap   string  `json:"pcap,omitempty"`   // file to replay as it is; then nothing above counts
}

// Plan is traffic that is ready to send: Frames[Order[0]], Frames[Order[1]]
// and so on, from the start again at the end of Order. Nobody writes to it
// after it is built.
type Plan struct {
	Frames  [][]byte
	Order   []uint32
	Stamped bool // every frame ends in stamp.Size bytes that the sender may fill with a mark
}

// MaxLen is the length of the largest frame, in bytes.
func (p *Plan) MaxLen() int {
	n := 0
	for _, f := range p.Frames {
		n = max(n, len(f))
	}
	return n
}

// Build makes the plan of a spec. An error names the field that is wrong, or
// the file and the offset in it.
func Build(s Spec) (*Plan, error) {
	if s.Pcap != "" {
		return replay(s.Pcap)
	}
	s = s.withDefaults()
	h, err := s.headers()
	if err != nil {
		return nil, fmt.Errorf("build traffic: %w", err)
	}
	sizes, err := s.sizes(h)
	if err != nil {
		return nil, fmt.Errorf("build traffic: %w", err)
	}
	p := &Plan{Stamped: true}
	for i := range s.Flows {
		for _, size := range sizes {
			f, err := h.frame(i, size)
			if err != nil {
				return nil, fmt.Errorf("build flow %d: %w", i, err)
			}
			p.Frames = append(p.Frames, f)
			p.Stamped = p.Stamped && size-h.len() >= stamp.Size
		}
	}
	p.Order = s.order()
	if s.IMIX {
		p.Order = mixSizes(p.Order)
	}
	return p, nil
}

func (s Spec) withDefaults() Spec {
	s.Dist = orDefault(s.Dist, Uniform)
	s.Proto = orDefault(s.Proto, UDP)
	s.SrcMAC = orDefault(s.SrcMAC, "02:00:00:00:00:01")
	s.DstMAC = orDefault(s.DstMAC, "02:00:00:00:00:02")
	if s.Flows == 0 || s.Dist == Single {
		s.Flows = 1
	}
	if s.Skew == 0 {
		s.Skew = 1.1
	}
	return s
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// headers checks everything but the sizes.
func (s Spec) headers() (h headers, err error) {
	switch {
	case s.Flows < 1 || s.Flows > MaxFlows:
		return h, fmt.Errorf("flows %d: must be 1 to %d", s.Flows, MaxFlows)
	case s.Dist != Uniform && s.Dist != Zipf && s.Dist != Single:
		return h, fmt.Errorf("distribution %q: must be %s, %s or %s", s.Dist, Uniform, Zipf, Single)
	case !(s.Skew > 1 && s.Skew <= 100):
		return h, fmt.Errorf("skew %v: must be above 1, at most 100", s.Skew)
	case s.Proto != UDP && s.Proto != TCP:
		return h, fmt.Errorf("protocol %q: must be %s or %s", s.Proto, UDP, TCP)
	case s.VLAN < 0 || s.VLAN > 4094:
		return h, fmt.Errorf("VLAN %d: must be 1 to 4094, or 0 for none", s.VLAN)
	}
	h = headers{tcp: s.Proto == TCP, ipv6: s.IPv6, vlan: uint16(s.VLAN)}
	if h.src, err = net.ParseMAC(s.SrcMAC); err == nil {
		h.dst, err = net.ParseMAC(s.DstMAC)
	}
	if err == nil && (len(h.src) != 6 || len(h.dst) != 6) {
		err = fmt.Errorf("addresses %s and %s: must be 6 bytes", s.SrcMAC, s.DstMAC)
	}
	return h, err
}

// sizes are the frame sizes that each flow sends.
func (s Spec) sizes(h headers) ([]int, error) {
	small := max(minSize, h.len()+stamp.Size)
	switch {
	case s.IMIX:
		return []int{small, 590, 1514}, nil
	case s.Size == 0:
		return []int{small}, nil
	case s.Size < max(minSize, h.len()) || s.Size > MaxSize:
		return nil, fmt.Errorf("size %d: must be %d to %d bytes for these headers", s.Size, max(minSize, h.len()), MaxSize)
	}
	return []int{s.Size}, nil
}
