package openflow

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pollux/flow"
)

// Random rules: a match, and actions that suit what is known of the packet, as the check of rules demands.

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

type generator struct {
	*rand.Rand
	known flow.Match
	depth int
}

var randomMatches = []string{
	"", "ip", "ipv6", "tcp", "udp", "sctp", "icmp", "tcp6", "udp6", "icmp6", "icmp6,icmp_type=135,icmp_code=0", "arp", "mpls", "dl_vlan=5,tcp",
	"dl_vlan=7,dl_vlan_pcp=3,ip,nw_src=10.0.0.0/8", "in_port=1,reg0=0x5/0xf,metadata=0x10", "tcp,tp_dst=0x50/0xf0,tcp_flags=+syn-ack", "ip,nw_frag=later",
	"ct_state=+trk+est,ip,ct_mark=0x1", "tun_id=0x7,tun_dst=1.2.3.4,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
}

func randomRule(r *rand.Rand) Rule {
	g := generator{Rand: r}
	m, err := flow.ParseMatch(randomMatches[r.IntN(len(randomMatches))], nil)
	if err != nil {
		panic(err)
	}
	g.known = m
	rule := Rule{Table: uint8(r.IntN(200)), Priority: DefaultPriority, Match: m}
	if r.IntN(2) == 0 {
		rule.Priority, rule.Cookie = uint16(r.Uint32()), r.Uint64()>>1
		rule.IdleTimeoutSec, rule.HardTimeoutSec = uint16(r.Uint32()), uint16(r.IntN(2))
		rule.Flags = Flags(r.IntN(32))
		rule.Importance = uint16(r.IntN(2))
	}
	in := &rule.Instructions
	if r.IntN(20) == 0 {
		in.Apply = []Action{Conjunction{ID: g.Uint32(), K: 2, N: 3}, Note{make([]byte, 14)}}
		return rule
	}
	in.Apply = g.actions(6)
	if r.IntN(4) == 0 {
		in.Meter, in.Clear, in.Write = uint32(r.IntN(3)), r.IntN(2) == 0, g.actionSet()
		in.MetadataMask = []uint64{0, ^uint64(0), 0xff}[r.IntN(3)]
		in.Metadata = r.Uint64() & in.MetadataMask
	}
	if r.IntN(3) == 0 {
		in.Goto = rule.Table + 1 + uint8(r.IntN(50))
	}
	return rule
}

func (g *generator) actions(n int) (list []Action) {
	for range g.IntN(n + 1) {
		a := g.action()
		if err := checkAction(a, &g.known, nil); err != nil {
			continue
		}
		list = append(list, a)
	}
	return list
}

// actionSet is what Open vSwitch takes in write_actions.
func (g *generator) actionSet() (list []Action) {
	for _, a := range []Action{PopVLAN{}, Group{ID: 3}, SetQueue{Queue: 5}, Output{Port: 4}, SetField{Field: flow.FieldReg0, Value: flow.Value{Lo: 5}, Mask: flow.Ones(32)}} {
		if g.IntN(3) == 0 {
			list = append(list, a)
		}
	}
	return list
}

func (g *generator) port() Port {
	return []Port{PortInPort, PortLocal, Port(1 + g.IntN(0xfeff))}[g.IntN(3)]
}

// subfield is a run of bits of a field that the packet has, of at most 64 bits.
func (g *generator) subfield(writable bool) Subfield {
	for {
		id := 1 + flow.FieldID(g.IntN(int(flow.NumFields)-1))
		f := id.Field()
		if f.Hidden || len(f.OXM) == 0 || writable && !f.Writable || has(&g.known, id) != nil || id == flow.FieldInPortOXM || id == flow.FieldTunFlags || id >= flow.FieldTunMetadata0 {
			continue
		}
		s := WholeField(id)
		if g.IntN(2) == 0 || s.Bits > 64 {
			s.Ofs = uint8(g.IntN(int(s.Bits)))
			s.Bits = 1 + uint8(g.IntN(min(64, int(s.Bits)-int(s.Ofs))))
		}
		return s
	}
}

