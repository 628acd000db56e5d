package wrap

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx"
)

// loop is a port of one queue whose packets come back; what a test puts in comes in first.
type loop struct {
	pool  *packet.Pool
	count *counter.Port
	port  uint32
	wait  []*packet.Packet
}

func (l *loop) Info() rxtx.Info         { return rxtx.Info{Name: "loop", Kind: "loop", Queues: 1} }
func (l *loop) Queues() int             { return 1 }
func (l *loop) Queue(int) rxtx.Queue    { return l }
func (l *loop) Close() error            { return nil }
func (l *loop) Flush()                  {}
func (l *loop) Held() int               { return len(l.wait) }
func (l *loop) put(p ...*packet.Packet) { l.wait = append(l.wait, p...) }

func (l *loop) Attach(pool *packet.Pool, c *counter.Port, port uint32) error {
	l.pool, l.count, l.port = pool, c, port
	return nil
}

func (l *loop) Detach() {
	for _, p := range l.wait {
		l.pool.Put(p)
	}
	l.wait = l.wait[:0]
}

func (l *loop) Receive(b *packet.Batch) {
	n := min(b.Room(), len(l.wait))
	for _, p := range l.wait[:n] {
		l.count.RxPackets.Add(1)
		l.count.RxBytes.Add(uint64(p.Len()))
		p.Port = l.port
		b.Append(p)
	}
	l.wait = append(l.wait[:0], l.wait[n:]...)
}

func (l *loop) Send(b *packet.Batch) {
	l.count.TxPackets.Add(uint64(b.Len()))
	l.put(b.Packets()...)
	b.Reset()
}

const poolFrames = 256

