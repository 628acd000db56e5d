package table

import (
	"sync/atomic"

	"pollux/flow"
	"pollux/internal/clock"
	"pollux/openflow"
)

// Rule is an OpenFlow entry of a table. Once it is in a table nothing of it
// changes but what Stats points to; a modified rule is another Rule with the same Stats.
type Rule struct {
	shape  *shape
	values []uint64
	seq    uint64 // rules of a table in the order in which they came

	// Stats are shared with what the rule is modified to.
	Stats *Stats
	// Instructions must not be changed.
	Instructions *openflow.Instructions

	Cookie            uint64
	Created, Modified clock.Time
	Priority          int32 // of OpenFlow 0 to 65535; rules of the switch itself may stand above
	IdleTimeoutSec    uint16
	HardTimeoutSec    uint16
	Importance        uint16
	Flags             openflow.Flags
	Table             uint8
}

// Stats is what is counted of a rule. Anybody may add to it.
type Stats struct {
	Packets, Bytes atomic.Uint64
	used           atomic.Int64
}

// Add counts packets of a flow that the rule had its share in, the last of them at time used.
func (s *Stats) Add(packets, bytes uint64, used clock.Time) {
	s.Packets.Add(packets)
	s.Bytes.Add(bytes)
	for {
		old := s.used.Load()
		if int64(used) <= old || s.used.CompareAndSwap(old, int64(used)) {
			return
		}
	}
}

// Used is the time of the last packet, or of the rule's making.
func (s *Stats) Used() clock.Time { return clock.Time(s.used.Load()) }

// NewRule makes a rule of what a message says. Bits of the key outside the mask are ignored.
func NewRule(m *openflow.Rule, now clock.Time) *Rule {
	s := newShape(&m.Match.Mask)
	r := &Rule{
		shape: s, values: s.values(&m.Match.Key), Stats: &Stats{}, Cookie: m.Cookie, Created: now, Modified: now,
		Priority: int32(m.Priority), IdleTimeoutSec: m.IdleTimeoutSec, HardTimeoutSec: m.HardTimeoutSec,
		Importance: m.Importance, Flags: m.Flags, Table: m.Table,
	}
	r.Stats.used.Store(int64(now))
	instructions := m.Instructions // a copy, so that the message with its large match can go
	r.Instructions = &instructions
	return r
}

// With returns a copy of r with other instructions, for putting in its place: a modified rule.
func (r *Rule) With(i *openflow.Instructions, now clock.Time) *Rule {
	c := *r
	c.Instructions, c.Modified = i, now
	return &c
}

// Match returns what the rule matches.
func (r *Rule) Match() (m flow.Match) {
	r.shape.match(r.values, &m.Key, &m.Mask)
	return m
}

// Message returns the rule as a message says it.
func (r *Rule) Message() openflow.Rule {
	return openflow.Rule{
		Table: r.Table, Priority: uint16(min(r.Priority, 0xffff)), Cookie: r.Cookie, IdleTimeoutSec: r.IdleTimeoutSec,
		HardTimeoutSec: r.HardTimeoutSec, Importance: r.Importance, Flags: r.Flags, Match: r.Match(), Instructions: *r.Instructions,
	}
}

// HardExpired reports whether the rule's hard timeout is over.
func (r *Rule) HardExpired(now clock.Time) bool {
	return r.HardTimeoutSec > 0 && now >= r.Modified+clock.Time(r.HardTimeoutSec)*clock.Second
}

// IdleExpired reports whether the rule has seen no packet for its idle timeout.
func (r *Rule) IdleExpired(now clock.Time) bool {
	return r.IdleTimeoutSec > 0 && now >= max(r.Stats.Used(), r.Modified)+clock.Time(r.IdleTimeoutSec)*clock.Second
}
