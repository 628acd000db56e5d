package afxdp

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/packet"
)

// What the kernel delivers comes out in order, what is sent leaves in order,
// and after every step every frame is accounted for.
func TestQueueAgainstKernel(t *testing.T) {
	r := seeded(t)
	x := newTable(t)
	var expected, out [][]byte // to be received, sent
	var delivered, tooMany, sends int
	for range 20000 {
		switch r.IntN(5) {
		case 0, 1:
			pieces := randomPacket(r, packet.MaxFragments+2)
			if x.k.deliver(pieces...) {
				delivered++
				if len(pieces) > packet.MaxFragments {
					tooMany++
				} else {
					expected = append(expected, slices.Concat(pieces...))
				}
			}
		case 2:
			expected = x.receiveSome(t, r, expected)
		case 3:
			n := x.sendSome(t, r, &out)
			sends += n
		case 4:
			x.Flush()
			x.k.finish(r, r.IntN(20))
		}
		x.account(t, 0)
	}
	for len(expected) > 0 {
		expected = x.receiveSome(t, r, expected)
	}
	for x.k.count(atRx) > 0 { // the last may be one that is dropped
		x.receiveSome(t, r, nil)
	}
	x.Detach()
	x.checkCounters(t, delivered, tooMany, sends)
	if len(x.k.sent) != len(out) {
		t.Fatalf("%d packets left, %d were taken", len(x.k.sent), len(out))
	}
	for i := range out {
		if !bytes.Equal(out[i], x.k.sent[i]) {
			t.Fatalf("packet %d: sent %x, left %x", i, out[i], x.k.sent[i])
		}
	}
	x.allBack(t)
}

func (x *table) receiveSome(t *testing.T, r *rand.Rand, expected [][]byte) [][]byte {
	var b packet.Batch
	for range r.IntN(packet.BatchSize) { // a batch that is not empty
		b.Append(nil)
	}
	was := b.Len()
	x.Receive(&b)
	for _, p := range b.Packets()[was:] {
		if len(expected) == 0 || !bytes.Equal(flat(p), expected[0]) || p.Len() != len(expected[0]) || p.Port != testPort {
			t.Fatalf("received %x on port %d, want %x", flat(p), p.Port, expected)
		}
		expected = expected[1:]
		x.pool.Put(p)
	}
	return expected
}

// sendSome sends a batch and appends what was taken to out. What is not taken is the last of the batch or has an odd length.
func (x *table) sendSome(t *testing.T, r *rand.Rand, out *[][]byte) int {
	var b packet.Batch
	var all [][]byte
	for range 1 + r.IntN(packet.BatchSize) {
		pieces := randomPacket(r, packet.MaxFragments)
		if r.IntN(10) == 0 && len(pieces) > 1 {
			pieces[1+r.IntN(len(pieces)-1)] = nil // an empty frame in a chain
		}
		if p := x.packetOf(pieces); p != nil {
			b.Append(p)
			all = append(all, slices.Concat(pieces...))
		}
	}
	n := b.Len()
	before, full := x.c.TxPackets.Load(), x.c.Drops[counter.TxQueueFull].Load()
	x.Send(&b)
	taken := int(x.c.TxPackets.Load() - before)
	if b.Len() != 0 || taken+int(x.c.Drops[counter.TxQueueFull].Load()-full) != n {
		t.Fatalf("sent %d packets: %d taken, %d left in the batch", n, taken, b.Len())
	}
	if taken < n { // shorter packets behind a long one may still fit: ask the ring what it took
		*out = append(*out, x.lastTaken(taken)...)
	} else {
		*out = append(*out, all...)
	}
	return n
}

// lastTaken reads the last n packets back from the transmit ring.
func (x *table) lastTaken(n int) (packets [][]byte) {
	var b []byte
	for i := x.k.words[atTx] - 1; n >= 0; i-- {
		d := x.k.tx[i&x.k.mask()]
		if d.Options == 0 {
			if b != nil {
				packets = append(packets, b)
			}
			if n--; n < 0 {
				break
			}
			b = []byte{}
		}
		b = append(slices.Clone(x.k.mem.Bytes()[d.Addr:d.Addr+uint64(d.Len)]), b...)
	}
	slices.Reverse(packets)
	return packets
}

