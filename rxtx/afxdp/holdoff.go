package afxdp

import "pollux/internal/clock"

// holdOff decides when a burst that is not full yet is worth waiting for.
type holdOff struct {
	limit uint64 // longest wait in cycles; 0: never wait
	since uint64 // when the first packet that waits was seen
	busy  bool   // the last bursts were large
}

// Under load a burst of a few packets is left lying until enough have come
// or the limit has passed; the cost of a poll is that of its system calls, whatever their size.
const (
	holdFull  = 24 // packets worth going for at once
	holdStart = 8  // a burst that large begins the load
	holdStop  = 4  // one that small after a full wait ends it
)

// take decides whether n packets that are there are taken now, by a
// caller who has room for that many.
func (h *holdOff) take(n, room int) bool {
	if h.limit == 0 {
		return true
	}
	if n >= min(holdFull, room) || !h.busy {
		h.busy, h.since = n >= holdStart || h.busy && n > holdStop, 0
		return true
	}
	now := clock.Cycles()
	if h.since == 0 {
		h.since = now
		return false
	}
	if now-h.since < h.limit {
		return false
	}
	h.busy, h.since = n > holdStop, 0
	return true
}
