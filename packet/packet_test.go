package packet

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A twin is what a packet should be: its bytes in one slice, and where its headers are as marks in it.
type twin struct {
	p      *Packet
	bytes  []byte
	l3, l4 int // -1: none
	port   uint32
	meta   Meta
}

// world is packets and their twins, over one pool.
type world struct {
	t       *testing.T
	r       *rand.Rand
	pool    *Pool
	packets []*twin
}

func newWorld(t *testing.T, r *rand.Rand, frames, frameSize int) *world {
	m, err := NewMemory(make([]byte, frames*frameSize), frameSize)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, r: r, pool: m.Split(1)[0]}
}

// check compares every packet with its twin, and counts frames: each lies in exactly one place.
func (w *world) check() {
	w.t.Helper()
	seen := map[uint32]bool{}
	for _, p := range w.pool.free {
		w.once(seen, p)
		if p.Next != nil {
			w.t.Fatalf("frame %d is free with another on it", p.Frame)
		}
	}
	for _, k := range w.packets {
		w.compare(k)
		for f := k.p; f != nil; f = f.Next {
			w.once(seen, f)
		}
	}
	if len(seen) != w.pool.memory.Frames() {
		w.t.Fatalf("%d frames are somewhere, of %d", len(seen), w.pool.memory.Frames())
	}
}

func (w *world) once(seen map[uint32]bool, p *Packet) {
	w.t.Helper()
	if seen[p.Frame] {
		w.t.Fatalf("frame %d is in two places", p.Frame)
	}
	seen[p.Frame] = true
	if w.pool.memory.At(w.pool.memory.Addr(p)) != p {
		w.t.Fatalf("frame %d is not at its address", p.Frame)
	}
}

func (w *world) compare(k *twin) {
	w.t.Helper()
	p := k.p
	got := make([]byte, p.Len())
	if n := p.CopyTo(got); n != len(k.bytes) || !bytes.Equal(got, k.bytes) {
		w.t.Fatalf("a packet has %d bytes (says %d)\n%x, its twin %d\n%x", n, p.Len(), got, len(k.bytes), k.bytes)
	}
	if p.Next == nil != (p.Total == 0) && len(k.bytes) > 0 {
		w.t.Fatalf("total %d, next %v", p.Total, p.Next)
	}
	layer := func(l uint16) int {
		if l == NoLayer {
			return -1
		}
		return int(l)
	}
	if layer(p.L3) != k.l3 || layer(p.L4) != k.l4 || p.Port != k.port || p.Meta != k.meta {
		w.t.Fatalf("layers %d and %d, port %d, %+v; twin %+v", p.L3, p.L4, p.Port, p.Meta, k)
	}
}

// add makes a packet of random bytes.
func (w *world) add() {
	data := randomBytes(w.r, w.r.IntN(10*w.pool.memory.FrameSize()))
	if w.r.IntN(2) == 0 {
		data = data[:min(len(data), w.r.IntN(200))]
	}
	room := w.pool.memory.FrameSize() - Headroom
	need := max(1, (len(data)+room-1)/room)
	had := w.pool.Len()
	p := w.pool.Make(data)
	if (p != nil) != (need <= had && need <= MaxFragments) {
		w.t.Fatalf("%d bytes need %d frames, %d are free: made %v", len(data), need, had, p != nil)
	}
	if p == nil {
		if w.pool.Len() != had {
			w.t.Fatalf("a packet that was not made took %d frames", had-w.pool.Len())
		}
		return
	}
	k := &twin{p: p, bytes: data, l3: -1, l4: -1, port: w.r.Uint32(), meta: Meta{Mark: w.r.Uint32(), RecircID: w.r.Uint32()}}
	if p.Meta != (Meta{}) || p.L3 != NoLayer || p.L4 != NoLayer {
		w.t.Fatalf("a new packet has metadata: %+v", p)
	}
	p.Port, p.Meta = k.port, k.meta
	if n := len(p.Bytes()); n > 40 {
		k.l3, k.l4 = 14, 34
		p.L3, p.L4 = 14, 34
	}
	w.packets = append(w.packets, k)
}

func (w *world) pick() (int, *twin) {
	i := w.r.IntN(len(w.packets))
	return i, w.packets[i]
}

func (w *world) remove() {
	i, k := w.pick()
	w.pool.Put(k.p)
	w.packets = append(w.packets[:i], w.packets[i+1:]...)
}

func (w *world) copy() {
	_, k := w.pick()
	had, need := w.pool.Len(), fragments(k.p)
	p := w.pool.Copy(k.p)
	if (p != nil) != (need <= had) {
		w.t.Fatalf("a copy takes %d frames, %d are free: made %v", need, had, p != nil)
	}
	if p == nil {
		return
	}
	if p.Offset() != k.p.Offset() {
		w.t.Fatalf("a copy lies at %d, not at %d", p.Offset(), k.p.Offset())
	}
	c := *k
	c.p, c.bytes = p, append([]byte(nil), k.bytes...)
	w.packets = append(w.packets, &c)
}

