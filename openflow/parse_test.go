package openflow

import (
	"reflect"
	"strings"
	"testing"
)

func TestNesting(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("clone(", n) + "1" + strings.Repeat(")", n) }
	if _, err := ParseActions(deep(maxDepth-1), nil); err != nil {
		t.Error(err)
	}
	if _, err := ParseActions(deep(maxDepth), nil); err == nil {
		t.Error("no bound for nested actions")
	}
}

// FuzzRule: whatever parses prints a text that parses to the same rule and prints the same again.
func FuzzRule(f *testing.F) {
	for _, line := range []string{
		"table=1,priority=5,cookie=0x7,tcp,nw_src=10.0.0.0/8,actions=mod_vlan_vid:5,load:1->reg0[0..3],resubmit(1,2)",
		"delete table=3,out_port=LOCAL", "actions=learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:5->reg0[],output:in_port)",
		"ip,actions=ct(commit,zone=reg0[0..15],nat(src=[fe80::1]-[fe80::2]:1-5),exec(set_field:1/3->ct_mark)),clone(drop)",
		"actions=meter:1,note:01,controller(userdata=01.02),write_actions(group:1),write_metadata:1/3,goto_table:2",
		"actions=bundle(eth_src,0,hrw,ofport,members:1,2),multipath(eth_src,50,modulo_n,1,0,reg0[])",
		"actions=output:\"veth-2\",enqueue(eth0,3),sample(probability=5),check_pkt_larger(5)->reg0[3]",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		m, err := ParseFlowMod(line, storyPorts{})
		if err != nil || m.Command == Delete || m.Command == DeleteStrict {
			return
		}
		m.Rule.Match.Normalize()
		text := string(m.Rule.Append(nil, storyPorts{}))
		again, err := ParseRule(text, storyPorts{})
		if err != nil {
			t.Fatalf("%q prints as %q, which does not parse: %v", line, text, err)
		}
		if m.Command != Add {
			return // its cookie selects and is not its own
		}
		if !sameRule(m.Rule, again) {
			t.Fatalf("%q prints as %q, which means something else:\n%+v\n%+v", line, text, m.Rule, again)
		}
	})
}

// sameRule compares rules; loads may come back in several actions of 64 bits each.
func sameRule(a, b Rule) bool {
	return a.String() == b.String() && reflect.DeepEqual(a.Match, b.Match)
}