func (g *generator) setField() Action {
	dst := g.subfield(true)
	f := dst.Field.Field()
	v := flow.Value{Hi: g.Uint64(), Lo: g.Uint64()}
	if g.IntN(2) == 0 {
		return SetField{dst.Field, v.And(flow.Ones(int(dst.Bits))).Shl(int(dst.Ofs)), dst.Mask(), AsLoad}
	}
	mask := f.Ones()
	if f.Maskable == flow.MaskBitwise && g.IntN(2) == 0 && dst.Field != flow.FieldTunFlags {
		mask = mask.And(flow.Value{Hi: g.Uint64(), Lo: g.Uint64() | 1})
	}
	if f.Format == flow.IPv6Address && mask != f.Ones() { // Open vSwitch reads other masks only if they are short
		mask = flow.Ones(128).Shl(g.IntN(128))
	}
	switch f.ID {
	case flow.FieldInPort:
		v.Lo = uint64(g.port())
	case flow.FieldVLANVID:
		v.Lo |= flow.VLANPresent
	case flow.FieldIPv6Label:
		v.Lo &= 0xfffff
		if mask != f.Ones() {
			mask.Lo &= 0xfffff
		}
	case flow.FieldTunErspanIdx, flow.FieldTunErspanVer, flow.FieldTunErspanDir, flow.FieldTunErspanHWID, flow.FieldNSHFlags, flow.FieldNSHTTL:
		v, mask = v.And(flow.Ones(f.Bits)), f.Ones()
	}
	return SetField{dst.Field, v.And(mask), mask, AsSetField}
}

// action is any action; it need not suit the packet.
func (g *generator) action() Action {
	n := uint32(g.Uint64())
	b := g.IntN(2) == 0
	switch g.IntN(34) {
	default:
		return g.setField()
	case 0:
		return Output{[]Port{g.port(), PortNormal, PortFlood, PortAll}[n%4]}
	case 1:
		return Controller{MaxLen: uint16(n)}
	case 2:
		return Controller{MaxLen: 0xffff, Reason: Reason(1 + n%3), ID: uint16(n), UserData: []byte{1, 2}, Pause: b, Meter: n}
	case 3:
		return OutputReg{g.subfield(false)}
	case 4:
		return OutputTrunc{g.port(), minTruncate + n%1000}
	case 5:
		return Enqueue{Port(1 + n%100), n}
	case 6:
		m := modFields[n%uint32(len(modFields))]
		return SetField{m.id, flow.Value{Lo: g.Uint64()}.And(m.mask), m.mask, AsMod}
	case 7:
		return SetField{flow.FieldTunID, flow.Value{Lo: uint64(n)}, flow.Ones(64), []Spelling{AsMod, AsTunnel64}[n%2]}
	case 8:
		src, dst := g.subfield(false), g.subfield(true)
		src.Bits = min(src.Bits, dst.Bits)
		dst.Bits = src.Bits
		return Move{src, dst}
	case 9:
		return Push{g.subfield(false)}
	case 10:
		return Pop{g.subfield(true)}
	case 11:
		return SetVLANVID{uint16(n % 4096), b}
	case 12:
		return SetVLANPCP{uint8(n % 8), b}
	case 13:
		return PushVLAN{[]uint16{0x8100, 0x88a8}[n%2]}
	case 14:
		return PopVLAN{b}
	case 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27:
		return g.oddAction(n, b)
	case 28, 29:
		return g.ct()
	case 30, 31:
		return g.learn()
	}
}

// oddAction is one that not every table has.
func (g *generator) oddAction(n uint32, b bool) Action {
	switch g.IntN(13) + 15 {
	default:
		return PushMPLS{[]uint16{0x8847, 0x8848}[n%2]}
	case 16:
		return PopMPLS{[]uint16{0x0800, 0x86dd, 0x8847}[n%3]}
	case 17:
		return DecTTL{[][]uint16{nil, {3}, {1, 2}}[n%3]}
	case 18:
		return DecMPLSTTL{}
	case 19:
		return Resubmit{g.port(), uint8(n % 255), b && g.known.Meets(flow.NeedCt)}
	case 20:
		return g.clone()
	case 21:
		return Group{n & 0xffffff}
	case 22:
		return []Action{SetQueue{n}, PopQueue{}, Exit{}, CtClear{}}[n%4]
	case 23:
		return Note{[]byte{1, 2, 3, byte(n), 5, 6}}
	case 24:
		return CheckPktLarger{uint16(n), Subfield{flow.FieldReg0 + flow.FieldID(n%16), uint8(n % 32), 1}}
	case 25:
		return Sample{Probability: uint16(n | 1), CollectorSet: n, ObsDomain: n / 2, ObsPoint: n / 3, SamplingPort: []Port{PortNone, 5}[n%2], Direction: SampleDirection(n % 3)}
	case 26:
		return Multipath{HashFields(n % 7), uint16(n), MultipathAlgorithm(n % 4), uint16(1 + n%100), n, Subfield{flow.FieldReg0, 0, 16}}
	case 27:
		return Bundle{Fields: HashFields(n % 7), Basis: uint16(n), Algorithm: BundleAlgorithm(n % 2), Members: []Port{1, 2}, Dst: []Subfield{{}, {flow.FieldReg0, 0, 16}}[n%2]}
	}
}

