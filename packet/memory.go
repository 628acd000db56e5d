package packet

import (
	"fmt"
	"math/bits"
)

// Memory is all packet memory: the bytes of the UMEM cut into frames, and one
// Packet for each. It is made at start and never grows. The frames are
// handed out by pools; Memory itself holds none after Split.
type Memory struct {
	bytes     []byte
	frameSize int
	shift     uint
	packets   []Packet
}

// NewMemory cuts mem into frames of frameSize bytes, a power of two from
// 1,024 to 32,768. The bytes stay in use as long as the Memory.
func NewMemory(mem []byte, frameSize int) (*Memory, error) {
	if frameSize < 1024 || frameSize > 32768 || frameSize&(frameSize-1) != 0 {
		return nil, fmt.Errorf("make packet memory: frame size %d is not a power of two from 1024 to 32768", frameSize)
	}
	if len(mem) == 0 || len(mem)%frameSize != 0 {
		return nil, fmt.Errorf("make packet memory: %d bytes are not a whole number of frames of %d", len(mem), frameSize)
	}
	m := &Memory{bytes: mem, frameSize: frameSize, shift: uint(bits.TrailingZeros(uint(frameSize))), packets: make([]Packet, len(mem)/frameSize)}
	for i := range m.packets {
		lo := i * frameSize
		m.packets[i] = Packet{mem: mem[lo : lo+frameSize : lo+frameSize], Frame: uint32(i)}
		m.packets[i].Place(Headroom, 0)
	}
	return m, nil
}

// Bytes is the whole memory, what a UMEM is registered from.
func (m *Memory) Bytes() []byte { return m.bytes }

// FrameSize is the size of a frame in bytes.
func (m *Memory) FrameSize() int { return m.frameSize }

// Frames is the number of frames.
func (m *Memory) Frames() int { return len(m.packets) }

// At returns the packet of the frame in which the byte at addr lies, nil
// when addr lies outside the memory: addresses come back from the kernel
// and are not trusted.
func (m *Memory) At(addr uint64) *Packet {
	if i := addr >> m.shift; i < uint64(len(m.packets)) {
		return &m.packets[i]
	}
	return nil
}

// Addr is where the bytes of p begin, counted from the start of the memory.
func (m *Memory) Addr(p *Packet) uint64 { return uint64(p.Frame)<<m.shift + uint64(p.off) }

// Split hands all frames out to n pools, as evenly as it goes. It is called once.
func (m *Memory) Split(n int) []*Pool {
	pools := make([]*Pool, n)
	for i := range pools {
		pools[i] = newPool(m)
	}
	for i := range m.packets {
		pools[i%n].Put(&m.packets[i])
	}
	return pools
}
