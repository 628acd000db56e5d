// Package packet is the memory that packets live in and the views through which
// their bytes are read and written.
//
// All packet memory is one Memory, cut into frames of one size. A frame has
// exactly one holder at any time: a pool, a ring shared with a device, a batch, a parking
// place. A Packet is a frame with bytes in it; there is exactly one
// Packet for each frame, made at start, so that a packet is passed on as a
// pointer and nothing is allocated while packets run. Batches of up to 32 packets
// are the only currency between stages.
//
//	frame:  | headroom (256 by default) | bytes ....... | tailroom |
//	        mem                         mem[off]        mem[off+length]
//
// A packet longer than a frame is a chain: the first packet has the headers
// and each further fragment hangs on Next. Only whole chains are handed on.
package packet

// Headroom is what every kind of port leaves free before the bytes it
// receives; XDP needs as much, and so does the deepest encapsulation.
const Headroom = 256

// MaxFragments is how many frames one packet may take: 9,216 bytes in frames of 2,048.
const MaxFragments = 8

// NoLayer marks an offset that is not known or a header that is not there.
const NoLayer = 0xffff

// Packet is a frame with bytes in it. Its holder, and nobody else, may
// read and write it. The fields down to Port are its hot cache line.
type Packet struct {
	mem    []byte // the whole frame
	off    uint16 // where the bytes begin in mem
	length uint16 // how many there are, in this frame alone

	// L3 and L4 are where the network and transport headers begin, counted
	// from the first byte; NoLayer when there is none. Extraction sets them.
	L3, L4 uint16

	// Port is the datapath port the packet came in by.
	Port uint32
	// Frame is the index of the frame in its Memory.
	Frame uint32

	// Next is the next fragment of a packet longer than a frame, else nil.
	Next *Packet
	// Total is the length of the whole chain in bytes; 0 when Next is nil.
	Total uint32

	Meta Meta
}

// Meta is what travels with a packet beside its bytes.
type Meta struct {
	RecircID uint32 // 0 for a packet fresh from a port
	DPHash   uint32 // hash that a dp_hash action computed
	Mark     uint32 // packet mark
	Priority uint32 // queueing priority (set_queue)
}

// Bytes are the bytes of this frame; for a chain, of its first fragment. The
// slice is valid while the caller holds the packet and does not push or pull.
func (p *Packet) Bytes() []byte { return p.mem[p.off : p.off+p.length] }

// Len is the length of the whole packet in bytes, over all fragments.
func (p *Packet) Len() int {
	if p.Next == nil {
		return int(p.length)
	}
	return int(p.Total)
}

// Offset is where the bytes begin in the frame.
func (p *Packet) Offset() int { return int(p.off) }

// Mem is the whole frame, headroom and tailroom included.
func (p *Packet) Mem() []byte { return p.mem }

// Room is how many bytes a frame can take after the standard headroom.
func (p *Packet) Room() int { return len(p.mem) - Headroom }

// Place says that length bytes lie at off in the frame, and forgets all
// metadata: what a port does with a frame it received into. It reports false, and changes
// nothing, if they would not fit.
func (p *Packet) Place(off, length int) bool {
	if off < 0 || length < 0 || off+length > len(p.mem) {
		return false
	}
	p.off, p.length = uint16(off), uint16(length)
	p.L3, p.L4 = NoLayer, NoLayer
	p.Next, p.Total = nil, 0
	p.Meta = Meta{}
	return true
}

// Set copies b into the frame after the standard headroom, forgetting all
// metadata. It reports false, and changes nothing, if b does not fit one frame.
func (p *Packet) Set(b []byte) bool {
	if len(b) > p.Room() {
		return false
	}
	copy(p.mem[Headroom:], b)
	return p.Place(Headroom, len(b))
}

// Push makes n bytes of room before the first byte and returns all bytes from
// there; their content is undefined. It reports false, and changes nothing,
// when the headroom is too small.
func (p *Packet) Push(n int) bool {
	if n > int(p.off) {
		return false
	}
	p.off -= uint16(n)
	p.length += uint16(n)
	p.shift(n)
	return true
}

// Pull takes n bytes off the front. It reports false, and changes nothing, if the
// first fragment has fewer.
func (p *Packet) Pull(n int) bool {
	if n > int(p.length) {
		return false
	}
	p.off += uint16(n)
	p.length -= uint16(n)
	p.shift(-n)
	return true
}

// shift corrects what is counted from the first byte after it moved down by n.
func (p *Packet) shift(n int) {
	if p.Next != nil {
		p.Total = uint32(int(p.Total) + n)
	}
	p.L3, p.L4 = shiftLayer(p.L3, n), shiftLayer(p.L4, n)
}

// shiftLayer is an offset after the first byte moved down by n; a header whose
// first byte was pulled off is there no more.
func shiftLayer(layer uint16, n int) uint16 {
	if layer == NoLayer || int(layer)+n < 0 {
		return NoLayer
	}
	return uint16(int(layer) + n)
}

// CopyTo copies the bytes of the whole packet, over all fragments, into b and
// returns how many there was room for.
func (p *Packet) CopyTo(b []byte) (n int) {
	for ; p != nil; p = p.Next {
		n += copy(b[n:], p.Bytes())
	}
	return n
}
