package wrap

import (
	"encoding/binary"
	"fmt"
	"io"

	"pollux/internal/clock"
	"pollux/packet"
)

// Direction says which way a packet goes.
type Direction string

// The directions, seen from the switch.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// NewTracer makes hooks that show every packet to see, which must not keep the packet.
func NewTracer(see func(d Direction, queue int, p *packet.Packet)) func(queue int) Hook {
	return func(int) Hook { return tracer(see) }
}

type tracer func(Direction, int, *packet.Packet)

func (t tracer) Received(b *packet.Batch, o *Owner) { t.all(In, b, o) }
func (t tracer) Sending(b *packet.Batch, o *Owner)  { t.all(Out, b, o) }

func (t tracer) all(d Direction, b *packet.Batch, o *Owner) {
	for _, p := range b.Packets() {
		t(d, o.Queue, p)
	}
}

// Capture writes packets to a capture file of the pcap format (the classic
// one, with nanoseconds), both directions alike. One thread uses it; a port of several queues
// takes one Capture for each.
type Capture struct {
	w     io.Writer
	clock clock.Clock
	buf   []byte
	err   error
}

const (
	pcapMagicNanos  = 0xa1b23c4d
	pcapLinkEther   = 1
	pcapMaxLength   = 1 << 18
	pcapHeaderBytes = 24
)

// NewCapture writes the header of the file to w and returns the Capture. Times
// are those of c.
func NewCapture(w io.Writer, c clock.Clock) (*Capture, error) {
	h := binary.LittleEndian.AppendUint32(make([]byte, 0, pcapHeaderBytes), pcapMagicNanos)
	h = binary.LittleEndian.AppendUint16(h, 2)
	h = binary.LittleEndian.AppendUint16(h, 4)
	h = binary.LittleEndian.AppendUint64(h, 0)
	h = binary.LittleEndian.AppendUint32(h, pcapMaxLength)
	h = binary.LittleEndian.AppendUint32(h, pcapLinkEther)
	if _, err := w.Write(h); err != nil {
		return nil, fmt.Errorf("write capture header: %w", err)
	}
	return &Capture{w: w, clock: c}, nil
}

// Received implements Hook.
func (c *Capture) Received(b *packet.Batch, _ *Owner) { c.write(b) }

// Sending implements Hook.
func (c *Capture) Sending(b *packet.Batch, _ *Owner) { c.write(b) }

// Err is the first error of writing; nothing was written after it.
func (c *Capture) Err() error { return c.err }

func (c *Capture) write(b *packet.Batch) {
	now := c.clock.Now()
	c.buf = c.buf[:0]
	for _, p := range b.Packets() {
		n := p.Len()
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(now/clock.Second))
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(now%clock.Second))
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(n))
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(n))
		for f := p; f != nil; f = f.Next {
			c.buf = append(c.buf, f.Bytes()...)
		}
	}
	if c.err != nil {
		return
	}
	if _, err := c.w.Write(c.buf); err != nil {
		c.err = fmt.Errorf("write capture: %w", err)
	}
}
