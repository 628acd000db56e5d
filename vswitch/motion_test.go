package vswitch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"pollux/internal/clock"
	"pollux/openflow"
	"pollux/rxtx"
	"pollux/rxtx/memport"
)

// A switch in motion: its thread polls, its pump answers, it revalidates, and rules change and commands ask meanwhile,
// all at once as in service. In the end the books balance.
func TestInMotion(t *testing.T) {
	const packets = 30_000
	d := dice{rand.New(rand.NewPCG(1, 3)), worldPorts, true}
	var ports []rxtx.Port
	for i := range worldPorts {
		var traffic [][]byte
		for range 200 {
			f := d.packet()
			f.payload = nil
			traffic = append(traffic, f.bytes())
		}
		p, err := memport.NewReplay(fmt.Sprint("p", i+1), traffic, packets)
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, p)
	}
	o := worldOptions(1)
	o.Default = "priority=0,actions=NORMAL"
	m := newMem(t, o, 1, clock.System, ports...)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	tended := make(chan struct{})
	go func() { m.revalidate(ctx); close(tended) }()
	meddle(t, m, d, packets*worldPorts)
	cancel()
	<-tended
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if b := TakeSnapshot(m.Region(), 0).Totals(); b.Out == 0 || b.In+b.Made != b.Out+b.Dropped+b.ToControl {
		t.Errorf("the books do not balance: %+v", b)
	}
}

// meddle changes rules and runs commands until all packets have come and gone.
func meddle(t *testing.T, m *Mem, d dice, packets int) {
	for i := 0; ; i++ {
		line := "add " + d.rule(d.IntN(numTables)).String()
		if i%8 == 0 {
			line = fmt.Sprintf("delete table=%d", d.IntN(numTables))
		}
		mod, err := openflow.ParseFlowMod(line, nil)
		if err == nil {
			_, err = m.bridge.Apply([]openflow.FlowMod{mod}, m.clock.Now())
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for _, c := range m.commands(&life{}) {
			switch c.Name {
			case "dpctl/dump-flows", "dpctl/del-flows", "fdb/flush", "bridge/dump-flows", "dpif-netdev/pmd-rxq-show", "pollux/stats":
				if d.one(4) {
					if _, err := c.Run(context.Background(), nil); err != nil {
						t.Fatalf("%s: %v", c.Name, err)
					}
				}
			}
		}
		b := TakeSnapshot(m.Region(), m.clock.Now()).Totals()
		if b.In >= uint64(packets) && b.In+b.Made == b.Out+b.Dropped+b.ToControl {
			return
		}
		runtime.Gosched()
	}
}
