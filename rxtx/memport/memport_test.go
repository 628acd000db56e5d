package memport

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx"
)

func testPool(t *testing.T, frames int) *packet.Pool {
	t.Helper()
	m, err := packet.NewMemory(make([]byte, frames*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	return m.Split(1)[0]
}

func attach(t *testing.T, p rxtx.Port, pool *packet.Pool) (rxtx.Queue, *counter.Port) {
	t.Helper()
	c := new(counter.Port)
	if err := p.Queue(0).Attach(pool, c, 3); err != nil {
		t.Fatal(err)
	}
	return p.Queue(0), c
}

func bytesOf(p *packet.Packet) []byte {
	b := make([]byte, p.Len())
	p.CopyTo(b)
	return b
}

// A replay and a slice read round and round agree, whatever the bursts.
func TestReplayGoesRound(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for range 50 {
		packets := make([][]byte, 1+r.IntN(70))
		for i := range packets {
			packets[i] = bytes.Repeat([]byte{byte(i + 1)}, 1+r.IntN(1792))
		}
		limit := uint64(1 + r.IntN(500))
		p, err := NewReplay("r", packets, limit)
		if err != nil {
			t.Fatal(err)
		}
		pool := testPool(t, 64)
		q, c := attach(t, p, pool)
		total := 0
		for n := uint64(0); n < limit; {
			var b packet.Batch
			b.Limit(1 + r.IntN(packet.BatchSize))
			room := b.Room()
			q.Receive(&b)
			if got, want := b.Len(), min(room, int(limit-n)); got != want {
				t.Fatalf("%d packets, want %d", got, want)
			}
			for _, pkt := range b.Packets() {
				want := packets[n%uint64(len(packets))]
				if !bytes.Equal(bytesOf(pkt), want) || pkt.Port != 3 {
					t.Fatalf("packet %d of port %d is %d bytes of %d", n, pkt.Port, pkt.Len(), pkt.Bytes()[0])
				}
				clear(pkt.Mem()) // it is a copy
				total += len(want)
				n++
			}
			pool.PutBatch(&b)
		}
		var b packet.Batch
		if q.Receive(&b); b.Len() != 0 {
			t.Fatalf("%d packets beyond the limit", b.Len())
		}
		if c.RxPackets.Load() != limit || c.RxBytes.Load() != uint64(total) || c.Drops.Total() != 0 {
			t.Fatalf("%d packets and %d bytes counted, %d dropped", c.RxPackets.Load(), c.RxBytes.Load(), c.Drops.Total())
		}
	}
}

func TestReplayRefuses(t *testing.T) {
	for name, packets := range map[string][][]byte{"nothing": nil, "an empty packet": {{1}, {}}} {
		if _, err := NewReplay("r", packets, 0); err == nil {
			t.Errorf("%s is replayed", name)
		}
	}
	p, err := NewReplay("r", [][]byte{make([]byte, 1793)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Queue(0).Attach(testPool(t, 4), new(counter.Port), 1); err == nil {
		t.Error("a packet longer than a frame is attached")
	}
}

func TestAttachedQueueIsTaken(t *testing.T) {
	p := NewSink("s", 1)
	pool := testPool(t, 4)
	attach(t, p, pool)
	if err := p.Queue(0).Attach(pool, new(counter.Port), 1); err == nil {
		t.Error("a queue has two owners")
	}
}

// Why a packet was not received.
func TestDeliverDrops(t *testing.T) {
	b := NewBench("b")
	pool := testPool(t, 20)
	q, c := attach(t, b, pool)
	most := packet.MaxFragments * 1792
	b.Put(make([]byte, most+1))
	b.Put(make([]byte, most))
	b.Put(make([]byte, most))
	b.Put(make([]byte, 1792*5)) // 16 of 20 frames are gone
	var batch packet.Batch
	q.Receive(&batch)
	if batch.Len() != 2 || c.Drops[counter.RxTooManyFrags].Load() != 1 || c.Drops[counter.RxNoFrame].Load() != 1 || c.RxPackets.Load() != 4 {
		t.Errorf("%d packets received, drops %v", batch.Len(), c.Drops)
	}
	if pool.Len() != 4 {
		t.Errorf("%d frames are left, not 4", pool.Len())
	}
}

func TestPairDrops(t *testing.T) {
	near, far := NewPair("near", "far", 1, 4)
	pool := testPool(t, 64)
	q, c := attach(t, near, pool)
	other, _ := attach(t, far, testPool(t, 64))
	var b packet.Batch
	b.Append(pool.Make(make([]byte, cableBytes+1)))
	for i := range 6 {
		b.Append(pool.Make([]byte{byte(i)}))
	}
	b.Append(pool.Make(make([]byte, cableBytes)))
	q.Send(&b)
	if c.TxPackets.Load() != 4 || c.Drops[counter.TxTooLong].Load() != 1 || c.Drops[counter.TxQueueFull].Load() != 3 {
		t.Errorf("%d packets sent, drops %v", c.TxPackets.Load(), c.Drops)
	}
	if pool.Len() != 64 {
		t.Errorf("%d frames are back, of 64", pool.Len())
	}
	other.Receive(&b)
	for i, p := range b.Packets() {
		if !bytes.Equal(p.Bytes(), []byte{byte(i)}) {
			t.Errorf("packet %d is %x", i, p.Bytes())
		}
	}
	if b.Len() != 4 {
		t.Errorf("%d packets came", b.Len())
	}
}

// Two threads on a cable: what one sends the other receives, in order, each counting
// its own; what was not taken was counted. Under the race detector, too.
func TestPairBetweenThreads(t *testing.T) {
	near, far := NewPair("near", "far", 1, 64)
	const total = 20000
	pools := []*packet.Pool{testPool(t, 128), testPool(t, 128)}
	a, aCount := attach(t, near, pools[0])
	b, bCount := attach(t, far, pools[1])
	done := make(chan uint32)
	go func() { // the far end sends everything back
		var last, seen uint32
		for last != total {
			var batch packet.Batch
			b.Receive(&batch)
			for _, p := range batch.Packets() {
				if n := binary.BigEndian.Uint32(p.Bytes()); n > last {
					last, seen = n, seen+1
				}
			}
			if batch.Len() == 0 {
				runtime.Gosched()
			}
			b.Send(&batch)
		}
		done <- seen
	}()
	returned, last := uint64(0), uint32(0)
	receive := func() {
		var batch packet.Batch
		a.Receive(&batch)
		for _, p := range batch.Packets() {
			n := binary.BigEndian.Uint32(p.Bytes())
			if n <= last {
				t.Errorf("packet %d came back after %d", n, last)
			}
			last = n
			returned++
		}
		pools[0].PutBatch(&batch)
	}
	sent := uint64(0)
	for n := uint32(1); n <= total; {
		before := aCount.TxPackets.Load()
		var batch packet.Batch
		batch.Append(pools[0].Make(binary.BigEndian.AppendUint32(nil, n)))
		a.Send(&batch)
		if aCount.TxPackets.Load() > before || n < total {
			n++ // the last packet is sent until it fits: it ends the other side
		}
		sent++
		if n%3 == 0 {
			runtime.Gosched()
		}
		receive()
	}
	seen := <-done
	for had := returned; ; had = returned {
		if receive(); had == returned {
			break
		}
	}
	if aCount.TxPackets.Load() != uint64(seen) || aCount.TxPackets.Load()+aCount.Drops.Total() != sent {
		t.Errorf("%d sent: %d taken, %d dropped, %d seen", sent, aCount.TxPackets.Load(), aCount.Drops.Total(), seen)
	}
	if bCount.RxPackets.Load() != uint64(seen) || bCount.TxPackets.Load() != returned || bCount.TxPackets.Load()+bCount.Drops.Total() != uint64(seen) {
		t.Errorf("%d came, %d went back and %d were dropped, %d returned", seen, bCount.TxPackets.Load(), bCount.Drops.Total(), returned)
	}
	if pools[0].Len() != 128 || pools[1].Len() != 128 {
		t.Errorf("%d and %d frames are in the pools, of 128", pools[0].Len(), pools[1].Len())
	}
}

func TestBenchHasItsOwnCopy(t *testing.T) {
	b := NewBench("b")
	pool := testPool(t, 8)
	q, _ := attach(t, b, pool)
	data := []byte{1, 2, 3}
	b.Put(data)
	data[0] = 9
	if b.Waiting() != 1 {
		t.Errorf("%d packets wait", b.Waiting())
	}
	var batch packet.Batch
	q.Receive(&batch)
	q.Send(&batch)
	if got := b.Take(); len(got) != 1 || !bytes.Equal(got[0], []byte{1, 2, 3}) || len(b.Take()) != 0 || b.Waiting() != 0 {
		t.Errorf("took %x", got)
	}
}
