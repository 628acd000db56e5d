package afxdp

import "pollux/packet"

// frameSet is a set of frames: which of them lie with the kernel in one
// direction. One bit a frame, 8 KB for 65,536 of them.
type frameSet struct {
	bits []uint64
	n    int
}

func newFrameSet(frames int) frameSet { return frameSet{bits: make([]uint64, (frames+63)/64)} }

// add puts a frame in that was not there.
func (s *frameSet) add(p *packet.Packet) {
	s.bits[p.Frame/64] |= 1 << (p.Frame % 64)
	s.n++
}

// remove takes a frame out and reports whether it was there.
func (s *frameSet) remove(p *packet.Packet) bool {
	word, bit := &s.bits[p.Frame/64], uint64(1)<<(p.Frame%64)
	if *word&bit == 0 {
		return false
	}
	*word &^= bit
	s.n--
	return true
}

// drain gives every frame of the set to pool and empties it.
func (s *frameSet) drain(m *packet.Memory, pool *packet.Pool) {
	for i, word := range s.bits {
		for b := range 64 {
			if word&(1<<b) != 0 {
				p := m.At(uint64(i*64+b) * uint64(m.FrameSize()))
				p.Next = nil
				pool.Put(p)
			}
		}
		s.bits[i] = 0
	}
	s.n = 0
}
