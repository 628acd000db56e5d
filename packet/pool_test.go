package packet

import (
	"math/rand/v2"
	"testing"
)

// twins are pools and what they should hold, as sets of frame numbers; held is what is in no pool.
type twins struct {
	t      *testing.T
	r      *rand.Rand
	pools  []*Pool
	sets   []map[uint32]bool
	held   map[*Packet]bool
	frames int
}

func newTwins(t *testing.T, r *rand.Rand) *twins {
	w := &twins{t: t, r: r, held: map[*Packet]bool{}, frames: 1 + r.IntN(100)}
	m, err := NewMemory(make([]byte, w.frames*1024), 1024)
	if err != nil {
		t.Fatal(err)
	}
	n := 1 + r.IntN(4)
	w.pools = m.Split(n)
	for i, p := range w.pools {
		if p.Len() != w.frames/n && p.Len() != w.frames/n+1 {
			t.Fatalf("pool %d of %d got %d frames of %d", i, n, p.Len(), w.frames)
		}
		set := map[uint32]bool{}
		for _, f := range p.free {
			set[f.Frame] = true
		}
		w.sets = append(w.sets, set)
	}
	return w
}

func (w *twins) get(i int) {
	p := w.pools[i].Get()
	if (p == nil) != (len(w.sets[i]) == 0) {
		w.t.Fatalf("got %v of a pool of %d", p, len(w.sets[i]))
	}
	if p == nil {
		return
	}
	if !w.sets[i][p.Frame] {
		w.t.Fatalf("got frame %d, which was not there", p.Frame)
	}
	delete(w.sets[i], p.Frame)
	w.held[p] = true
}

// put gives a frame to whatever pool, as one that crossed threads is.
func (w *twins) put(i int) {
	for p := range w.held {
		w.pools[i].Put(p)
		w.sets[i][p.Frame] = true
		delete(w.held, p)
		return
	}
}

func (w *twins) move(i, j int) {
	if i == j {
		return
	}
	want, to := w.r.IntN(10), w.pools[j]
	moved := w.pools[i].MoveTo(to, want)
	if moved != min(want, len(w.sets[i])) {
		w.t.Fatalf("moved %d frames, want %d of %d", moved, want, len(w.sets[i]))
	}
	for _, p := range to.free[to.Len()-moved:] {
		if !w.sets[i][p.Frame] {
			w.t.Fatalf("frame %d came from elsewhere", p.Frame)
		}
		delete(w.sets[i], p.Frame)
		w.sets[j][p.Frame] = true
	}
}

func (w *twins) check() {
	total := len(w.held)
	for j, p := range w.pools {
		if total += p.Len(); p.Len() != len(w.sets[j]) {
			w.t.Fatalf("pool %d holds %d frames, its set %d", j, p.Len(), len(w.sets[j]))
		}
	}
	if total != w.frames {
		w.t.Fatalf("%d frames are there, of %d", total, w.frames)
	}
}

// Pools and sets of frame numbers, fed the same operations, agree.
func TestPoolsAgainstSets(t *testing.T) {
	r := seeded(t)
	for range 50 {
		w := newTwins(t, r)
		for range 500 {
			i := r.IntN(len(w.pools))
			switch r.IntN(4) {
			case 0, 1:
				w.get(i)
			case 2:
				w.put(i)
			case 3:
				w.move(i, r.IntN(len(w.pools)))
			}
			w.check()
		}
	}
}

// The frame put back last is taken first: the cache still knows it.
func TestPoolIsAStack(t *testing.T) {
	pool := testPool(t)
	a, b := pool.Get(), pool.Get()
	pool.Put(a)
	pool.Put(b)
	if pool.Get() != b || pool.Get() != a {
		t.Error("frames come back in another order")
	}
	if pool.Memory().At(0) == nil {
		t.Error("a pool does not know its memory")
	}
}

func TestMemoryRefuses(t *testing.T) {
	for _, c := range []struct{ bytes, size int }{{0, 2048}, {2047, 2048}, {4096, 3000}, {4096, 512}, {65536, 65536}} {
		if _, err := NewMemory(make([]byte, c.bytes), c.size); err == nil {
			t.Errorf("%d bytes were cut into frames of %d", c.bytes, c.size)
		}
	}
}

// An address from the kernel leads into the frame it lies in, or nowhere.
func TestAddresses(t *testing.T) {
	m, err := NewMemory(make([]byte, 3*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	if m.Frames() != 3 || m.FrameSize() != 2048 || len(m.Bytes()) != 3*2048 {
		t.Errorf("%d frames of %d in %d bytes", m.Frames(), m.FrameSize(), len(m.Bytes()))
	}
	for addr := range uint64(3 * 2048) {
		if p := m.At(addr); p == nil || uint64(p.Frame) != addr/2048 {
			t.Fatalf("address %d leads to %v", addr, p)
		}
	}
	for _, addr := range []uint64{3 * 2048, 1 << 40, 1<<64 - 1} {
		if p := m.At(addr); p != nil {
			t.Errorf("address %d leads to frame %d", addr, p.Frame)
		}
	}
	p := m.At(2048)
	p.Set([]byte{42})
	if m.Addr(p) != 2048+Headroom || m.Bytes()[m.Addr(p)] != 42 {
		t.Errorf("the first byte lies at %d", m.Addr(p))
	}
}

// A batch and a slice agree, under any limit.
func TestBatchAgainstSlice(t *testing.T) {
	r := seeded(t)
	var b Batch
	var want []*Packet
	limit := BatchSize
	for range 20000 {
		switch r.IntN(8) {
		case 0:
			b.Reset()
			want = want[:0]
		case 1:
			n := r.IntN(len(want) + 1)
			b.Truncate(n)
			want = want[:n]
		case 2:
			if len(want) == 0 {
				n := r.IntN(40)
				b.Limit(n)
				limit = min(max(n, 1), BatchSize)
			}
		default:
			if b.Room() > 0 {
				p := new(Packet)
				b.Append(p)
				want = append(want, p)
			}
		}
		if b.Len() != len(want) || b.Room() != limit-len(want) {
			t.Fatalf("%d packets with room for %d more, want %d and %d", b.Len(), b.Room(), len(want), limit-len(want))
		}
		for i, p := range b.Packets() {
			if p != want[i] {
				t.Fatalf("packet %d is another", i)
			}
		}
	}
}
