package packet

// BatchSize is the largest number of packets that move together.
const BatchSize = 32

// Batch is up to BatchSize packets, each a whole chain. Who has the batch
// holds its packets; a stage that hands one on empties it.
type Batch struct {
	n     int
	short int // how many fewer than BatchSize it may hold
	pkts  [BatchSize]*Packet
}

// Len is the number of packets.
func (b *Batch) Len() int { return b.n }

// Room is how many more packets fit.
func (b *Batch) Room() int { return BatchSize - b.short - b.n }

// Limit makes the batch hold no more than n packets, 1 to BatchSize. It must be empty.
func (b *Batch) Limit(n int) { b.short = BatchSize - min(max(n, 1), BatchSize) }

// Packets are the packets in order; valid until the batch changes.
func (b *Batch) Packets() []*Packet { return b.pkts[:b.n] }

// Append adds a packet. The caller has made sure that there is room.
func (b *Batch) Append(p *Packet) {
	b.pkts[b.n] = p
	b.n++
}

// Truncate keeps the first n packets. What was behind them is the caller's.
func (b *Batch) Truncate(n int) { b.n = n }

// Reset empties the batch, whose packets the caller has handed on.
func (b *Batch) Reset() { b.n = 0 }
