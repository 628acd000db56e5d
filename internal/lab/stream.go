package lab

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Stream is traffic at a steady rate in which every frame has a number, so that at its end the loss is known to the frame. It is what
// "under load" means in the lab: fast enough that any gap in forwarding shows, slow enough that no queue of a working switch overflows.
type Stream struct {
	from, to *Wire
	sent     atomic.Uint32
	stop     chan struct{}
	done     sync.WaitGroup

	mu   sync.Mutex
	seen map[uint32]int // how often each number has arrived
	err  error
}

const (
	streamMark = 0x706f6c6c // stands before the number, in the last eight bytes of a frame
	streamTick = time.Millisecond
)

// StartStream sends copies of frame on one wire, perSecond of them, and counts them on the other. The last eight bytes of each are
// replaced by a mark and its number, so no checksum may cover them.
func StartStream(t testing.TB, from, to *Wire, frame []byte, perSecond int) *Stream {
	t.Helper()
	s := &Stream{from: from, to: to, stop: make(chan struct{}), seen: map[uint32]int{}}
	receiving := make(chan struct{})
	s.done.Add(2)
	go s.send(append([]byte(nil), frame...), perSecond)
	go s.receive(receiving)
	t.Cleanup(func() {
		s.end()
		close(receiving)
		s.done.Wait()
	})
	return s
}

func (s *Stream) send(frame []byte, perSecond int) {
	defer s.done.Done()
	tick := time.NewTicker(streamTick)
	defer tick.Stop()
	binary.BigEndian.PutUint32(frame[len(frame)-8:], streamMark)
	for begin := time.Now(); ; {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		// At most twice the rate after a pause: what this process missed is not the switch's burst to bear.
		due := int(time.Since(begin).Seconds()*float64(perSecond)) - int(s.sent.Load())
		if burst := 2 * perSecond / int(time.Second/streamTick); due > burst {
			begin = begin.Add(time.Duration(float64(due-burst) / float64(perSecond) * 1e9))
			due = burst
		}
		for range due {
			binary.BigEndian.PutUint32(frame[len(frame)-4:], s.sent.Load())
			if err := s.from.send(frame); err != nil {
				s.fail(fmt.Errorf("send on %s: %w", s.from.dev, err))
				return
			}
			s.sent.Add(1)
		}
	}
}

func (s *Stream) receive(end chan struct{}) {
	defer s.done.Done()
	for {
		select {
		case <-end:
			return
		default:
		}
		f, err := s.to.receive(10 * time.Millisecond)
		if err != nil {
			s.fail(err)
			return
		}
		if len(f) >= 8 && binary.BigEndian.Uint32(f[len(f)-8:]) == streamMark {
			s.mu.Lock()
			s.seen[binary.BigEndian.Uint32(f[len(f)-4:])]++
			s.mu.Unlock()
		}
	}
}

func (s *Stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// end stops the sender. It may be called twice.
func (s *Stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
}

// Sent returns how many frames have been sent so far.
func (s *Stream) Sent() int { return int(s.sent.Load()) }

// Received returns how many different frames have arrived so far.
func (s *Stream) Received() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// More waits until n further frames have arrived.
func (s *Stream) More(t testing.TB, n int, within time.Duration) {
	t.Helper()
	start := s.Received()
	Until(t, within, fmt.Sprintf("%d more frames of a stream", n), func() error {
		if now := s.Received(); now < start+n {
			return fmt.Errorf("%d came", now-start)
		}
		return nil
	})
}

// A StreamResult tells what became of a stream.
type StreamResult struct {
	Sent, Lost, Doubled int
	FirstLost, LastLost int // numbers of frames, counted from 0
}

// Stop ends the stream, waits for what is under way and returns what became of it.
func (s *Stream) Stop(t testing.TB) StreamResult {
	t.Helper()
	s.end()
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline) && s.Received() < s.Sent(); {
		time.Sleep(time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		t.Fatalf("stream: %v", s.err)
	}
	r := StreamResult{Sent: s.Sent()}
	for n := range r.Sent {
		switch times := s.seen[uint32(n)]; {
		case times == 0 && r.Lost == 0:
			r.FirstLost = n
			fallthrough
		case times == 0:
			r.Lost++
			r.LastLost = n
		case times > 1:
			r.Doubled++
		}
	}
	return r
}
