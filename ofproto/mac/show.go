package mac

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"pollux/flow"
	"pollux/internal/clock"
	"pollux/openflow"
)

// Entry is one line of the table.
type Entry struct {
	Address
	Port   openflow.Port
	Static bool
	Used   clock.Time // when it was last heard
}

// Entries returns the table, the longest unheard first and pinned addresses before all.
func (t *Table) Entries() []Entry {
	t.mu.RLock()
	defer t.mu.RUnlock()
	all := make([]Entry, 0, len(t.entries))
	for _, e := range t.entries {
		all = append(all, Entry{Address: e.Address, Port: e.port, Static: e.static, Used: clock.Time(e.used.Load())})
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(-compareBool(a.Static, b.Static), cmp.Compare(a.Used, b.Used), cmp.Compare(a.VLAN, b.VLAN), cmp.Compare(a.MAC, b.MAC))
	})
	return all
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Show writes the table in the layout of fdb/show of ovs-appctl; Age is in seconds.
func (t *Table) Show(w io.Writer, now clock.Time) {
	fmt.Fprintln(w, " port  VLAN  MAC                Age")
	for _, e := range t.Entries() {
		age := "static"
		if !e.Static {
			age = fmt.Sprint(int64((now - e.Used) / clock.Second))
		}
		fmt.Fprintf(w, "%5s  %4d  %s  %3s\n", flow.AppendPort(nil, uint32(e.Port), nil), e.VLAN, format(e.MAC), age)
	}
}

func format(m uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(m>>40), byte(m>>32), byte(m>>24), byte(m>>16), byte(m>>8), byte(m))
}
