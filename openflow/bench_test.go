package openflow

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkParseRule(b *testing.B) {
	const line = "table=1,priority=100,cookie=0x5,tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=mod_dl_dst:02:00:00:00:00:01,dec_ttl,load:0x5->NXM_NX_REG0[0..15],resubmit(,2)"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseRule(line, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRule(b *testing.B) {
	r, err := ParseRule("table=1,priority=100,cookie=0x5,tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=mod_dl_dst:02:00:00:00:00:01,dec_ttl,load:0x5->NXM_NX_REG0[0..15],resubmit(,2)", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = r.Append(dst[:0], nil)
	}
}

func BenchmarkParseFile(b *testing.B) {
	var file strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&file, "priority=%d,ip,nw_dst=10.%d.%d.0/24,actions=output:%d\n", i, i/256, i%256, 1+i%10)
	}
	b.ReportAllocs()
	for b.Loop() {
		rules, err := ParseRules(strings.NewReader(file.String()), nil)
		if err != nil || len(rules) != 1000 {
			b.Fatal(err)
		}
	}
}
