package wrap

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"pollux/internal/clock"
	"pollux/packet"
)

// What is captured is read by somebody else's reader: bytes, lengths and times.
func TestCaptureIsReadByOthers(t *testing.T) {
	var file bytes.Buffer
	now := new(clock.Manual)
	now.Advance(1234567890123456789)
	c, err := NewCapture(&file, now)
	if err != nil {
		t.Fatal(err)
	}
	l, q := newLoop(t, func(int) Hook { return c })
	r := rand.New(rand.NewPCG(1, 1))
	var want [][]byte
	var times []time.Time
	for range 50 {
		var b packet.Batch
		var burst [][]byte
		for range 1 + r.IntN(packet.BatchSize) {
			data := make([]byte, r.IntN(2250)) // some take more than one frame
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			b.Append(l.pool.Make(data))
			burst = append(burst, data)
		}
		note := func() {
			want = append(want, burst...)
			for range burst {
				times = append(times, time.Unix(0, int64(now.Now())))
			}
		}
		note()
		q.Send(&b)
		now.Advance(999999937)
		note()
		q.Receive(&b)
		now.Advance(1001)
		l.pool.PutBatch(&b)
	}
	if c.Err() != nil {
		t.Fatal(c.Err())
	}
	reader, err := pcapgo.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	if reader.LinkType() != layers.LinkTypeEthernet {
		t.Errorf("link type %v", reader.LinkType())
	}
	for i := range want {
		data, info, err := reader.ReadPacketData()
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		if !bytes.Equal(data, want[i]) || info.Length != len(data) || !info.Timestamp.Equal(times[i]) {
			t.Fatalf("packet %d of %d bytes at %v, want %d at %v", i, info.Length, info.Timestamp, len(want[i]), times[i])
		}
	}
	if _, _, err := reader.ReadPacketData(); err != io.EOF {
		t.Errorf("after the last packet: %v", err)
	}
}

// full is a disk with room for some bytes.
type full struct{ room, writes int }

var errFull = errors.New("disk full")

func (f *full) Write(b []byte) (int, error) {
	f.writes++
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// Packets go on when the file cannot be written; the first error is kept and nothing is tried again.
func TestCaptureOutlivesItsDisk(t *testing.T) {
	if _, err := NewCapture(&full{}, new(clock.Manual)); !errors.Is(err, errFull) {
		t.Errorf("the header was written: %v", err)
	}
	disk := &full{room: 24 + 16 + 60}
	c, err := NewCapture(disk, new(clock.Manual))
	if err != nil {
		t.Fatal(err)
	}
	l, q := newLoop(t, func(int) Hook { return c })
	for i := range 5 {
		var b packet.Batch
		l.put(l.pool.Make(make([]byte, 60)))
		if q.Receive(&b); b.Len() != 1 {
			t.Fatalf("burst %d did not come", i)
		}
		l.pool.PutBatch(&b)
	}
	if !errors.Is(c.Err(), errFull) || disk.writes != 3 {
		t.Errorf("error %v after %d writes", c.Err(), disk.writes)
	}
}

// The writer's buffer grows to the largest burst and no more.
func TestCaptureAllocatesNothingAfterwards(t *testing.T) {
	c, err := NewCapture(io.Discard, new(clock.Manual))
	if err != nil {
		t.Fatal(err)
	}
	l, q := newLoop(t, func(int) Hook { return c })
	data := make([]byte, 3000)
	var b packet.Batch
	burst := func() {
		for range packet.BatchSize {
			b.Append(l.pool.Make(data))
		}
		q.Send(&b)
		q.Receive(&b)
		l.pool.PutBatch(&b)
	}
	burst()
	if n := testing.AllocsPerRun(100, burst); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
