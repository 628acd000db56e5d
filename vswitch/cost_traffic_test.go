package vswitch

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The scenarios whose cost is written down.

func traffics() []traffic {
	const through = "in_port=1,actions=output:2"
	return []traffic{
		{"one connection", 2, through, 64_000, fromPort1(func(*rand.Rand, int) frame { return connection(0) })},
		{"1,000 connections, one rule", 2, through, 64_000, connections(1000)},
		{"8,000 connections, one rule", 2, through, 64_000, connections(8000)},
		{"random among a million, one rule", 2, through, 64_000, connections(1_000_000)},
		{"500 rules of five fields", 2, fiveTuples(500), 64_000, connections(500)},
		{"8,000 rules of five fields", 2, fiveTuples(8000), 64_000, connections(8000)},
		{"1,000 hosts learned", 4, "actions=NORMAL", 128_000, hosts(1000, 4)},
		{"a new host every packet", 2, "actions=NORMAL", 8_000, newHosts},
		{"32 masks", 2, bitRules(32), 64_000, bits(32)},
		{"128 masks", 2, bitRules(128), 64_000, bits(128)},
		{"VLAN pushed and popped", 2, "in_port=1,actions=push_vlan:0x8100,set_field:4106->vlan_vid,output:2\nin_port=2,dl_vlan=10,actions=strip_vlan,output:1",
			64_000, bothWays},
		{"256 IPv6 routes", 5, routes(256), 64_000, fromPort1(toRoutes(256))},
		{"flood to 8 ports", 9, "actions=FLOOD", 16_000, connections(1000)},
		{"header rewrite", 2, "ip,in_port=1,actions=mod_dl_src:02:00:00:00:00:aa,mod_dl_dst:02:00:00:00:00:bb,mod_nw_dst:10.9.9.9,dec_ttl,output:2",
			64_000, connections(1000)},
		{"four tables", 2, "table=0,ip,actions=resubmit(,1)\ntable=1,udp,actions=load:1->NXM_NX_REG0[],resubmit(,2)\n" +
			"table=2,reg0=1,ip,nw_src=10.0.0.0/8,actions=goto_table:3\ntable=3,udp,tp_dst=53,actions=output:2", 64_000, connections(1000)},
	}
}

func fromPort1(make func(r *rand.Rand, i int) frame) func(*rand.Rand, int) (int, frame) {
	return func(r *rand.Rand, i int) (int, frame) { return 1, make(r, i) }
}

// connection is a packet of the n-th UDP connection.
func connection(n int) frame {
	return frame{dst: 0x020000000002, src: 0x020000000001, typ: typIPv4, proto: protoUDP, ttl: 64, from: wide{lo: 0x0a000000 + uint64(n)}, to: wide{lo: 0x0b000001},
		sport: uint16(1024 + n%60000), dport: 53, payload: make([]byte, 18)}
}

// connections are packets of n connections at random.
func connections(n int) func(*rand.Rand, int) (int, frame) {
	return fromPort1(func(r *rand.Rand, _ int) frame { return connection(r.IntN(n)) })
}

// fiveTuples has a rule for each of n connections.
func fiveTuples(n int) string {
	var b strings.Builder
	for i := range n {
		f := connection(i)
		fmt.Fprintf(&b, "udp,nw_src=%s,nw_dst=%s,tp_src=%d,tp_dst=%d,actions=output:2\n", ip4Text(f.from.lo), ip4Text(f.to.lo), f.sport, f.dport)
	}
	return b.String()
}

// hosts talk to each other at random, spread over ports.
func hosts(n, ports int) func(*rand.Rand, int) (int, frame) {
	return func(r *rand.Rand, i int) (int, frame) {
		from, to := i%n, r.IntN(n)
		if i >= n {
			from = r.IntN(n)
		}
		if r.IntN(8) > 0 { // mostly to a few servers
			to %= 8
		}
		f := connection(0)
		f.src, f.dst = 0x020000000000+uint64(from), 0x020000000000+uint64(to)
		return 1 + from%ports, f
	}
}

func newHosts(_ *rand.Rand, i int) (int, frame) {
	f := connection(0)
	f.dst, f.src = 0x02ffffffffff, 0x020000000000+uint64(i)
	return 1, f
}

// bitRules has n rules, each for addresses with another bit set, so that every flow has a mask of its own.
func bitRules(n int) string {
	var b strings.Builder
	for i := range n {
		bit := ip6Text(bitAddress(i))
		fmt.Fprintf(&b, "priority=%d,ipv6,ipv6_src=%s/%s,actions=output:2\n", 1000-i, bit, bit)
	}
	return b.String()
}

func bitAddress(i int) wide {
	if i < 64 {
		return wide{hi: 1 << i}
	}
	return wide{lo: 1 << (i - 64)}
}

// bits are packets for the rules of bitRules.
func bits(n int) func(*rand.Rand, int) (int, frame) {
	return fromPort1(func(r *rand.Rand, _ int) frame {
		f := connection(r.IntN(60000))
		f.typ, f.from, f.to = typIPv6, bitAddress(r.IntN(n)), wide{0xfc00 << 48, 1}
		return f
	})
}

// bothWays is untagged packets from port 1 and tagged ones from port 2.
func bothWays(r *rand.Rand, i int) (int, frame) {
	f := connection(r.IntN(1000))
	if i%2 == 1 {
		f.push(0x8100, 10)
	}
	return 1 + i%2, f
}

// routes are n IPv6 prefixes of many lengths, to ports 2 to 5.
func routes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "priority=%d,ipv6,ipv6_dst=%s/%d,actions=dec_ttl,output:%d\n", 100+i%5*16, ip6Text(route(i)), 48+i%5*16, 2+i%4)
	}
	return b.String()
}

func route(i int) wide { return wide{hi: 0xfc00<<48 | uint64(i+1)<<16} }

func toRoutes(n int) func(*rand.Rand, int) frame {
	return func(r *rand.Rand, _ int) frame {
		f := connection(r.IntN(60000))
		f.typ, f.from, f.to = typIPv6, wide{0xfd00 << 48, uint64(r.IntN(1000))}, route(r.IntN(n))
		f.to.lo = uint64(r.IntN(16))
		return f
	}
}
