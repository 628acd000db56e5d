package xlate

import (
	"testing"

	"pollux/action"
	"pollux/flow"
	"pollux/ofproto/mac"
	"pollux/openflow"
)

// A tag that a clone pushes down below the two that a key has is not one of the packet behind the clone: it cannot be
// changed back without knowing the tag below, so the datapath makes a copy.
func TestCloneThatBuriesATag(t *testing.T) {
	list, err := openflow.ParseActions("push_vlan:0x88a8,clone(output:3,push_vlan:0x8100,output:4),output:2", nil)
	if err != nil {
		t.Fatal(err)
	}
	key := flow.Key{flow.WordPort: 1 << 32, flow.WordVLAN: (flow.EthTypeVLAN<<16 | flow.VLANPresent | 10) << 32}
	res := new(Translator).TranslateActions(&View{Ports: testPorts(), MACs: mac.New(mac.DefaultLimits)}, &key, list)
	c, rest := res.Actions.First()
	if c.Op != action.Clone || len(rest) == 0 {
		t.Fatalf("actions %v", res.Actions)
	}
	push, rest := rest.First()
	if o, end := rest.First(); push.Op != action.PushVLAN || o.Op != action.Output || o.Arg != 12 || len(end) != 0 {
		t.Errorf("behind the clone: %v", res.Actions)
	}
}
