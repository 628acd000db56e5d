package dpif

import (
	"slices"
	"testing"

	"pollux/action"
	"pollux/flow"
)

func TestReplacedActionsAreRead(t *testing.T) {
	records := make(Records, 16)
	spec := FlowSpec{Key: flow.Key{3: 7}, Mask: flow.Mask{3: 15}, Cookie: 5, Actions: action.List{}.Output(1)}
	long := FlowSpec{}
	for range recordWords + 1 {
		long.Actions = long.Actions.Output(2)
	}
	for id, s := range map[uint32]*FlowSpec{1: &spec, 2: &long, 4: {Actions: action.List{}.Output(3)}} {
		if err := records.Write([]uint32{id, id + 1}[:Need(s)], s); err != nil {
			t.Fatal(err)
		}
	}
	if old := records.Replace(1, 2); old != 0 {
		t.Errorf("fresh actions took the place of record %d", old)
	}
	var got FlowSpec
	if err := records.Read(1, &got); err != nil || got.Key != spec.Key || got.Cookie != 5 || !slices.Equal(got.Actions, long.Actions) {
		t.Errorf("read %v, %v", got, err)
	}
	if ids := records.Chain(1, nil); !slices.Equal(ids, []uint32{1, 2, 3}) {
		t.Errorf("the flow takes records %v", ids)
	}
	if old := records.Replace(1, 4); old != 2 || !slices.Equal(records.Chain(1, nil), []uint32{1, 4}) {
		t.Errorf("record %d was replaced, the flow takes %v", old, records.Chain(1, nil))
	}
	if records.Replace(1, 1); records.Read(1, &got) == nil {
		t.Error("a flow's record passes for actions")
	}
	if records.Replace(1, 99); records.Read(1, &got) == nil {
		t.Error("a record that is not there is read")
	}
}
