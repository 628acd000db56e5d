package ofproto

import (
	"fmt"
	"io"

	"pollux/action"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto/xlate"
	"pollux/openflow"
)

// DumpRules writes the rules with their counters, as ovs-ofctl dump-flows does: by table, of each by falling priority.
func (b *Bridge) DumpRules(w io.Writer, now clock.Time) error {
	v := b.View()
	var line []byte
	for _, t := range v.Tables {
		if t == nil {
			continue
		}
		for _, r := range t.Sorted() {
			m := r.Message()
			line = append(line[:0], ' ')
			line = m.AppendStats(line, nil, &openflow.Stats{
				DurationNsec: int64(now - r.Created), Packets: r.Stats.Packets.Load(), Bytes: r.Stats.Bytes.Load(),
				IdleSec: int64((now - r.Stats.Used()) / clock.Second),
			})
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
		}
	}
	return nil
}

// ShowMACs writes the learned addresses as fdb/show of ovs-appctl does.
func (b *Bridge) ShowMACs(w io.Writer, now clock.Time) { b.macs.Show(w, now) }

// Trace writes what would become of a packet, as ofproto/trace of ovs-appctl
// does. key has an OpenFlow port. Nothing is changed by it.
func (b *Bridge) Trace(w io.Writer, key *flow.Key) {
	var t xlate.Trace
	var x xlate.Translator
	v := b.View()
	x.Traced(&t)
	fmt.Fprintf(w, "Flow: %s\n\n", xlate.FlowText(key))
	res := x.TranslateKey(v, key)
	title := fmt.Sprintf("bridge(%q)", b.config.Name)
	fmt.Fprintf(w, "%s\n%.*s\n", title, len(title), "--------------------------------------------------------------------------------")
	t.Write(w)
	final := "unchanged"
	if k := x.Final(); *k != *key {
		final = xlate.FlowText(k)
	}
	fmt.Fprintf(w, "\nFinal flow: %s\n", final)
	fmt.Fprintf(w, "Megaflow: %s\n", xlate.MegaflowText(key, &res.Mask))
	fmt.Fprintf(w, "Datapath actions: %s\n", res.Actions.AppendODP(nil, nil, key))
}

// Flow is a flow of the datapath, for showing.
type Flow struct {
	Thread  int
	ID      FlowID
	Match   flow.Match // over the datapath's port numbers
	Actions action.List
	Created clock.Time
	Stats   FlowStats
}

// Flows returns the flows of all threads.
func (b *Bridge) Flows() (all []Flow) {
	for i, f := range b.threads {
		f.mu.Lock()
		for _, r := range f.list {
			x := Flow{Thread: i, ID: r.id, Actions: r.actions, Created: r.created, Stats: b.installer.Stats(i, r.id)}
			r.key(&x.Match.Key)
			x.Match.Mask = r.mask.mask
			all = append(all, x)
		}
		f.mu.Unlock()
	}
	return all
}
