package vswitch

import "fmt"

// The actions that random rules have: each as text for the real switch, and as what it
// does to a packet of the reference.

// action makes a random action for a rule of class c in table t.
func (d dice) action(c class, t int) act {
	switch n := d.IntN(20); {
	case n < 5:
		return d.output()
	case n < 7:
		return d.spread()
	case n < 9:
		return d.editLink()
	case n < 12:
		return d.editTag()
	case n < 17 && c.typ != 0:
		return d.editNet(c)
	case n == 17:
		v := uint64(d.IntN(3))
		return act{fmt.Sprintf("load:%d->NXM_NX_REG0[]", v), func(w *walk) bool { w.reg = v; return true }}
	case n == 18:
		return d.steer(c, t)
	case n == 19 && t+1 < numTables:
		return d.resubmit(t)
	}
	return d.output()
}

func (d dice) resubmit(t int) act {
	to := t + 1 + d.IntN(numTables-t-1)
	if d.one(2) {
		return act{fmt.Sprintf("resubmit(,%d)", to), func(w *walk) bool { w.lookup(to); return true }}
	}
	as := 1 + d.IntN(d.ports)
	return act{fmt.Sprintf("resubmit(%d,%d)", as, to), func(w *walk) bool { w.lookupAs(as, to); return true }}
}

// steer is what decides about other actions, and what goes from field to field.
func (d dice) steer(c class, t int) act {
	switch d.IntN(6) {
	case 0:
		return act{"exit", func(w *walk) bool { w.exited = true; return true }}
	case 1:
		return d.clone(c, t)
	case 2:
		return edit(func(w *walk) { w.dst = w.src }, "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]")
	case 3:
		return edit(func(w *walk) { w.reg = w.reg&^0xff | w.src&0xff }, "move:NXM_OF_ETH_SRC[0..7]->NXM_NX_REG0[0..7]")
	case 4:
		return act{"output:NXM_NX_REG0[]", func(w *walk) bool {
			if p := int(w.reg); p != w.in {
				w.send(p)
			}
			return true
		}}
	}
	return act{"push:NXM_OF_ETH_DST[],move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],pop:NXM_OF_ETH_SRC[]", func(w *walk) bool {
		w.src, w.dst = w.dst, w.src
		return true
	}}
}

// clone works a few actions on a copy.
func (d dice) clone(c class, t int) act {
	list := []act{d.action(c, t), d.action(c, t), d.output()}
	text := fmt.Sprintf("clone(%s,%s,%s)", list[0].text, list[1].text, list[2].text)
	return act{text, func(w *walk) bool {
		frame := w.frame
		reg, metadata := w.reg, w.metadata
		w.actions(list)
		w.frame, w.reg, w.metadata, w.exited = frame, reg, metadata, false
		return true
	}}
}

func (d dice) output() act {
	p := 1 + d.IntN(d.ports)
	return act{fmt.Sprintf("output:%d", p), func(w *walk) bool {
		if p != w.in {
			w.send(p)
		}
		return true
	}}
}

// spread sends to what stands for several ports.
func (d dice) spread() act {
	switch d.IntN(4) {
	case 0:
		return act{"IN_PORT", func(w *walk) bool { w.send(w.in); return true }}
	case 1:
		if d.normal {
			return act{"NORMAL", func(w *walk) bool { w.normal(); return true }}
		}
	case 2:
		return act{"ALL", func(w *walk) bool { w.flood(); return true }}
	}
	return act{"FLOOD", func(w *walk) bool { w.flood(); return true }}
}

// edit is an action that changes the packet.
func edit(change func(w *walk), format string, args ...any) act {
	return act{fmt.Sprintf(format, args...), func(w *walk) bool { change(w); return true }}
}

func (d dice) editLink() act {
	v := d.mac()
	switch d.IntN(4) {
	case 0:
		return edit(func(w *walk) { w.src = v }, "mod_dl_src:%s", macText(v))
	case 1:
		return edit(func(w *walk) { w.dst = v }, "mod_dl_dst:%s", macText(v))
	case 2:
		mask := uint64(0xff00000000ff)
		return edit(func(w *walk) { w.dst = w.dst&^mask | v&mask }, "set_field:%s/%s->eth_dst", macText(v&mask), macText(mask))
	}
	return edit(func(w *walk) { w.src = v }, "set_field:%s->eth_src", macText(v))
}

