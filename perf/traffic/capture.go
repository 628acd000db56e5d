package traffic

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Capture files come from outside, so they are read by code of our own that
// checks every length before it uses it (gopacket's readers allocate what a
// file asks for and cannot say where they stand; the tests compare with them).
//
// Both formats are records one after the other: pcap has a header of 16 bytes
// before each packet, pcapng wraps everything in blocks that carry their
// length at both ends. See draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.

const (
	pcapMicros  = 0xa1b2c3d4
	pcapNanos   = 0xa1b23c4d
	ngSection   = 0x0a0d0d0a
	ngInterface = 1
	ngSimple    = 3
	ngEnhanced  = 6
	ngByteOrder = 0x1a2b3c4d

	linkEthernet = 1
	maxRecord    = 1 << 18 // bytes; libpcap's own bound of a packet
)

// capture reads packets from a file of either format.
type capture struct {
	r     *bufio.Reader
	at    int64 // bytes read so far
	start int64 // where the current record starts
	order binary.ByteOrder
	ng    bool
	snap  []uint32 // pcapng: snap length of each interface of the section, 0 is none
}

func openCapture(r io.Reader) (*capture, error) {
	c := &capture{r: bufio.NewReaderSize(r, 1<<16)}
	magic, err := c.r.Peek(4)
	if err != nil {
		return nil, errors.New("shorter than the magic number of a capture")
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case ngSection:
			c.ng = true
			return c, nil
		case pcapMicros, pcapNanos:
			c.order = order
			return c, c.fileHeader()
		}
	}
	return nil, fmt.Errorf("magic number %x is neither pcap nor pcapng", magic)
}

// take reads n bytes, which the caller has bounded.
func (c *capture) take(n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(c.r, b)
	c.at += int64(got)
	if err == io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("file ends %d bytes into the %d that should follow", got, n)
	}
	return b, err
}

// rest is take where the end of the file is an error.
func (c *capture) rest(n int) ([]byte, error) {
	b, err := c.take(n)
	if err == io.EOF {
		return nil, fmt.Errorf("file ends before the %d bytes that should follow", n)
	}
	return b, err
}

func (c *capture) fileHeader() error {
	b, err := c.rest(24)
	if err != nil {
		return err
	}
	if link := c.order.Uint32(b[20:]) & 0x0fffffff; link != linkEthernet {
		return fmt.Errorf("link type %d is not Ethernet (1)", link)
	}
	return nil
}

// next returns the next packet, or io.EOF. cut says that the capture kept only
// its beginning.
func (c *capture) next() (frame []byte, cut bool, err error) {
	c.start = c.at
	if c.ng {
		return c.nextNg()
	}
	h, err := c.take(16)
	if err != nil {
		return nil, false, err
	}
	n, wire := c.order.Uint32(h[8:]), c.order.Uint32(h[12:])
	if n > maxRecord {
		return nil, false, fmt.Errorf("packet of %d bytes: at most %d", n, maxRecord)
	}
	frame, err = c.rest(int(n))
	return frame, n < wire, err
}

// nextNg skips blocks until one holds a packet.
func (c *capture) nextNg() (frame []byte, cut bool, err error) {
	for {
		c.start = c.at
		kind, body, err := c.block()
		if err != nil {
			return nil, false, err
		}
		switch kind {
		case ngSection:
			c.snap = nil
		case ngInterface:
			err = c.addInterface(body)
		case ngEnhanced:
			return c.enhanced(body)
		case ngSimple:
			return c.simple(body)
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// block reads one whole block and returns what is between its lengths.
func (c *capture) block() (kind uint32, body []byte, err error) {
	head, err := c.take(8)
	if err != nil {
		return 0, nil, err
	}
	if binary.LittleEndian.Uint32(head) == ngSection { // reads the same in both orders
		if err := c.sectionOrder(); err != nil {
			return 0, nil, err
		}
	}
	kind = c.order.Uint32(head)
	n := c.order.Uint32(head[4:])
	if n < 12 || n%4 != 0 || n > maxRecord+64 {
		return 0, nil, fmt.Errorf("block of %d bytes: must be 12 to %d, by fours", n, maxRecord+64)
	}
	b, err := c.rest(int(n) - 8)
	if err != nil {
		return 0, nil, err
	}
	if tail := c.order.Uint32(b[len(b)-4:]); tail != n {
		return 0, nil, fmt.Errorf("block has length %d at its start and %d at its end", n, tail)
	}
	return kind, b[:len(b)-4], nil
}

// sectionOrder finds the byte order of the section whose body comes next.
func (c *capture) sectionOrder() error {
	magic, err := c.r.Peek(4)
	switch {
	case err != nil:
		return errors.New("file ends in a section header")
	case binary.LittleEndian.Uint32(magic) == ngByteOrder:
		c.order = binary.LittleEndian
	case binary.BigEndian.Uint32(magic) == ngByteOrder:
		c.order = binary.BigEndian
	default:
		return fmt.Errorf("byte order magic %x of a section is none", magic)
	}
	return nil
}

func (c *capture) addInterface(body []byte) error {
	if len(body) < 8 {
		return fmt.Errorf("interface block of %d bytes: must have 8", len(body))
	}
	if link := c.order.Uint16(body); link != linkEthernet {
		return fmt.Errorf("link type %d is not Ethernet (1)", link)
	}
	c.snap = append(c.snap, c.order.Uint32(body[4:]))
	return nil
}

func (c *capture) enhanced(body []byte) ([]byte, bool, error) {
	if len(body) < 20 {
		return nil, false, fmt.Errorf("packet block of %d bytes: must have 20", len(body))
	}
	if id := c.order.Uint32(body); id >= uint32(len(c.snap)) {
		return nil, false, fmt.Errorf("packet of interface %d, of which there are %d", id, len(c.snap))
	}
	n, wire := c.order.Uint32(body[12:]), c.order.Uint32(body[16:])
	if n > uint32(len(body)-20) {
		return nil, false, fmt.Errorf("packet of %d bytes in a block with room for %d", n, len(body)-20)
	}
	return body[20 : 20+n], n < wire, nil
}

func (c *capture) simple(body []byte) ([]byte, bool, error) {
	if len(body) < 4 || len(c.snap) == 0 {
		return nil, false, fmt.Errorf("simple packet block of %d bytes with %d interfaces: must have 4 and one", len(body), len(c.snap))
	}
	wire := c.order.Uint32(body)
	n := wire
	if snap := c.snap[0]; snap != 0 {
		n = min(n, snap)
	}
	if n > uint32(len(body)-4) {
		return nil, false, fmt.Errorf("packet of %d bytes in a block with room for %d", n, len(body)-4)
	}
	return body[4 : 4+n], n < wire, nil
}