func fragments(p *Packet) (n int) {
	for ; p != nil; p = p.Next {
		n++
	}
	return n
}

func (w *world) trim() {
	_, k := w.pick()
	n := w.r.IntN(len(k.bytes) + 20)
	w.pool.Trim(k.p, n)
	k.bytes = k.bytes[:min(n, len(k.bytes))]
	if last := lastOf(k.p); last.length == 0 && last != k.p {
		w.t.Fatalf("trimmed to %d bytes with an empty fragment at the end", n)
	}
}

func lastOf(p *Packet) *Packet {
	for p.Next != nil {
		p = p.Next
	}
	return p
}

func (w *world) push() {
	_, k := w.pick()
	n := w.r.IntN(300)
	fits := n <= k.p.Offset()
	if k.p.Push(n) != fits {
		w.t.Fatalf("pushed %d bytes into %d", n, k.p.Offset())
	}
	if !fits {
		return
	}
	b := randomBytes(w.r, n)
	copy(k.p.Bytes(), b)
	k.bytes = append(b, k.bytes...)
	k.shift(n)
}

func (w *world) pull() {
	_, k := w.pick()
	n := w.r.IntN(60)
	fits := n <= len(k.p.Bytes())
	if k.p.Pull(n) != fits {
		w.t.Fatalf("pulled %d bytes of %d", n, len(k.p.Bytes()))
	}
	if !fits {
		return
	}
	k.bytes = k.bytes[n:]
	k.shift(-n)
}

func (k *twin) shift(n int) {
	for _, l := range []*int{&k.l3, &k.l4} {
		if *l >= 0 {
			*l = max(-1, *l+n)
		}
	}
}

func (w *world) write() {
	_, k := w.pick()
	b := k.p.Bytes()
	for i := range b {
		b[i] = byte(w.r.Uint32())
	}
	copy(k.bytes, b)
}

// Chains and plain byte slices fed the same operations stay the same.
func TestPacketsAgainstSlices(t *testing.T) {
	r := seeded(t)
	for range 60 {
		w := newWorld(t, r, 1+r.IntN(40), 1024<<r.IntN(2))
		for range 200 {
			if len(w.packets) == 0 {
				w.add()
				w.check()
				continue
			}
			[]func(){w.add, w.remove, w.copy, w.trim, w.push, w.push, w.pull, w.pull, w.write}[r.IntN(9)]()
			w.check()
		}
	}
}

// A fresh use of a frame remembers nothing of the last.
func TestPlaceForgets(t *testing.T) {
	pool := testPool(t)
	p := pool.Get()
	for _, c := range []struct {
		off, length int
		fits        bool
	}{{0, 0, true}, {0, 2048, true}, {2048, 0, true}, {256, 1792, true}, {256, 1793, false}, {-1, 1, false}, {0, -1, false}, {2049, 0, false}} {
		p.Place(100, 100)
		p.L3, p.L4, p.Next, p.Total, p.Meta = 14, 34, pool.Get(), 300, Meta{Mark: 1}
		next := p.Next
		if p.Place(c.off, c.length) != c.fits {
			t.Errorf("place %d bytes at %d: not %v", c.length, c.off, c.fits)
		}
		if c.fits && (p.Offset() != c.off || p.Len() != c.length || p.L3 != NoLayer || p.L4 != NoLayer || p.Next != nil || p.Total != 0 || p.Meta != Meta{}) {
			t.Errorf("placed %d bytes at %d: %+v", c.length, c.off, p)
		}
		if !c.fits && (p.Offset() != 100 || p.Len() != 300 || p.L3 != 14 || p.Next != next || p.Meta.Mark != 1) {
			t.Errorf("refused to place, and changed the packet")
		}
		pool.Put(next)
	}
	if p.Place(Headroom, 10); p.Set(make([]byte, p.Room()+1)) || p.Len() != 10 {
		t.Error("more bytes than a frame takes were set")
	}
}

// Nothing that a polling thread calls allocates, on packets of several frames.
func TestPacketsAllocateNothing(t *testing.T) {
	m, err := NewMemory(make([]byte, 64*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	pools := m.Split(2)
	data, into := make([]byte, 5000), make([]byte, 5000)
	var b Batch
	if n := testing.AllocsPerRun(100, func() {
		p := pools[0].Make(data)
		c := pools[0].Copy(p)
		p.Push(100)
		p.Pull(200)
		p.CopyTo(into)
		pools[0].Trim(p, 2000)
		b.Append(p)
		b.Append(c)
		pools[0].PutBatch(&b)
		pools[0].MoveTo(pools[1], 32)
		pools[1].MoveTo(pools[0], 64) // more than were split to it
		pools[0].MoveTo(pools[1], 32)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSetAndPut(b *testing.B) {
	pool, data := testPool(b), make([]byte, 60)
	for b.Loop() {
		p := pool.Get()
		p.Set(data)
		pool.Put(p)
	}
}
