package contract

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pollux/counter"
	"pollux/packet"
	"pollux/rxtx"
)

// desk is a port under test with a pool of frames and the books of what was done
// with it. One goroutine plays the thread.
type desk struct {
	t      *testing.T
	rig    Rig
	queues []rxtx.Queue
	memory *packet.Memory
	pool   *packet.Pool
	counts []*counter.Port // by queue
	books  []book          // what counts must say
	hand   int             // frames that the test holds
	number uint32          // of the last marked packet
}

// book is what was seen of a queue.
type book struct{ received, receivedBytes, sent uint64 }

const (
	deskFrames    = 1024
	deskFrameSize = 2048
)

func newDesk(t *testing.T, rig Rig) *desk {
	d := &desk{t: t, rig: rig, memory: rig.Memory}
	if d.memory == nil {
		m, err := packet.NewMemory(make([]byte, deskFrames*deskFrameSize), deskFrameSize)
		if err != nil {
			t.Fatal(err)
		}
		d.memory = m
	}
	d.pool = d.memory.Split(1)[0]
	for q := range rig.Port.Queues() {
		d.queues = append(d.queues, rig.Port.Queue(q))
		d.counts = append(d.counts, new(counter.Port))
	}
	d.books = make([]book, len(d.queues))
	t.Cleanup(func() {
		d.detach()
		if err := rig.Port.Close(); err != nil {
			t.Errorf("close port: %v", err)
		}
	})
	return d
}

func (d *desk) attach() {
	d.t.Helper()
	for q, queue := range d.queues {
		if err := queue.Attach(d.pool, d.counts[q], portNumber(q)); err != nil {
			d.t.Fatal(err)
		}
	}
	d.check()
}

// detach ends the ownership of all queues, after which every frame is in the pool or in hand.
func (d *desk) detach() {
	d.t.Helper()
	for q, queue := range d.queues {
		queue.Detach()
		if n := queue.Held(); n != 0 {
			d.t.Errorf("queue %d holds %d frames after Detach", q, n)
		}
	}
	if n := d.pool.Len() + d.hand; n != d.memory.Frames() {
		d.t.Errorf("%d frames are there after Detach, of %d", n, d.memory.Frames())
	}
}

// check counts frames and compares the port's counters with the books.
func (d *desk) check() {
	d.t.Helper()
	frames := d.pool.Len() + d.hand
	for q, queue := range d.queues {
		frames += queue.Held()
		c, b := d.counts[q], d.books[q]
		in, out := dropped(c)
		if d.rig.Injects { // the same reason for both ways
			if c.RxPackets.Load()+b.sent != b.received+c.TxPackets.Load()+in+out {
				d.t.Fatalf("queue %d: %d + %d packets came and were sent, %d + %d seen, %d dropped",
					q, c.RxPackets.Load(), b.sent, b.received, c.TxPackets.Load(), in+out)
			}
			continue
		}
		if n := c.RxPackets.Load(); n != b.received+in {
			d.t.Fatalf("queue %d counts %d packets received; it returned %d and dropped %d", q, n, b.received, in)
		}
		if n := c.RxBytes.Load(); in == 0 && n != b.receivedBytes {
			d.t.Fatalf("queue %d counts %d bytes received; it returned %d", q, n, b.receivedBytes)
		}
		if n := c.TxPackets.Load(); n+out != b.sent {
			d.t.Fatalf("queue %d counts %d packets sent and %d dropped, of %d", q, n, out, b.sent)
		}
	}
	if frames != d.memory.Frames() {
		d.t.Fatalf("%d frames are in the pool, with the port and in hand, of %d", frames, d.memory.Frames())
	}
}

// receive takes a burst into b, whose packets are the test's.
func (d *desk) receive(q int, b *packet.Batch) {
	had := b.Len()
	d.queues[q].Receive(b)
	for _, p := range b.Packets()[had:] {
		d.books[q].received++
		d.books[q].receivedBytes += uint64(p.Len())
		d.hand += frames(p)
	}
}

