package flow

import (
	"fmt"
	"math/bits"
	"strings"
)

// The names of the bits of ct_state, tcp_flags and tun_flags, from the lowest bit.
var (
	ctStateNames = []string{"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"}
	tcpFlagNames = []string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]"}
	tunFlagNames = []string{"oam", "df", "csum", "key"} // OpenFlow sees the first
)

// Bits of ct_state.
const (
	CtNew         = 1 << 0
	CtEstablished = 1 << 1
	CtRelated     = 1 << 2
	CtReply       = 1 << 3
	CtInvalid     = 1 << 4
	CtTracked     = 1 << 5
	CtSrcNAT      = 1 << 6
	CtDstNAT      = 1 << 7
)

// Bits of the tunnel flags.
const (
	TunOAM  = 1 << 0 // an operations packet (Geneve, VXLAN-GPE)
	TunDF   = 1 << 1 // the outer IPv4 header says don't fragment
	TunCsum = 1 << 2 // the outer header has a checksum
	TunKey  = 1 << 3 // tun_id is there
)

// TCP flags.
const (
	TCPFin = 1 << 0
	TCPSyn = 1 << 1
	TCPRst = 1 << 2
	TCPPsh = 1 << 3
	TCPAck = 1 << 4
)

func (f *Field) flagNames() []string {
	switch f.Format {
	case CtStateSet:
		return ctStateNames
	case TCPFlagSet:
		return tcpFlagNames
	}
	return tunFlagNames[:f.Stored]
}

// parseFlags reads "+syn-ack" (these bits, the others do not matter), "syn|ack" (these bits and no others) or numbers.
func parseFlags(f *Field, s string) (v, mask Value, err error) {
	if s == "" {
		return v, mask, fmt.Errorf("no flags")
	}
	if s[0] >= '0' && s[0] <= '9' {
		return parseNumbers(f, s)
	}
	if s[0] != '+' && s[0] != '-' {
		for name := range strings.SplitSeq(s, "|") {
			bit, err := f.flag(name)
			if err != nil {
				return v, mask, err
			}
			v.Lo |= bit
		}
		return v, f.Ones(), nil
	}
	for s != "" {
		end := len(s)
		if i := strings.IndexAny(s[1:], "+-"); i >= 0 {
			end = i + 1
		}
		bit, err := f.flag(s[1:end])
		if err != nil {
			return v, mask, err
		}
		if mask.Lo&bit != 0 {
			return v, mask, fmt.Errorf("flag %s is named twice", s[1:end])
		}
		mask.Lo |= bit
		if s[0] == '+' {
			v.Lo |= bit
		}
		s = s[end:]
	}
	return v, mask, nil
}

func (f *Field) flag(name string) (uint64, error) {
	for i, n := range f.flagNames() {
		if n == name {
			return 1 << i, nil
		}
	}
	return 0, fmt.Errorf("no such flag %q (there are %s)", name, strings.Join(f.flagNames(), ", "))
}

func appendFlags(dst []byte, f *Field, v, mask uint64) []byte {
	names := f.flagNames()
	if mask == f.Ones().Lo && f.ID != FieldTunFlags {
		if v == 0 {
			return append(dst, '0')
		}
		for ; v != 0; v &= v - 1 {
			dst = append(dst, names[bits.TrailingZeros64(v)]...)
			if v&(v-1) != 0 {
				dst = append(dst, '|')
			}
		}
		return dst
	}
	for ; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros64(mask)
		dst = append(dst, "-+"[v>>i&1])
		dst = append(dst, names[i]...)
	}
	return dst
}

// What nw_frag may say, and which of its bits that fixes.
var fragKinds = []struct {
	name        string
	value, mask uint64
}{
	{"no", 0, FragAny | FragLater},
	{"yes", FragAny, FragAny},
	{"first", FragAny, FragAny | FragLater},
	{"later", FragAny | FragLater, FragAny | FragLater},
	{"not_later", 0, FragLater},
}

func parseFrag(s string) (v, mask Value, err error) {
	for _, k := range fragKinds {
		if k.name == s {
			return Value{0, k.value}, Value{0, k.mask}, nil
		}
	}
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		return parseNumbers(FieldIPFrag.Field(), s)
	}
	return v, mask, fmt.Errorf("%q is not one of no, yes, first, later, not_later", s)
}

func appendFrag(dst []byte, v, mask uint64) []byte {
	for _, k := range fragKinds {
		if k.value == v && k.mask == mask {
			return append(dst, k.name...)
		}
	}
	return appendHex(append(appendHex(dst, Value{0, v}, 1), '/'), Value{0, mask}, 1)
}
