package afxdp

import (
	"testing"

	"golang.org/x/sys/unix"

	"pollux/internal/clock"
	"pollux/packet"
)

// BenchmarkQueue is what user space spends on a packet that is received and sent, in bursts of 32, with the kernel's
// part left out: the fake one only moves indices.
func BenchmarkQueue(b *testing.B) {
	for _, c := range []struct {
		name     string
		halfDone bool
	}{{"wire", false}, {"virtual", true}} {
		b.Run(c.name, func(b *testing.B) {
			x := newTable(b)
			x.port.halfDone = c.halfDone
			x.k.errno = unix.EBUSY
			frame := append([]byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00\x00\x2e\x00\x00\x40\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02\x04\x00\x04\x00\x00\x1a\x12\x34"), make([]byte, 18)...)
			var batch packet.Batch
			var spent uint64
			for b.Loop() {
				for range packet.BatchSize {
					x.k.deliver(frame)
				}
				begin := clock.Cycles()
				x.Receive(&batch)
				x.Send(&batch)
				spent += clock.Cycles() - begin
				for i, d := range x.k.tx {
					x.k.done[i] = d.Addr
				}
				x.k.words[atTx+1], x.k.words[atDone] = x.k.words[atTx], x.k.words[atTx]
				begin = clock.Cycles()
				x.Flush()
				spent += clock.Cycles() - begin
			}
			b.ReportMetric(float64(spent)/clock.CyclesPerSecond()*1e9/float64(x.c.RxPackets.Load()), "ns/packet")
			b.ReportMetric(0, "ns/op")
		})
	}
}
