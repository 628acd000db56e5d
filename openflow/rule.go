package openflow

import "pollux/flow"

// DefaultPriority is the priority of a rule that names none.
const DefaultPriority = 32768

// lastTable is the highest number of a table; 255 means all tables, or none.
const lastTable = 254

// Flags of a rule, in OpenFlow's bits (OpenFlow 1.3, A.3.4.1).
type Flags uint16

// The flags.
const (
	SendFlowRem Flags = 1 << iota
	CheckOverlap
	ResetCounts
	NoPacketCounts
	NoByteCounts
)

var flagNames = []string{"send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts"}

// Rule is an OpenFlow entry as a message value: what a flow_mod adds or a table shows, without the
// statistics. Timeouts of 0 mean never.
type Rule struct {
	Table          uint8
	Priority       uint16
	Cookie         uint64
	IdleTimeoutSec uint16
	HardTimeoutSec uint16
	Importance     uint16
	Flags          Flags
	Match          flow.Match
	Instructions   Instructions
}

// Stats are what a table knows about a rule beside the rule.
type Stats struct {
	DurationNsec   int64 // since it was added
	Packets, Bytes uint64
	IdleSec        int64 // since the last packet; negative when nobody knows
}

// Append adds the text of the rule to dst, as ovs-ofctl --no-stats dump-flows
// prints it and ParseRule reads it: "table=3, priority=5,ip,in_port=1 actions=output:2".
// ports may be nil.
func (r *Rule) Append(dst []byte, ports PortNames) []byte { return r.AppendStats(dst, ports, nil) }

// AppendStats is Append with statistics, as ovs-ofctl dump-flows prints it:
// "cookie=0x0, duration=1.5s, table=3, n_packets=0, n_bytes=0, idle_age=1, priority=5,ip,in_port=1 actions=output:2".
func (r *Rule) AppendStats(dst []byte, ports PortNames, stats *Stats) []byte {
	t := printer{dst, ports}
	if stats != nil || r.Cookie != 0 {
		t.f("cookie=%#x, ", r.Cookie)
	}
	if stats != nil {
		t.str("duration=")
		t.duration(stats.DurationNsec)
		t.str(", ")
	}
	if stats != nil || r.Table != 0 {
		t.f("table=%d, ", r.Table)
	}
	if stats != nil {
		t.f("n_packets=%d, n_bytes=%d, ", stats.Packets, stats.Bytes)
	}
	t.attributes(r)
	if stats != nil && stats.IdleSec >= 0 {
		t.f("idle_age=%d, ", stats.IdleSec)
	}
	t.matchAndActions(r)
	return t.dst
}

// duration prints seconds: whole, or in milliseconds, or else to the nanosecond.
func (t *printer) duration(nsec int64) {
	const second, millisecond = 1_000_000_000, 1_000_000
	switch rest := nsec % second; {
	case rest == 0:
		t.f("%ds", nsec/second)
	case rest%millisecond == 0:
		t.f("%d.%03ds", nsec/second, rest/millisecond)
	default:
		t.f("%d.%09ds", nsec/second, rest)
	}
}

func (t *printer) attributes(r *Rule) {
	for _, a := range []struct {
		name  string
		value uint16
	}{{"idle_timeout", r.IdleTimeoutSec}, {"hard_timeout", r.HardTimeoutSec}} {
		if a.value != 0 {
			t.f("%s=%d, ", a.name, a.value)
		}
	}
	for i, name := range flagNames {
		if r.Flags&(1<<i) != 0 {
			t.str(name + " ")
		}
	}
	if r.Importance != 0 {
		t.f("importance=%d, ", r.Importance)
	}
}

func (t *printer) matchAndActions(r *Rule) {
	start := len(t.dst)
	if r.Priority != DefaultPriority {
		t.f("priority=%d,", r.Priority)
	}
	t.dst = r.Match.Append(t.dst, t.ports)
	t.chomp(',')
	if len(t.dst) > start {
		t.str(" ")
	}
	t.str("actions=")
	t.dst = r.Instructions.Append(t.dst, t.ports)
}

// String is the rule with ports as numbers.
func (r *Rule) String() string { return string(r.Append(nil, nil)) }
