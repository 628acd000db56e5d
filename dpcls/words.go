package dpcls

import "pollux/flow"

// setWords stores the words of key that f's mask has: the first in the flow, the rest in chunks.
func (c *Classifier) setWords(f *Flow, key *flow.Key) {
	f.more = 0
	at := &f.more
	var room []uint64 = f.inline[:]
	for _, w := range f.sub.words {
		if len(room) == 0 {
			*at = c.takeChunk()
			ch := &c.chunks[*at]
			ch.next, at, room = 0, &ch.next, ch.words[:]
		}
		room[0], room = key[w.at], room[1:]
	}
}

// takeChunk returns a chunk that is not in use; there are enough for every flow at its longest.
func (c *Classifier) takeChunk() uint32 {
	i := c.freeChunk
	if i != 0 {
		c.freeChunk = c.chunks[i].next
		return i
	}
	c.newChunk++
	return c.newChunk - 1
}

func (c *Classifier) freeWords(f *Flow) {
	for f.more != 0 {
		i := f.more
		f.more = c.chunks[i].next
		c.chunks[i].next, c.freeChunk = c.freeChunk, i
	}
}

// matches reports whether key agrees with f, a live flow, under its mask.
func (c *Classifier) matches(f *Flow, key *flow.Key) bool {
	ws := f.sub.words
	n := min(len(ws), inlineWords)
	for i, w := range ws[:n] {
		if key[w.at]&w.mask != f.inline[i] {
			return false
		}
	}
	return len(ws) == n || c.chunksMatch(f.more, ws[n:], key)
}

func (c *Classifier) chunksMatch(more uint32, ws []word, key *flow.Key) bool {
	for len(ws) > 0 {
		ch := &c.chunks[more]
		n := min(len(ws), chunkWords)
		for i, w := range ws[:n] {
			if key[w.at]&w.mask != ch.words[i] {
				return false
			}
		}
		more, ws = ch.next, ws[n:]
	}
	return true
}

// Matches reports whether f is alive and key belongs to it.
func (c *Classifier) Matches(f *Flow, key *flow.Key) bool { return f.sub != nil && c.matches(f, key) }

// Key writes the key of a live flow, 0 outside its mask.
func (c *Classifier) Key(f *Flow, key *flow.Key) {
	*key = flow.Key{}
	from, more := f.inline[:], f.more
	for _, w := range f.sub.words {
		if len(from) == 0 {
			ch := &c.chunks[more]
			from, more = ch.words[:], ch.next
		}
		key[w.at], from = from[0], from[1:]
	}
}
