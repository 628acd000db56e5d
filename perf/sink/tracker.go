package sink

// windowBits is how far behind the newest packet a late or doubled one is
// still told apart: 65,536 packets, 8 KB.
const windowBits = 1 << 16

// tracker follows the sequence numbers that arrive and says what is missing,
// late or doubled, in constant memory and time.
//
// It is a bitmap of the last windowBits sequence numbers below next. A number
// at or above next moves the window up and clears what it uncovers; one inside
// it is late if its bit is clear, doubled if it is set; one below the window
// is taken for late. Whatever was never seen below next is a gap.
type tracker struct {
	next      uint64 // above every number seen
	unique    uint64 // numbers seen, each once
	reordered uint64
	duplicate uint64
	seen      [windowBits / 64]uint64
}

// see takes the sequence number of one packet.
func (t *tracker) see(seq uint64) {
	switch {
	case seq >= t.next:
		t.clear(t.next, seq)
		t.next = seq + 1
	case t.next-seq > windowBits:
		t.reordered++
		t.unique++
		return
	case t.seen[seq%windowBits/64]&(1<<(seq%64)) != 0:
		t.duplicate++
		return
	default:
		t.reordered++
	}
	t.seen[seq%windowBits/64] |= 1 << (seq % 64)
	t.unique++
}

// clear empties the bits of the numbers from first to last.
func (t *tracker) clear(first, last uint64) {
	if last-first >= windowBits-1 {
		t.seen = [windowBits / 64]uint64{}
		return
	}
	for n := first; n <= last; n++ {
		if n%64 == 0 && last-n >= 63 {
			t.seen[n%windowBits/64] = 0
			n += 63
			continue
		}
		t.seen[n%windowBits/64] &^= 1 << (n % 64)
	}
}

// gaps are the numbers below the highest that were never seen.
func (t *tracker) gaps() uint64 { return t.next - min(t.unique, t.next) }
