package vswitch

import (
	"slices"

	"pollux/internal/clock"
)

// reference is a switch as a textbook has it: a list of rules that is walked from
// its start for every packet, a map of addresses, packets that are structs. No
// flows, no caches, no masks, no threads.
type reference struct {
	now   clock.Time
	rules []*refRule
	ports map[int]bool
	macs  map[refAddress]*refEntry
	aging clock.Time
}

type refAddress struct {
	mac  uint64
	vlan uint16
}

type refEntry struct {
	port        int
	used, moved clock.Time
}

// refRule is a rule: what it matches, what it does, when it ends.
type refRule struct {
	table, priority        int
	match                  []cond
	acts                   []act
	next                   int    // goto_table; 0 for none
	metadata, metadataMask uint64 // write_metadata
	idle, hard             clock.Time
	used, modified         clock.Time
	cookie                 int // what it is called
	packets, bytes         int
}

// cond is one field of a match, act one action; both know their text for the real switch.
type cond struct {
	field       string
	value, mask wide
	text        string
}

type act struct {
	text string
	do   func(w *walk) (goOn bool)
}

// walk is one packet on its way through the tables.
type walk struct {
	*reference
	frame
	in       int
	length   int
	reg      uint64
	metadata uint64
	exited   bool
	hit      []*refRule
	learnt   []refAddress
	sent     []sent
}

type sent struct {
	port int
	data string
}

// process returns what a packet makes leave the switch, and what is true then.
func (r *reference) process(in int, f frame) *walk {
	w := &walk{reference: r, frame: f, in: in, length: len(f.bytes())}
	w.lookup(0)
	return w
}

// commit makes what the walk did to the switch true.
func (w *walk) commit() {
	for _, r := range w.hit {
		r.used = w.now
		r.packets++
		r.bytes += w.length
	}
	for _, a := range w.learnt {
		w.learn(a, w.in)
	}
}

// teaches reports whether the walk would change what the switch knows of addresses.
func (w *walk) teaches() bool {
	for _, a := range w.learnt {
		if e := w.macs[a]; e == nil || e.port != w.in && w.now >= e.moved+500*clock.Millisecond {
			return true
		}
	}
	return false
}

func (r *reference) learn(a refAddress, port int) {
	e := r.macs[a]
	switch {
	case e == nil:
		r.macs[a] = &refEntry{port: port, used: r.now, moved: r.now - clock.Second}
	case e.port != port && r.now >= e.moved+500*clock.Millisecond:
		*e = refEntry{port: port, used: r.now, moved: r.now}
	case e.port == port && r.now >= e.used+clock.Second:
		e.used = r.now
	}
}

// tend ends what has been idle or there for too long.
func (r *reference) tend() {
	for a, e := range r.macs {
		if e.used+r.aging <= r.now {
			delete(r.macs, a)
		}
	}
	r.rules = slices.DeleteFunc(r.rules, func(u *refRule) bool {
		return u.hard > 0 && r.now >= u.modified+u.hard || u.idle > 0 && r.now >= max(u.used, u.modified)+u.idle
	})
}

func (r *reference) removePort(n int) {
	delete(r.ports, n)
	for a, e := range r.macs {
		if e.port == n {
			delete(r.macs, a)
		}
	}
}

// add puts a rule in, in the place of the same one.
func (r *reference) add(u *refRule) {
	u.used, u.modified = r.now, r.now
	for i, old := range r.rules {
		if old.table == u.table && old.priority == u.priority && old.sameMatch(u) {
			u.used, u.packets, u.bytes = old.used, old.packets, old.bytes
			r.rules[i] = u
			return
		}
	}
	r.rules = append(r.rules, u)
}

// covered reports whether every packet that u matches is matched by conds.
func (u *refRule) covered(conds []cond) bool {
	for _, c := range conds {
		if !slices.ContainsFunc(u.match, func(o cond) bool {
			return o.field == c.field && o.mask.and(c.mask) == c.mask && o.value.and(c.mask) == c.value
		}) {
			return false
		}
	}
	return true
}

