package action

import (
	"fmt"
	"strconv"

	"pollux/counter"
	"pollux/flow"
)

// String is AppendODP with ports as numbers, for IPv4.
func (l List) String() string { return string(l.AppendODP(nil, nil, nil)) }

// AppendODP writes a validated list to dst as ovs-appctl dpctl/dump-flows does, "drop"
// for an empty one. ports has the names of datapath ports and k is the key of the flow, which tells
// whether ttl is IPv4's or IPv6's; both may be nil.
func (l List) AppendODP(dst []byte, ports flow.PortNames, k *flow.Key) []byte {
	t := listText{dst: dst, ports: ports}
	t.v6 = k != nil && k[flow.WordEthDst]&0xffff == flow.EthTypeIPv6
	t.list(l)
	return t.dst
}

// listText is a list being printed.
type listText struct {
	dst   []byte
	ports flow.PortNames
	v6    bool // the packet is IPv6, as far as we know
}

func (t *listText) str(s string) { t.dst = append(t.dst, s...) }

func (t *listText) f(format string, args ...any) { t.dst = fmt.Appendf(t.dst, format, args...) }

func (t *listText) list(l List) {
	if len(l) == 0 {
		t.str("drop")
		return
	}
	for first := true; len(l) > 0; first = false {
		if !first {
			t.str(",")
		}
		a, rest := l.First()
		if a.Op == Set {
			rest = t.set(l)
		} else {
			t.action(&a)
		}
		l = rest
	}
}

func (t *listText) nested(name string, l List) {
	v6 := t.v6
	t.str(name)
	t.list(l)
	t.str(")")
	t.v6 = v6
}

func (t *listText) action(a *Action) {
	switch a.Op {
	case Output:
		t.dst = flow.AppendPort(t.dst, a.Arg, t.ports)
	case PushVLAN:
		t.str("push_vlan(")
		if tpid := a.Arg >> 16; tpid != flow.EthTypeVLAN {
			t.f("tpid=0x%04x,", tpid)
		}
		t.f("vid=%d,pcp=%d)", a.Arg&0xfff, a.Arg>>13&7)
	case PopVLAN:
		t.str("pop_vlan")
	case PushMPLS:
		t.f("push_mpls(label=%d,tc=%d,ttl=%d,bos=%d,eth_type=0x%x)", a.Arg>>12, a.Arg>>9&7, a.Arg&0xff, a.Arg>>8&1, uint16(a.Payload[0]))
	case PopMPLS:
		t.f("pop_mpls(eth_type=0x%x)", uint16(a.Arg))
		t.v6 = a.Arg == flow.EthTypeIPv6
	case Recirculate:
		t.f("recirc(0x%x)", a.Arg)
	case Userspace:
		reason, maxLen, cookie := a.ToUserspace()
		t.f("userspace(pid=0,controller(reason=%d,max_len=%d,cookie=0x%x))", reason, maxLen, cookie)
	case Truncate:
		t.f("trunc(%d)", a.Arg)
	case Clone:
		t.nested("clone(", a.Payload)
	case Sample:
		t.nested("sample(sample="+percent(a.Arg)+"%,actions(", a.Payload)
		t.str(")")
	case Meter:
		t.f("meter(%d)", a.Arg)
	case Hash:
		t.f("hash(%s(%d))", hashNames[min(int(a.Field), len(hashNames)-1)], a.Arg)
	case CheckLength:
		longer, others := a.Branches()
		t.f("check_pkt_len(size=%d,", a.Arg)
		t.nested("gt(", longer)
		t.nested(",le(", others)
		t.str(")")
	case Drop:
		t.drop(counter.Drop(a.Arg))
	default:
		t.str(opaqueNames[a.Op])
		if len(a.Payload) > 0 || a.Arg != 0 {
			t.opaque(a)
		}
	}
}

// opaqueNames are the actions whose contents other packages know.
var opaqueNames = [numOps]string{Conntrack: "ct", CtClear: "ct_clear", TunnelPush: "tnl_push", TunnelPop: "tnl_pop"}

// opaque shows the words of an action: its argument, and its payload in hex.
func (t *listText) opaque(a *Action) {
	t.f("(%d", a.Arg)
	for _, w := range a.Payload {
		t.f(",0x%x", w)
	}
	t.str(")")
}

// drop shows why, unless it is what the flow is for.
func (t *listText) drop(reason counter.Drop) {
	t.str("drop")
	if reason != counter.FlowDrop {
		t.f("(%s)", reason)
	}
}

// percent writes a probability so that it can be read back to the bit.
func percent(p uint32) string {
	share := float64(p) / float64(^uint32(0)) * 100
	if s := strconv.FormatFloat(share, 'f', 1, 64); probability(s) == p {
		return s
	}
	return strconv.FormatFloat(share, 'f', -1, 64)
}

// probability is the inverse of percent.
func probability(s string) uint32 {
	share, err := strconv.ParseFloat(s, 64)
	if err != nil || !(share >= 0 && share <= 100) {
		return 0
	}
	return uint32(share/100*float64(^uint32(0)) + 0.5)
}
