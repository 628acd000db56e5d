package vswitch

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"pollux/internal/clock"
)

// Random rules and packets. Values come from small pools, so that rules and packets meet.

// dice makes them.
type dice struct {
	*rand.Rand
	ports  int
	normal bool // whether rules may learn
}

func (d dice) one(in int) bool { return d.IntN(in) == 0 }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

const numTables = 4

func (d dice) mac() uint64 {
	if d.one(12) {
		return pick(d, broadcast, linkLocal, uint64(0x01005e000001))
	}
	return 0x020000000000 | uint64(1+d.IntN(8))
}

func (d dice) ip4() uint64 { return 0x0a000000 | uint64(d.IntN(2))<<8 | uint64(1+d.IntN(5)) }
func (d dice) ip6() wide   { return wide{0xfc00<<48 | uint64(d.IntN(2)), uint64(1 + d.IntN(5))} }
func (d dice) l4() uint16  { return pick(d, 80, 443, uint16(1000+d.IntN(8))) }

// packet makes a random packet.
func (d dice) packet() frame {
	f := frame{dst: d.mac(), src: d.mac(), payload: make([]byte, d.IntN(40))}
	if d.one(30) { // takes several frames of memory
		f.payload = make([]byte, 1500+d.IntN(7000))
	}
	for i := range f.payload {
		f.payload[i] = byte(d.Uint32())
	}
	for range pick(d, 0, 0, 1, 2) {
		f.push(pick[uint16](d, 0x8100, 0x8100, 0x88a8), pick[uint16](d, 0, 5, 5, 10, 10|3<<13))
	}
	f.tos, f.ttl, f.label = uint8(d.IntN(4)*8|d.IntN(2)), pick[uint8](d, 0, 1, 2, 64, 64), uint32(d.IntN(2))
	f.proto = pick[uint8](d, protoTCP, protoTCP, protoUDP, protoSCTP, protoICMP, 47)
	f.sport, f.dport = d.l4(), d.l4()
	switch d.IntN(8) {
	case 0, 1, 2, 3:
		f.typ, f.from.lo, f.to.lo = typIPv4, d.ip4(), d.ip4()
		f.later, f.unsummed, f.padding = d.one(12), d.one(5), d.IntN(2)*d.IntN(20)
	case 4, 5:
		f.typ, f.from, f.to = typIPv6, d.ip6(), d.ip6()
		if f.proto == protoICMP {
			f.proto = protoICMP6
		}
	case 6:
		f.typ, f.op, f.sha, f.tha, f.spa, f.tpa = typARP, uint16(1+d.IntN(2)), d.mac(), d.mac(), uint32(d.ip4()), uint32(d.ip4())
	default:
		f.typ = pick[uint16](d, 0x88b5, 0x88cc)
	}
	if f.proto == protoICMP || f.proto == protoICMP6 {
		f.sport, f.dport = pick[uint16](d, 0, 8, 128, 129), 0
	}
	return f
}

func num(field string, v, mask, all uint64) cond {
	text := fmt.Sprintf("%s=%#x", field, v&mask)
	if mask != all {
		text += fmt.Sprintf("/%#x", mask)
	}
	return cond{field, wide{lo: v & mask}, wide{lo: mask}, text}
}

func macText(v uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

func (d dice) macCond(field string) cond {
	mask := pick(d, broadcast, broadcast, 0xff, 0x010000000000, 0xffffff000001)
	v := d.mac() & mask
	return cond{field, wide{lo: v}, wide{lo: mask}, fmt.Sprintf("%s=%s/%s", field, macText(v), macText(mask))}
}

func ip4Text(v uint64) string {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(v)))).String()
}

func ip6Text(w wide) string {
	return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, w.hi), w.lo))).String()
}

func (d dice) ip4Cond(field string) cond {
	mask := pick[uint64](d, 0xffffffff, 0xffffff00, 0xfffffffe, 0xff000000, 0xff0000ff)
	v := d.ip4() & mask
	return cond{field, wide{lo: v}, wide{lo: mask}, fmt.Sprintf("%s=%s/%s", field, ip4Text(v), ip4Text(mask))}
}

func (d dice) ip6Cond(field string) cond {
	mask := pick(d, wide{^uint64(0), ^uint64(0)}, wide{^uint64(0), 0}, wide{^uint64(0), ^uint64(1)}, wide{0xffff << 48, 0})
	v := d.ip6().and(mask)
	return cond{field, v, mask, fmt.Sprintf("%s=%s/%s", field, ip6Text(v), ip6Text(mask))}
}

// class is what kind of packets a rule is for: it decides what else may stand in it.
type class struct {
	typ   uint64 // 0 for any
	proto uint64 // 0 for any
}

func (d dice) class() class {
	return pick(d, class{}, class{}, class{typIPv4, 0}, class{typIPv6, 0}, class{typARP, 0}, class{typIPv4, protoTCP}, class{typIPv4, protoUDP},
		class{typIPv4, protoICMP}, class{typIPv4, protoSCTP}, class{typIPv6, protoTCP}, class{typIPv6, protoUDP}, class{typIPv6, protoICMP6})
}

