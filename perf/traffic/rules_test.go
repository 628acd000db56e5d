package traffic

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestRulesHaveAsManyMasksAsAsked(t *testing.T) {
	mask := regexp.MustCompile(`^table=\d+,udp,nw_src=10\.0\.0\.0/(\d+),tp_dst=0x[0-9a-f]+/(0x[0-9a-f]+),actions=output:2$`)
	for _, n := range []int{1, 8, 32, 128, MaxMasks} {
		var b strings.Builder
		if err := WriteRules(&b, n); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if len(lines) != 256+n || lines[1] != fmt.Sprintf("table=0,udp,nw_dst=20.0.0.2,actions=resubmit(,%d)", 1%n+1) {
			t.Errorf("%d masks: %d lines, the second is %s", n, len(lines), lines[1])
		}
		masks := map[string]bool{}
		for _, l := range lines[256:] {
			m := mask.FindStringSubmatch(l)
			if m == nil {
				t.Fatalf("line %q", l)
			}
			masks[m[1]+m[2]] = true
		}
		if len(masks) != n {
			t.Errorf("%d masks, want %d", len(masks), n)
		}
	}
}

func TestRulesBounds(t *testing.T) {
	var b strings.Builder
	if err := WriteRules(&b, 0); err != nil || b.String() != "in_port=1,actions=output:2\n" {
		t.Errorf("%q %v", b.String(), err)
	}
	if WriteRules(&b, -1) == nil || WriteRules(&b, MaxMasks+1) == nil {
		t.Error("a number out of bounds was taken")
	}
}