func (x *table) packetOf(pieces [][]byte) *packet.Packet {
	var first, last *packet.Packet
	for _, b := range pieces {
		p := x.pool.Get()
		if p == nil {
			if first != nil {
				x.pool.Put(first)
			}
			return nil
		}
		p.Set(b)
		if first == nil {
			first = p
		} else {
			last.Next = p
			first.Total = uint32(len(slices.Concat(pieces...)))
		}
		last = p
	}
	return first
}

func (x *table) checkCounters(t *testing.T, delivered, tooMany, sends int) {
	t.Helper()
	c := x.c
	if n := c.RxPackets.Load(); n != uint64(delivered) {
		t.Errorf("RxPackets %d, delivered %d", n, delivered)
	}
	if n := c.Drops[counter.RxTooManyFrags].Load(); n != uint64(tooMany) {
		t.Errorf("RxTooManyFrags %d, want %d", n, tooMany)
	}
	if n := c.TxPackets.Load() + c.Drops.Total() - uint64(tooMany); n != uint64(sends) {
		t.Errorf("sent and refused %d, want %d", n, sends)
	}
	if x.c.Drops[counter.TxQueueFull].Load() == 0 {
		t.Error("the ring was never full: the test is too kind")
	}
}

// A kernel that writes anything into the rings gets no frame twice, makes
// nothing crash and gets no frame lost.
func TestQueueAgainstLiar(t *testing.T) {
	r := seeded(t)
	for range 200 {
		x := newTable(t)
		var b packet.Batch
		for range 200 {
			switch r.IntN(8) {
			case 0:
				x.k.words[r.IntN(len(x.k.words))] = r.Uint32()
			case 1:
				at := []int{atRx, atDone, atTx + 1, atFill + 1}[r.IntN(4)]
				x.k.words[at] += uint32(r.IntN(testSlots))
			case 2:
				x.k.rx[r.IntN(testSlots)] = unix.XDPDesc{Addr: r.Uint64N(testFrames * 2048 * 3 / 2), Len: r.Uint32() >> r.IntN(32), Options: r.Uint32N(4)}
			case 3:
				x.k.done[r.IntN(testSlots)] = r.Uint64() >> (r.IntN(64))
			case 4:
				x.k.deliver(randomPacketSafely(x.k, r)...)
			case 5:
				x.Receive(&b)
				x.account(t, framesOf(&b))
				x.Send(&b)
			case 6:
				x.Flush()
			case 7:
				x.k.errno = []unix.Errno{0, unix.EAGAIN, unix.ENETDOWN, unix.EBUSY}[r.IntN(4)]
				x.k.budget = r.IntN(40)
			}
			x.account(t, 0)
		}
		x.Detach()
		x.allBack(t)
	}
}

// randomPacketSafely makes a packet if the next fill address lies in the memory, which a kernel that lies to itself must ask.
func randomPacketSafely(k *fakeKernel, r *rand.Rand) [][]byte {
	pieces := randomPacket(r, 3)
	for i := range pieces {
		if k.fill[(k.words[atFill+1]+uint32(i))&k.mask()]+2048 > uint64(len(k.mem.Bytes())) {
			return nil
		}
	}
	return pieces
}

func TestTruncatedAndForeign(t *testing.T) {
	x := newTable(t)
	x.k.deliver(make([]byte, 13))
	x.k.deliver(make([]byte, 13), make([]byte, 100))
	x.k.deliver(make([]byte, 14))
	x.k.deliver(make([]byte, 60))
	x.k.rx[(x.k.words[atRx]-1)&x.k.mask()].Addr = 1 << 40
	x.k.deliver(make([]byte, 60))
	x.k.rx[(x.k.words[atRx]-1)&x.k.mask()].Len = 2000
	var b packet.Batch
	x.Receive(&b)
	if b.Len() != 1 || x.c.RxPackets.Load() != 5 || x.c.Drops[counter.RxTruncated].Load() != 4 {
		t.Errorf("received %d, counted %d, truncated %d", b.Len(), x.c.RxPackets.Load(), x.c.Drops[counter.RxTruncated].Load())
	}
	x.account(t, 1)
	x.pool.PutBatch(&b)
	x.Detach()
	x.allBack(t)
}

