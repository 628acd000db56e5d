package vswitch

import (
	"errors"
	"runtime"
	"testing"

	"pollux/dpif"
)

// newSessionRig is a session over a datapath of which there are only the rings.
func newSessionRig(t *testing.T, threads, upcalls int) (*session, *Local, []dpif.ThreadEnd) {
	region, err := dpif.NewRegion(dpif.Layout{Threads: threads, Ports: 8, Flows: 8, Mail: 4, Execs: 4, Upcalls: upcalls})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { region.Close() })
	l := NewLocal(region)
	var ends []dpif.ThreadEnd
	for i := range threads {
		ends = append(ends, region.Thread(i).ThreadEnd())
	}
	return newSession(l, nil, 8), l, ends
}

func send(end dpif.ThreadEnd, park uint64) bool {
	if end.Upcalls.Reserve(1) == 0 {
		return false
	}
	u := end.Upcalls.Slot(0)
	u.Park, u.Length = park, 1
	end.Upcalls.Publish(1)
	return true
}

// However publishing and falling asleep meet, no upcall stays unanswered, and those of a thread are answered in order.
func TestPumpMissesNoUpcall(t *testing.T) {
	const each = 20_000
	s, l, ends := newSessionRig(t, 2, 4)
	next, left := make([]uint64, len(ends)), len(ends)*each
	answered, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.pump(func(thread int, u *dpif.Upcall) {
			if next[thread]++; u.Park != next[thread] {
				t.Errorf("thread %d: upcall %d was answered instead of %d", thread, u.Park, next[thread])
			}
			if left--; left == 0 {
				close(answered)
			}
		})
	}()
	for n := uint64(1); n <= each; n++ {
		for _, end := range ends {
			for !send(end, n) {
				runtime.Gosched()
			}
			if l.Region().Wanted() {
				l.Wake()
			}
		}
	}
	<-answered
	s.stop()
	<-ended
}

func TestTurnIsFair(t *testing.T) {
	s, _, ends := newSessionRig(t, 2, 128)
	for n := range uint64(100) {
		send(ends[0], n)
	}
	send(ends[1], 7)
	got := make([]int, 2)
	if n := s.turn(func(thread int, _ *dpif.Upcall) { got[thread]++ }); n != upcallsPerTurn+1 || got[0] != upcallsPerTurn || got[1] != 1 {
		t.Errorf("one turn took %v", got)
	}
}

func TestUpcallsClaimNoMoreBytesThanThereAre(t *testing.T) {
	s, _, ends := newSessionRig(t, 1, 4)
	ends[0].Upcalls.Slot(0).Length = 1 << 31
	ends[0].Upcalls.Publish(1)
	s.turn(func(_ int, u *dpif.Upcall) {
		if int(u.Length) != len(u.Data) {
			t.Errorf("an upcall of %d bytes", u.Length)
		}
	})
}

// broken is a link whose other end has died.
type broken struct{ *Local }

func (broken) Wait() error { return errors.New("the other end has died") }

func TestPumpEndsWithItsLink(t *testing.T) {
	s, l, _ := newSessionRig(t, 1, 4)
	s.link = broken{l}
	s.pump(func(int, *dpif.Upcall) { t.Error("an upcall out of nowhere") })
}