func (u *refRule) sameMatch(o *refRule) bool { return u.covered(o.match) && o.covered(u.match) }

// lookup does what the best rule of a table says.
func (w *walk) lookup(table int) { w.lookupAs(w.in, table) }

// lookupAs looks for the rule as if the packet had come in by another port.
func (w *walk) lookupAs(port, table int) {
	in := w.in
	w.in = port
	best := w.best(table)
	if w.in = in; best == nil {
		return
	}
	w.hit = append(w.hit, best)
	if !w.actions(best.acts) {
		return
	}
	w.metadata = w.metadata&^best.metadataMask | best.metadata&best.metadataMask
	if best.next != 0 {
		w.lookup(best.next)
	}
}

func (w *walk) best(table int) (best *refRule) {
	for _, r := range w.rules {
		if r.table == table && (best == nil || r.priority > best.priority) && w.matches(r) {
			best = r
		}
	}
	return best
}

// actions does a list and reports whether it came to its end.
func (w *walk) actions(list []act) bool {
	for _, a := range list {
		if !a.do(w) || w.exited {
			return false
		}
	}
	return true
}

func (w *walk) matches(r *refRule) bool {
	for _, c := range r.match {
		if w.field(c.field).and(c.mask) != c.value {
			return false
		}
	}
	return true
}

// field is what the packet has there, 0 where it has nothing.
func (w *walk) field(name string) wide {
	var v uint64
	switch {
	case name == "ipv6_src" && w.typ == typIPv6:
		return w.from
	case name == "ipv6_dst" && w.typ == typIPv6:
		return w.to
	case name == "in_port":
		v = uint64(w.in)
	case name == "dl_src":
		v = w.src
	case name == "dl_dst":
		v = w.dst
	case name == "dl_type":
		v = uint64(w.typ)
	case name == "vlan_tci":
		v = uint64(w.tci())
	case name == "reg0":
		v = w.reg
	case name == "metadata":
		v = w.metadata
	case w.typ == typARP:
		v = map[string]uint64{"arp_op": uint64(w.op), "arp_spa": uint64(w.spa), "arp_tpa": uint64(w.tpa), "arp_sha": w.sha, "arp_tha": w.tha}[name]
	case w.ip():
		v = w.ipField(name)
	}
	return wide{lo: v}
}

func (w *walk) ipField(name string) uint64 {
	switch name {
	case "nw_src":
		return w.from.lo
	case "nw_dst":
		return w.to.lo
	case "nw_proto":
		return uint64(w.proto)
	case "nw_tos":
		return uint64(w.tos &^ 3)
	case "nw_ttl":
		return uint64(w.ttl)
	case "tp_src", "tp_dst":
		if w.later {
			return 0
		}
		return map[string]uint64{"tp_src": uint64(w.sport), "tp_dst": uint64(w.dport)}[name]
	}
	return 0
}

// send lets the packet leave as it is now.
func (w *walk) send(port int) {
	if w.ports[port] {
		w.sent = append(w.sent, sent{port, string(w.bytes())})
	}
}

func (w *walk) flood() {
	for p := range w.ports {
		if p != w.in {
			w.send(p)
		}
	}
}

// normal is a learning switch.
func (w *walk) normal() {
	if w.dst&^0xf == linkLocal {
		return
	}
	vlan := w.tci() & 0xfff
	if w.src>>40&1 == 0 {
		w.learnt = append(w.learnt, refAddress{w.src, vlan})
	}
	old := w.frame
	if w.tci()&^present == 0 { // a tag that says nothing does not leave
		w.pop()
	}
	e := w.macs[refAddress{w.dst, vlan}]
	switch {
	case w.dst>>40&1 != 0 || e == nil:
		w.flood()
	case e.port != w.in:
		w.send(e.port)
	}
	w.frame = old
}