func (g *generator) clone() Action {
	inner := *g
	if inner.depth++; inner.depth > 2 {
		return Exit{}
	}
	return Clone{inner.actions(3)}
}

func (g *generator) ct() Action {
	n := g.Uint32()
	a := Ct{Table: NoTable, Commit: n&1 != 0, Zone: uint16(n >> 8)}
	if a.Commit {
		a.Force = n&2 != 0
		a.Exec = [][]Action{nil, {SetField{flow.FieldCtMark, flow.Value{Lo: 3}, flow.Ones(32), AsSetField}}}[n>>2&1]
		a.NAT = g.nat()
	}
	if n&8 != 0 {
		a.Table = uint8(n>>16) % 250
	}
	if n&16 != 0 {
		a.Zone, a.ZoneSrc = 0, Subfield{flow.FieldReg0 + 3, 0, 16}
	}
	if a.Commit && g.known.Meets(flow.NeedTCP) {
		a.ALG = []string{"", "ftp"}[n>>5&1]
	}
	return a
}

func (g *generator) nat() *NAT {
	n := g.Uint32()
	switch n % 4 {
	case 0:
		return nil
	case 1:
		return &NAT{Src: n&16 != 0}
	}
	low := netip.AddrFrom4([4]byte{10, 0, 0, byte(n)})
	if g.known.Meets(flow.NeedIPv6) {
		low = netip.MustParseAddr("fe80::1")
	}
	a := &NAT{Src: n&8 != 0, Dst: n&8 == 0, Low: low, High: low, Persistent: n&16 != 0, Random: n&32 != 0}
	if n&64 != 0 {
		a.High = low.Next()
	}
	if n&128 != 0 {
		a.PortLow = 1 + uint16(n>>9)
		a.PortHigh = a.PortLow + uint16(n>>8&1)*(0xffff-a.PortLow)
	}
	return a
}

func (g *generator) learn() Action {
	n := g.Uint32()
	a := Learn{Table: uint8(n % 255), Priority: uint16(n), Cookie: uint64(n), IdleTimeoutSec: uint16(n & 7), SendFlowRem: n&8 != 0, DeleteLearned: n&16 != 0, Limit: n & 32}
	a.Specs = []LearnSpec{
		{Kind: LearnMatch, Src: WholeField(flow.FieldEthSrc), Dst: WholeField(flow.FieldEthDst)},
		{Kind: LearnMatch, Src: Subfield{flow.FieldVLANTCI, 0, 12}, Dst: Subfield{flow.FieldVLANTCI, 0, 12}},
		{Kind: LearnMatch, Value: flow.Value{Lo: uint64(n)}, Dst: WholeField(flow.FieldReg0 + 3)},
		{Kind: LearnMatch, Value: flow.Value{Lo: uint64(n & 0xff)}, Dst: Subfield{flow.FieldReg0 + 5, 3, 8}},
		{Kind: LearnLoad, Src: WholeField(flow.FieldInPort), Dst: Subfield{flow.FieldReg0, 0, 16}},
		{Kind: LearnLoad, Value: flow.Value{Lo: uint64(n & 0xf)}, Dst: Subfield{flow.FieldReg0 + 1, 4, 4}},
		{Kind: LearnOutput, Src: WholeField(flow.FieldInPort)},
	}
	return a
}

// TestRandomRules: a rule read from its text is the same rule.
func TestRandomRules(t *testing.T) {
	r := seeded(t)
	for range 20000 {
		rule := randomRule(r)
		text := rule.String()
		again, err := ParseRule(text, nil)
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		if !reflect.DeepEqual(rule, again) {
			t.Fatalf("%s is read as %s:\n%#v\n%#v", text, again.String(), rule.Instructions, again.Instructions)
		}
	}
}
