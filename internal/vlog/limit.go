package vlog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A message that others can cause at will (a bad packet, a controller that
// flaps) must not fill the disk. Such messages go through a logger of their
// own that lets a burst pass and then so many a minute, and says how many it
// left out as soon as it may speak again. A token bucket; its time is that of
// the records.

// RateLimit is logger with at most perMinute records a minute, after a burst of
// at most burst. logger must come from a Log. Make one for each kind of
// message, once.
func RateLimit(logger *slog.Logger, perMinute, burst int) *slog.Logger {
	h := logger.Handler().(*handler)
	return slog.New(&limited{h, &bucket{interval: time.Minute / time.Duration(perMinute), burst: burst, tokens: burst}})
}

type limited struct {
	*handler
	bucket *bucket // shared by all loggers made of this one
}

func (h *limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &limited{h.handler.WithAttrs(attrs).(*handler), h.bucket}
}

func (h *limited) WithGroup(name string) slog.Handler {
	return &limited{h.handler.WithGroup(name).(*handler), h.bucket}
}

func (h *limited) Handle(ctx context.Context, r slog.Record) error {
	if !h.module.limited.Load() {
		return h.handler.Handle(ctx, r)
	}
	pass, before := h.bucket.take(r.Time)
	if !pass {
		return nil
	}
	if before.count > 0 {
		said := slog.NewRecord(r.Time, r.Level, before.text(r.Time), 0)
		if err := (&handler{log: h.log, module: h.module}).Handle(ctx, said); err != nil {
			return err
		}
	}
	return h.handler.Handle(ctx, r)
}

// bucket holds up to burst tokens and gets one every interval.
type bucket struct {
	mu       sync.Mutex
	interval time.Duration
	burst    int
	tokens   int
	filled   time.Time // up to when tokens have been given; zero before the first record
	dropped  drops
}

// drops is what was left out since a record last passed.
type drops struct {
	count       int
	first, last time.Time
}

// text is in the words of Open vSwitch.
func (d drops) text(now time.Time) string {
	return fmt.Sprintf("Dropped %d log messages in last %d seconds (most recently, %d seconds ago) due to excessive rate",
		d.count, int(now.Sub(d.first).Seconds()), int(now.Sub(d.last).Seconds()))
}

// take asks for one token at a time that may stand still but not run back; it
// returns what was dropped before a record that passes.
func (b *bucket) take(now time.Time) (pass bool, before drops) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.filled.IsZero() || b.tokens == b.burst {
		b.filled = now
	}
	if n := int(now.Sub(b.filled) / b.interval); n > 0 {
		b.tokens = min(b.burst, b.tokens+n)
		b.filled = b.filled.Add(time.Duration(n) * b.interval)
	}
	if b.tokens == 0 {
		if b.dropped.count == 0 {
			b.dropped.first = now
		}
		b.dropped.count++
		b.dropped.last = now
		return false, drops{}
	}
	b.tokens--
	before, b.dropped = b.dropped, drops{}
	return true, before
}