func (c class) ip() bool { return c.typ == typIPv4 || c.typ == typIPv6 }
func (c class) ports() bool {
	return c.proto == protoTCP || c.proto == protoUDP || c.proto == protoSCTP
}

// conds are the fields that make the class.
func (c class) conds() (l []cond) {
	if c.typ != 0 {
		l = append(l, num("dl_type", c.typ, 0xffff, 0xffff))
	}
	if c.proto != 0 {
		l = append(l, num("nw_proto", c.proto, 0xff, 0xff))
	}
	return l
}

// match makes a random match of a class, each field at most once.
func (d dice) match(c class) []cond {
	l := c.conds()
	add := func(in int, make func() cond) {
		if d.one(in) {
			l = append(l, make())
		}
	}
	add(3, func() cond { return num("in_port", uint64(1+d.IntN(d.ports)), 0xffffffff, 0xffffffff) })
	add(5, func() cond { return d.macCond("dl_src") })
	add(5, func() cond { return d.macCond("dl_dst") })
	add(5, func() cond {
		return num("vlan_tci", pick[uint64](d, 0, present|5, present|10), pick[uint64](d, present, 0x1fff, 0xffff), 0xffff)
	})
	add(6, func() cond { return num("reg0", uint64(d.IntN(3)), pick[uint64](d, 0xffffffff, 3), 0xffffffff) })
	add(6, func() cond { return num("metadata", uint64(d.IntN(3)), pick[uint64](d, ^uint64(0), 3), ^uint64(0)) })
	switch {
	case c.typ == typARP:
		add(3, func() cond { return num("arp_op", uint64(1+d.IntN(2)), 0xffff, 0xffff) })
		add(3, func() cond { return d.ip4Cond("arp_spa") })
		add(3, func() cond { return d.ip4Cond("arp_tpa") })
		add(4, func() cond { return d.macCond("arp_sha") })
	case c.typ == typIPv4:
		add(3, func() cond { return d.ip4Cond("nw_src") })
		add(3, func() cond { return d.ip4Cond("nw_dst") })
	case c.typ == typIPv6:
		add(3, func() cond { return d.ip6Cond("ipv6_src") })
		add(3, func() cond { return d.ip6Cond("ipv6_dst") })
	}
	if c.ip() {
		add(8, func() cond { return num("nw_tos", uint64(d.IntN(4)*8), 0xfc, 0xfc) })
		add(8, func() cond { return num("nw_ttl", uint64(pick(d, 1, 2, 64)), 0xff, 0xff) })
	}
	if c.ports() {
		add(3, func() cond { return num("tp_src", uint64(d.l4()), pick[uint64](d, 0xffff, 0xfff8, 0xf), 0xffff) })
		add(3, func() cond { return num("tp_dst", uint64(d.l4()), pick[uint64](d, 0xffff, 0xfffc, 1), 0xffff) })
	}
	return l
}

// rule makes a rule for table t, which may send packets on to later ones.
func (d dice) rule(t int) *refRule {
	c := d.class()
	r := &refRule{table: t, priority: 1 + d.IntN(60000), match: d.match(c)}
	d.instruct(r, c)
	if d.one(4) {
		r.idle = clock.Time(1+d.IntN(20)) * clock.Second
	}
	if d.one(6) {
		r.hard = clock.Time(1+d.IntN(30)) * clock.Second
	}
	return r
}

// instruct gives a rule of class c other actions.
func (d dice) instruct(r *refRule, c class) {
	r.acts, r.next, r.metadataMask = nil, 0, 0
	for range 1 + d.IntN(4) {
		r.acts = append(r.acts, d.action(c, r.table))
	}
	if d.one(12) {
		r.acts = nil
	}
	if r.table+1 < numTables && d.one(3) {
		r.next = r.table + 1 + d.IntN(numTables-r.table-1)
	}
	if d.one(6) {
		r.metadata, r.metadataMask = uint64(d.IntN(3)), pick(d, ^uint64(0), 3)
	}
}

// String is the rule as ovs-ofctl writes it.
func (r *refRule) String() string {
	return fmt.Sprintf("cookie=%d,%s,%s%s", r.cookie, r.matchText(), r.timeouts(), r.actionText())
}

func (r *refRule) matchText() string {
	l := []string{fmt.Sprintf("table=%d,priority=%d", r.table, r.priority)}
	for _, c := range r.match {
		l = append(l, c.text)
	}
	return strings.Join(l, ",")
}

func (r *refRule) timeouts() (s string) {
	if r.idle > 0 {
		s += fmt.Sprintf("idle_timeout=%d,", r.idle/clock.Second)
	}
	if r.hard > 0 {
		s += fmt.Sprintf("hard_timeout=%d,", r.hard/clock.Second)
	}
	return s
}

func (r *refRule) actionText() string {
	var l []string
	for _, a := range r.acts {
		l = append(l, a.text)
	}
	if r.metadataMask != 0 {
		l = append(l, fmt.Sprintf("write_metadata:%#x/%#x", r.metadata, r.metadataMask))
	}
	if r.next != 0 {
		l = append(l, fmt.Sprintf("goto_table:%d", r.next))
	}
	if l == nil {
		l = []string{"drop"}
	}
	return "actions=" + strings.Join(l, ",")
}
