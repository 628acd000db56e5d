package afxdp

import (
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pollux/counter"
	"pollux/packet"
)

// fakeKernel plays the kernel's side of the four rings over plain memory: it receives into
// frames of the fill ring and sends from the transmit ring, finishing what it sent later and in
// any order, as a driver may.
type fakeKernel struct {
	mem        *packet.Memory
	words      [12]uint32 // head, tail and flags of fill, rx, tx and done
	fill       []uint64
	done       []uint64
	rx, tx     []unix.XDPDesc
	sent       [][]byte // packets that left
	unfinished []uint64 // frames that left and were not given back yet
	part       []byte   // a packet whose last frame has not been seen
	budget     int      // frames sent by one wake-up
	errno      unix.Errno
	kicks      int
	closed     bool
}

// Where each ring's words lie.
const (
	atFill = 3 * iota
	atRx
	atTx
	atDone
)

func newFakeKernel(m *packet.Memory, slots int) *fakeKernel {
	return &fakeKernel{mem: m, budget: 32, fill: make([]uint64, slots), done: make([]uint64, slots),
		rx: make([]unix.XDPDesc, slots), tx: make([]unix.XDPDesc, slots)}
}

func (k *fakeKernel) shared(at int) shared {
	return shared{head: &k.words[at], tail: &k.words[at+1], flags: &k.words[at+2]}
}

func (k *fakeKernel) rings() rings {
	return rings{
		rx: newConsumer(k.shared(atRx), k.rx), fill: newProducer(k.shared(atFill), k.fill),
		tx: newProducer(k.shared(atTx), k.tx), done: newConsumer(k.shared(atDone), k.done),
	}
}

func (k *fakeKernel) count(at int) int { return int(k.words[at] - k.words[at+1]) }
func (k *fakeKernel) room(at int) int  { return len(k.fill) - k.count(at) }
func (k *fakeKernel) mask() uint32     { return uint32(len(k.fill) - 1) }

// deliver receives a packet, cut into the given pieces, or drops it if there is no room.
func (k *fakeKernel) deliver(pieces ...[]byte) bool {
	if k.count(atFill) < len(pieces) || k.room(atRx) < len(pieces) {
		return false
	}
	for i, b := range pieces {
		addr := k.fill[k.words[atFill+1]&k.mask()] + packet.Headroom
		k.words[atFill+1]++
		copy(k.mem.Bytes()[addr:], b)
		d := unix.XDPDesc{Addr: addr, Len: uint32(len(b))}
		if i < len(pieces)-1 {
			d.Options = unix.XDP_PKT_CONTD
		}
		k.rx[k.words[atRx]&k.mask()] = d
		k.words[atRx]++
	}
	return true
}

func (k *fakeKernel) kickTx() unix.Errno {
	k.kicks++
	if k.errno != 0 {
		return k.errno
	}
	for n := 0; k.count(atTx) > 0; n++ {
		if n == k.budget {
			return unix.EAGAIN
		}
		if k.room(atDone) <= len(k.unfinished) {
			return unix.EAGAIN
		}
		d := k.tx[k.words[atTx+1]&k.mask()]
		k.words[atTx+1]++
		k.part = append(k.part, k.mem.Bytes()[d.Addr:d.Addr+uint64(d.Len)]...)
		if d.Options == 0 {
			k.sent = append(k.sent, k.part)
			k.part = nil
		}
		k.unfinished = append(k.unfinished, d.Addr)
	}
	return 0
}

// finish gives up to n sent frames back, in any order.
func (k *fakeKernel) finish(r *rand.Rand, n int) {
	for ; n > 0 && len(k.unfinished) > 0; n-- {
		i := r.IntN(len(k.unfinished))
		k.done[k.words[atDone]&k.mask()] = k.unfinished[i]
		k.words[atDone]++
		k.unfinished[i] = k.unfinished[len(k.unfinished)-1]
		k.unfinished = k.unfinished[:len(k.unfinished)-1]
	}
}

func (k *fakeKernel) kickRx() unix.Errno { return 0 }
func (k *fakeKernel) close()             { k.closed = true }

// A table is a queue attached to a fake kernel.
type table struct {
	*Queue
	k    *fakeKernel
	pool *packet.Pool
	c    *counter.Port
}

const (
	testFrames = 512
	testSlots  = 64
	testMTU    = 9000
	testPort   = 7
)

func newTable(t testing.TB) *table {
	m, err := packet.NewMemory(make([]byte, testFrames*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Port{name: "fake0", multiFrame: true}
	p.setMTU(testMTU)
	x := &table{Queue: &Queue{port: p}, k: newFakeKernel(m, testSlots), pool: m.Split(1)[0], c: new(counter.Port)}
	x.k.words[atTx+2] = ringNeedWakeup
	for _, at := range []int{atFill, atRx, atTx, atDone} { // indices wrap
		x.k.words[at], x.k.words[at+1] = ^uint32(99), ^uint32(99)
	}
	x.attach()
	return x
}

func (x *table) attach() { x.start(x.k.rings(), x.k, x.pool, x.c, testPort) }

// account sees that every frame is somewhere, once.
func (x *table) account(t testing.TB, inHand int) {
	t.Helper()
	if x.inTx.n > testSlots {
		t.Fatalf("%d frames given to be sent, the rings have %d slots", x.inTx.n, testSlots)
	}
	if n := x.Held() + x.pool.Len() + inHand; n != testFrames {
		t.Fatalf("held %d + free %d + in hand %d = %d frames of %d", x.Held(), x.pool.Len(), inHand, n, testFrames)
	}
}

// allBack sees that all frames are in the pool and no two are the same.
func (x *table) allBack(t testing.TB) {
	t.Helper()
	if x.Held() != 0 || x.pool.Len() != testFrames {
		t.Fatalf("after Detach %d frames are held and %d of %d free", x.Held(), x.pool.Len(), testFrames)
	}
	seen := map[uint32]bool{}
	for p := x.pool.Get(); p != nil; p = x.pool.Get() {
		if seen[p.Frame] || p.Next != nil {
			t.Fatalf("frame %d is in the pool twice, or in a chain (%v)", p.Frame, p.Next)
		}
		seen[p.Frame] = true
	}
}

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// randomPacket cuts a random packet into frames; a few are longer than a packet may be.
func randomPacket(r *rand.Rand, most int) (pieces [][]byte) {
	n := 1
	if r.IntN(4) == 0 {
		n = 1 + r.IntN(most)
	}
	for range n {
		b := make([]byte, 14+r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		pieces = append(pieces, b)
	}
	return pieces
}

func flat(p *packet.Packet) (b []byte) {
	for ; p != nil; p = p.Next {
		b = append(b, p.Bytes()...)
	}
	return b
}

func framesOf(b *packet.Batch) (n int) {
	for _, p := range b.Packets() {
		for ; p != nil; p = p.Next {
			n++
		}
	}
	return n
}
