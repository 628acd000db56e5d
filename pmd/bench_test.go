package pmd

import (
	"strconv"
	"testing"

	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/rxtx/memport"
)

// BenchmarkForward is the whole path of a packet on memory ports, one rule
// from port 1 to port 2, by the number of connections.
func BenchmarkForward(b *testing.B) {
	for _, flows := range []int{32, 1000, 8000} {
		b.Run(strconv.Itoa(flows), func(b *testing.B) {
			r := newRig(b, 1)
			var packets [][]byte
			for i := range flows {
				packets = append(packets, udp(i))
			}
			source, err := memport.NewReplay("source", packets, 0)
			if err != nil {
				b.Fatal(err)
			}
			r.ports["source"], r.ports["sink"] = source, memport.NewSink("sink", 1)
			r.put(0, from(1), out(2))
			for i, name := range []string{"source", "sink"} {
				if _, err := r.dp.AddPort(dpif.PortSpec{Port: uint32(1 + i), Name: name}); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			start, n := clock.Cycles(), 0
			for n < b.N {
				n += r.dp.Turn()
			}
			b.ReportMetric(float64(clock.Cycles()-start)/float64(n), "cycles/packet")
		})
	}
}
