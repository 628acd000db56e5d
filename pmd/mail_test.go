package pmd

import (
	"testing"

	"pollux/action"
	"pollux/dpif"
)

func TestVerdictOnNewActions(t *testing.T) {
	r := newRig(t, 1)
	end := r.ends[0]
	id := r.put(0, from(1), out(2))
	for from, c := range map[uint32]struct {
		flow uint32
		list action.List
		want dpif.Verdict
	}{100: {id, out(3), dpif.Taken}, 101: {id + 1, out(3), dpif.Malformed}, 102: {id, out(1 << 20), dpif.Malformed}} {
		if err := end.Records.Write([]uint32{from}, &dpif.FlowSpec{Actions: c.list}); err != nil {
			t.Fatal(err)
		}
		end.Mail.Put(dpif.Mail{Op: dpif.MailActions, ID: c.flow, Arg: from})
		r.turn()
		if v := end.Records.Verdict(from); v != c.want {
			t.Errorf("actions of record %d for flow %d are %v, not %v", from, c.flow, v, c.want)
		}
	}
	end.Mail.Put(dpif.Mail{Op: dpif.MailActions, ID: id, Arg: 1 << 30})
	r.turn()
	if n := r.region.Thread(0).Stats.MailsRefused.Load(); n != 3 {
		t.Errorf("%d mails were refused, not 3", n)
	}
}