func TestTooLong(t *testing.T) {
	x := newTable(t)
	x.port.setMTU(100)
	var b packet.Batch
	for _, n := range []int{118, 119, 13, 14} {
		b.Append(x.packetOf([][]byte{make([]byte, n)}))
	}
	x.port.multiFrame = false
	b.Append(x.packetOf([][]byte{make([]byte, 20), make([]byte, 20)}))
	x.Send(&b)
	if d := &x.c.Drops; x.c.TxPackets.Load() != 2 || d[counter.TxTooLong].Load() != 1 || d[counter.TxError].Load() != 2 {
		t.Errorf("sent %d, too long %d, refused %d", x.c.TxPackets.Load(), d[counter.TxTooLong].Load(), d[counter.TxError].Load())
	}
	x.account(t, 0)
}

// A device that goes down takes what it was sent with it until it is up again.
func TestDownAndUp(t *testing.T) {
	x := newTable(t)
	send := func() {
		var b packet.Batch
		b.Append(x.packetOf([][]byte{make([]byte, 60)}))
		x.Send(&b)
		x.Flush()
	}
	x.k.errno = unix.ENETDOWN
	for range 10 {
		send()
	}
	if tx, down := x.c.TxPackets.Load(), x.c.Drops[counter.TxDown].Load(); tx != 1 || down != 9 || x.k.kicks != 1 {
		t.Errorf("down: %d sent, %d refused, %d wake-ups", tx, down, x.k.kicks)
	}
	x.k.errno = 0
	for range downFlushes {
		x.Flush()
	}
	send()
	if tx := x.c.TxPackets.Load(); tx != 2 || len(x.k.sent) != 2 {
		t.Errorf("up again: %d sent, %d left", tx, len(x.k.sent))
	}
	x.Detach()
	x.allBack(t)
}

// A queue whose pool is empty receives again as soon as there are frames.
func TestStarvedPool(t *testing.T) {
	x := newTable(t)
	var taken []*packet.Packet
	for p := x.pool.Get(); p != nil; p = x.pool.Get() {
		taken = append(taken, p)
	}
	var b packet.Batch
	for range testSlots {
		if !x.k.deliver(make([]byte, 60)) {
			t.Fatal("not enough frames given at the start")
		}
	}
	for range 3 {
		x.Receive(&b)
		taken = append(taken, b.Packets()...)
		b.Reset()
	}
	if x.k.deliver(make([]byte, 60)) {
		t.Fatal("frames from nowhere")
	}
	for _, p := range taken {
		x.pool.Put(p)
	}
	x.Receive(&b)
	if !x.k.deliver(make([]byte, 60)) {
		t.Fatal("the kernel got no frames though there are some")
	}
	x.Detach()
	x.allBack(t)
}

func TestQueueAllocatesNothing(t *testing.T) {
	r := seeded(t)
	x := newTable(t)
	x.port.halfDone = true
	x.hold = holdOff{limit: 100, busy: true}
	var b packet.Batch
	pieces := randomPacket(r, 1)
	jumbo := slices.Repeat(pieces, 6)
	x.k.errno = unix.EBUSY // the test plays what the kernel sends and finishes
	if n := testing.AllocsPerRun(100, func() {
		x.k.deliver(pieces...)
		x.k.deliver(jumbo...)
		for b.Len() < 2 {
			x.Receive(&b)
		}
		x.k.words[atTx+1], x.k.words[atDone] = x.k.words[atTx], x.k.words[atTx] // sent and finished
		for i, d := range x.k.tx {
			x.k.done[i] = d.Addr
		}
		x.Send(&b)
		x.Flush()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHoldOff(t *testing.T) {
	h := holdOff{limit: 1 << 60}
	steps := []struct {
		n    int
		take bool
		busy bool
	}{
		{1, true, false}, // no load: nothing waits
		{8, true, true},
		{5, false, true}, {23, false, true}, {24, true, true},
		{3, false, true},
	}
	for i, s := range steps {
		if got := h.take(s.n, 32); got != s.take || h.busy != s.busy {
			t.Fatalf("step %d: %d packets: taken %v busy %v, want %v %v", i, s.n, got, h.busy, s.take, s.busy)
		}
	}
	if !h.take(3, 3) {
		t.Error("waits for more than the caller can take")
	}
	h = holdOff{limit: 1, busy: true, since: 1}
	if !h.take(1, 32) || h.busy {
		t.Error("does not end when the wait is over and the load gone")
	}
}