// send gives the packets of b away.
func (d *desk) send(q int, b *packet.Batch) {
	d.t.Helper()
	for _, p := range b.Packets() {
		d.books[q].sent++
		d.hand -= frames(p)
	}
	d.queues[q].Send(b)
	if b.Len() != 0 {
		d.t.Fatalf("queue %d left %d packets in the batch", q, b.Len())
	}
	d.queues[q].Flush()
}

// sent waits until n packets have left by a queue and returns those that are the test's.
func (d *desk) sent(q, n int) (all [][]byte) {
	for d.rig.Sent != nil {
		for _, data := range d.rig.Sent(q) {
			if isMarked(data) {
				all = append(all, data)
			}
		}
		if len(all) >= n || d.rig.Wait == nil || !d.rig.Wait() {
			break
		}
		d.queues[q].Flush()
	}
	return all
}

// feed lets n packets come in and returns them; none if that cannot be.
func (d *desk) feed(q, n int) (packets [][]byte) {
	if d.rig.Feed == nil {
		return nil
	}
	for i := range n {
		packets = append(packets, d.marked(60+37*i%1440))
	}
	d.rig.Feed(q, packets)
	return packets
}

// collect receives until n packets of the test have come and returns copies; see looks at each before it is given back.
func (d *desk) collect(q, n int, see func(*packet.Packet)) (all [][]byte) {
	for len(all) < n {
		var b packet.Batch
		d.receive(q, &b)
		got := b.Len()
		for _, p := range b.Packets() {
			data := make([]byte, p.Len())
			if p.CopyTo(data); isMarked(data) || d.rig.Endless || d.rig.Injects {
				all = append(all, data)
			}
			if see != nil {
				see(p)
			}
		}
		d.giveBack(&b)
		if got == 0 && (d.rig.Wait == nil || !d.rig.Wait()) {
			break
		}
	}
	return all
}

// drain receives what still lies there.
func (d *desk) drain(q int) {
	if d.rig.Feed == nil {
		return
	}
	last := d.feed(q, 1)[0]
	for {
		got := d.collect(q, 1, nil)
		if len(got) == 0 || bytes.Equal(got[len(got)-1], last) {
			return
		}
	}
}

// take is a short packet in the test's hand.
func (d *desk) take() *packet.Packet {
	p := d.make(d.marked(60))
	if p == nil {
		d.t.Fatal("the pool is empty")
	}
	return p
}

func (d *desk) make(data []byte) *packet.Packet {
	p := d.pool.Make(data)
	d.hand += frames(p)
	return p
}

// fill makes a batch of n packets.
func (d *desk) fill(n int) (*packet.Batch, [][]byte) {
	b, all := new(packet.Batch), [][]byte(nil)
	for i := range n {
		data := d.marked(60 + 41*i)
		if p := d.make(data); p != nil {
			b.Append(p)
			all = append(all, data)
		}
	}
	return b, all
}

func (d *desk) giveBack(b *packet.Batch) {
	for _, p := range b.Packets() {
		d.hand -= frames(p)
	}
	d.pool.PutBatch(b)
}

func frames(p *packet.Packet) (n int) {
	for ; p != nil; p = p.Next {
		n++
	}
	return n
}

// etherTest is an Ethernet type for local experiments (IEEE 802).
const etherTest = 0x88b5

// marked is a packet of n bytes unlike all others of the test.
func (d *desk) marked(n int) []byte {
	d.number++
	b := make([]byte, n)
	copy(b, []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1})
	binary.BigEndian.PutUint16(b[12:], etherTest)
	binary.BigEndian.PutUint32(b[14:], d.number)
	for i := 18; i < n; i++ {
		b[i] = byte(uint32(i) * d.number)
	}
	return b
}

func isMarked(b []byte) bool { return len(b) >= 18 && binary.BigEndian.Uint16(b[12:]) == etherTest }

// compare complains of the first difference.
func (d *desk) compare(what string, got, want [][]byte) {
	d.t.Helper()
	if d.rig.Injects || d.rig.Endless {
		return
	}
	if len(got) != len(want) {
		d.t.Fatalf("%d packets %s, want %d", len(got), what, len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			d.t.Fatalf("packet %d %s is\n%x, want\n%x", i, what, got[i], want[i])
		}
	}
}