func (d dice) editTag() act {
	switch d.IntN(5) {
	case 0:
		vid := pick[uint16](d, 0, 5, 10)
		return edit(func(w *walk) { w.retag(vid, 0xfff) }, "mod_vlan_vid:%d", vid)
	case 1:
		pcp := uint16(d.IntN(8))
		return edit(func(w *walk) { w.retag(pcp<<13, 0xe000) }, "mod_vlan_pcp:%d", pcp)
	case 2:
		tpid := pick[uint16](d, 0x8100, 0x88a8)
		return edit(func(w *walk) { w.push(tpid, 0) }, "push_vlan:%#x", tpid)
	case 3:
		return edit(func(w *walk) { w.pop() }, "strip_vlan")
	}
	return edit(func(w *walk) { w.pop() }, "pop_vlan")
}

func (d dice) editNet(c class) act {
	if c.typ == typARP {
		return d.editARP()
	}
	v4, v6, tos, ttl := d.ip4(), d.ip6(), uint8(d.IntN(4)*8), pick[uint8](d, 1, 2, 64)
	switch n := d.IntN(8); {
	case n == 0 && c.typ == typIPv4:
		return edit(func(w *walk) { w.from.lo = v4 }, "mod_nw_src:%s", ip4Text(v4))
	case n == 1 && c.typ == typIPv4:
		return edit(func(w *walk) { w.to.lo = v4 }, "set_field:%s->nw_dst", ip4Text(v4))
	case n == 2 && c.typ == typIPv4:
		return edit(func(w *walk) { w.to.lo = w.to.lo&^0xff00 | v4&0xff00 }, "set_field:%s/%s->nw_dst", ip4Text(v4&0xff00), ip4Text(0xff00))
	case n == 0:
		return edit(func(w *walk) { w.from = v6 }, "set_field:%s->ipv6_src", ip6Text(v6))
	case n == 1:
		return edit(func(w *walk) { w.to = v6 }, "set_field:%s->ipv6_dst", ip6Text(v6))
	case n == 2:
		return edit(func(w *walk) { w.label = 7 }, "set_field:7->ipv6_label")
	case n == 3:
		return edit(func(w *walk) { w.tos = w.tos&3 | tos }, "mod_nw_tos:%d", tos)
	case n == 4:
		return edit(func(w *walk) { w.ttl = ttl }, "mod_nw_ttl:%d", ttl)
	case n == 5 && c.ports():
		return d.editPorts(c)
	}
	return act{"dec_ttl", func(w *walk) bool {
		if w.ttl <= 1 {
			return false
		}
		w.ttl--
		return true
	}}
}

func (d dice) editPorts(c class) act {
	p := d.l4()
	name := map[uint64]string{protoTCP: "tcp", protoUDP: "udp", protoSCTP: "sctp"}[c.proto]
	switch d.IntN(3) {
	case 0:
		return edit(func(w *walk) { w.setPorts(p, w.dport) }, "mod_tp_src:%d", p)
	case 1:
		return edit(func(w *walk) { w.setPorts(w.sport, p) }, "set_field:%d->%s_dst", p, name)
	}
	const mask = 0xff
	return edit(func(w *walk) { w.setPorts(w.sport&^mask|p&mask, w.dport) }, "set_field:%d/%#x->%s_src", p&mask, mask, name)
}

func (w *walk) setPorts(src, dst uint16) {
	if w.tcpOrSo() {
		w.sport, w.dport = src, dst
	}
}

func (d dice) editARP() act {
	v, m := d.ip4(), d.mac()
	switch d.IntN(5) {
	case 0:
		return edit(func(w *walk) { w.spa = uint32(v) }, "set_field:%s->arp_spa", ip4Text(v))
	case 1:
		return edit(func(w *walk) { w.tpa = uint32(v) }, "set_field:%s->arp_tpa", ip4Text(v))
	case 2:
		return edit(func(w *walk) { w.sha = m }, "set_field:%s->arp_sha", macText(m))
	case 3:
		return edit(func(w *walk) { w.tha = m }, "set_field:%s->arp_tha", macText(m))
	}
	return edit(func(w *walk) { w.op = 2 }, "load:2->NXM_OF_ARP_OP[]")
}