// newLoop makes a wrapped loop with a thread's pool and counters.
func newLoop(t testing.TB, hook func(int) Hook) (*loop, rxtx.Queue) {
	t.Helper()
	m, err := packet.NewMemory(make([]byte, poolFrames*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := &loop{wait: make([]*packet.Packet, 0, 2*poolFrames)}
	p := Port(l, hook)
	if err := p.Queue(0).Attach(m.Split(1)[0], new(counter.Port), 5); err != nil {
		t.Fatal(err)
	}
	return l, p.Queue(0)
}

// adder changes the first byte and doubles each packet while there is room.
type adder struct{ seen int }

func (a *adder) Received(b *packet.Batch, o *Owner) {
	for _, p := range b.Packets() {
		a.seen++
		p.Bytes()[0]++
		if b.Room() > 0 {
			b.Append(o.Pool.Copy(p))
		}
	}
}
func (a *adder) Sending(*packet.Batch, *Owner) {}

// A hook sees a packet once, when it comes in, whatever the batch held before.
func TestHookSeesOnlyWhatCameIn(t *testing.T) {
	a := new(adder)
	l, q := newLoop(t, func(int) Hook { return a })
	for room := 1; room <= packet.BatchSize; room++ {
		for had := range room {
			a.seen = 0
			var b packet.Batch
			b.Limit(room)
			for range had {
				b.Append(l.pool.Make([]byte{100}))
			}
			l.put(l.pool.Make([]byte{0}), l.pool.Make([]byte{10}))
			q.Receive(&b)
			came := min(2, room-had)
			want := bytes.Repeat([]byte{100}, had)
			want = append(want, []byte{1, 11}[:came]...)
			want = append(want, []byte{1, 11}[:min(came, room-had-came)]...)
			var got []byte
			for _, p := range b.Packets() {
				got = append(got, p.Bytes()...)
			}
			if !bytes.Equal(got, want) || a.seen != came {
				t.Fatalf("%d packets in a batch for %d: then %v, want %v; the hook saw %d", had, room, got, want, a.seen)
			}
			l.pool.PutBatch(&b)
			l.Detach()
		}
	}
	if l.pool.Len() != poolFrames {
		t.Errorf("%d frames are left", l.pool.Len())
	}
}

func TestTracer(t *testing.T) {
	type seen struct {
		d     Direction
		queue int
		first byte
	}
	var all []seen
	l, q := newLoop(t, NewTracer(func(d Direction, queue int, p *packet.Packet) { all = append(all, seen{d, queue, p.Bytes()[0]}) }))
	var b packet.Batch
	b.Append(l.pool.Make([]byte{1}))
	b.Append(l.pool.Make([]byte{2}))
	q.Send(&b)
	q.Receive(&b)
	want := []seen{{Out, 0, 1}, {Out, 0, 2}, {In, 0, 1}, {In, 0, 2}}
	if len(all) != 4 {
		t.Fatalf("saw %v", all)
	}
	for i := range all {
		if all[i] != want[i] {
			t.Errorf("saw %v, want %v", all[i], want[i])
		}
	}
}

// pass lets n packets, some long, through the port and back, and returns what came.
func pass(t *testing.T, l *loop, q rxtx.Queue, r *rand.Rand, n int) (came [][]byte) {
	for left := n; left > 0; {
		var b packet.Batch
		for range min(left, 1+r.IntN(packet.BatchSize)) {
			data := make([]byte, r.IntN(4000))
			for i := range data {
				data[i] = byte(left)
			}
			b.Append(l.pool.Make(data))
			left--
		}
		q.Send(&b)
		for held := q.Held(); held > 0; held = q.Held() {
			q.Receive(&b)
			for _, p := range b.Packets() {
				data := make([]byte, p.Len())
				p.CopyTo(data)
				came = append(came, data)
			}
			l.pool.PutBatch(&b)
		}
		if l.pool.Len() != poolFrames {
			t.Fatalf("%d frames are in the pool, of %d", l.pool.Len(), poolFrames)
		}
	}
	return came
}

// Faults hit about as often as asked, the same ones with the same seed; every packet is counted once.
func TestFaults(t *testing.T) {
	const n = 4000
	f := Faults{Drop: 0.1, Flip: 0.1, Cut: 0.1, Swap: 0.1, SendLost: 0.1}
	run := func(seed uint64) (string, *counter.Port) {
		l, q := newLoop(t, NewFaults(f, seed))
		came := pass(t, l, q, rand.New(rand.NewPCG(1, 1)), n)
		if uint64(len(came)) != n-l.count.Drops[counter.Injected].Load() || l.count.Drops.Total() != l.count.Drops[counter.Injected].Load() {
			t.Errorf("seed %d: %d of %d packets came, %v dropped", seed, len(came), n, l.count.Drops)
		}
		return string(bytes.Join(came, nil)), l.count
	}
	first, count := run(1)
	again, _ := run(1)
	other, _ := run(2)
	if first != again {
		t.Error("the same seed gave other faults")
	}
	if first == other {
		t.Error("another seed gave the same faults")
	}
	// 0.1 + 0.9*0.1 of 4,000 is 760, and ten standard deviations are 250.
	if d := count.Drops[counter.Injected].Load(); d < 510 || d > 1010 {
		t.Errorf("%d packets lost, about 760 were asked for", d)
	}
}

// Each fault alone does what it says and nothing else.
func TestEachFault(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults Faults
		check  func(in, out []byte) bool
	}{
		{"flip", Faults{Flip: 1}, func(in, out []byte) bool { return len(in) == len(out) && bitsApart(in, out) == 1 }},
		{"cut", Faults{Cut: 1}, func(in, out []byte) bool { return len(out) >= 1 && bytes.HasPrefix(in, out) }},
		{"none", Faults{}, bytes.Equal},
	} {
		l, q := newLoop(t, NewFaults(c.faults, 1))
		for n := 1; n < 4000; n += 13 {
			in := bytes.Repeat([]byte{0x55}, n)
			l.put(l.pool.Make(in))
			var b packet.Batch
			q.Receive(&b)
			out := make([]byte, b.Packets()[0].Len())
			b.Packets()[0].CopyTo(out)
			if !c.check(in, out) {
				t.Fatalf("%s made of %d bytes %d", c.name, n, len(out))
			}
			l.pool.PutBatch(&b)
		}
	}
}

func bitsApart(a, b []byte) (n int) {
	for i := range a {
		for x := a[i] ^ b[i]; x != 0; x &= x - 1 {
			n++
		}
	}
	return n
}

// Swapping loses and doubles nothing.
func TestSwap(t *testing.T) {
	l, q := newLoop(t, NewFaults(Faults{Swap: 1}, 1))
	for i := range packet.BatchSize {
		l.put(l.pool.Make([]byte{byte(i)}))
	}
	var b packet.Batch
	q.Receive(&b)
	moved, seen := 0, map[byte]bool{}
	for i, p := range b.Packets() {
		if seen[p.Bytes()[0]] = true; int(p.Bytes()[0]) != i {
			moved++
		}
	}
	if len(seen) != packet.BatchSize || moved == 0 {
		t.Errorf("%d packets are there, %d moved", len(seen), moved)
	}
}

// A packet without bytes has nothing to spoil.
func TestEmptyPacketIsNotSpoilt(t *testing.T) {
	l, q := newLoop(t, NewFaults(Faults{Flip: 1, Cut: 1, Swap: 1}, 1))
	l.put(l.pool.Make(nil))
	var b packet.Batch
	if q.Receive(&b); b.Len() != 1 || b.Packets()[0].Len() != 0 {
		t.Errorf("%d packets came", b.Len())
	}
}

func TestFaultsAllocateNothing(t *testing.T) {
	l, q := newLoop(t, NewFaults(Faults{Drop: 0.1, Flip: 0.5, Cut: 0.5, Swap: 0.5, SendLost: 0.1}, 1))
	data := make([]byte, 3000)
	var b packet.Batch
	if n := testing.AllocsPerRun(100, func() {
		for range packet.BatchSize {
			b.Append(l.pool.Make(data))
		}
		q.Send(&b)
		q.Receive(&b)
		l.pool.PutBatch(&b)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
