package wrap

import (
	"math/rand/v2"

	"pollux/counter"
	"pollux/packet"
)

// Faults says how often, 0 to 1, each thing goes wrong with a packet.
type Faults struct {
	Drop     float64 // it is lost; counted as Injected
	Flip     float64 // one bit changes
	Cut      float64 // it ends early, perhaps within its headers; what is left has at least 1 byte
	Swap     float64 // it changes places with another of its burst
	SendLost float64 // it is lost when sent; counted as Injected
}

// NewFaults makes injectors for the queues of a port. The same seed and the
// same packets give the same faults.
func NewFaults(f Faults, seed uint64) func(queue int) Hook {
	return func(q int) Hook { return &injector{faults: f, rand: rand.New(rand.NewPCG(seed, uint64(q)))} }
}

type injector struct {
	faults Faults
	rand   *rand.Rand
}

func (j *injector) hits(p float64) bool { return p > 0 && j.rand.Float64() < p }

func (j *injector) Received(b *packet.Batch, o *Owner) {
	pkts, kept := b.Packets(), 0
	for _, p := range pkts {
		if j.hits(j.faults.Drop) {
			o.drop(p, counter.Injected)
			continue
		}
		j.spoil(p, o)
		pkts[kept] = p
		kept++
	}
	b.Truncate(kept)
	for i := range b.Packets() {
		if j.hits(j.faults.Swap) {
			k := j.rand.IntN(kept)
			pkts[i], pkts[k] = pkts[k], pkts[i]
		}
	}
}

// spoil changes the bytes of a packet.
func (j *injector) spoil(p *packet.Packet, o *Owner) {
	if p.Len() > 0 && j.hits(j.faults.Cut) {
		o.Pool.Trim(p, 1+j.rand.IntN(p.Len()))
	}
	if b := p.Bytes(); len(b) > 0 && j.hits(j.faults.Flip) {
		b[j.rand.IntN(len(b))] ^= 1 << j.rand.IntN(8)
	}
}

func (j *injector) Sending(b *packet.Batch, o *Owner) {
	pkts, kept := b.Packets(), 0
	for _, p := range pkts {
		if j.hits(j.faults.SendLost) {
			o.drop(p, counter.Injected)
			continue
		}
		pkts[kept] = p
		kept++
	}
	b.Truncate(kept)
}
