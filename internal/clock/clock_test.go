package clock

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSystemIsTheKernelsMonotonicClock(t *testing.T) {
	kernel := func() Time {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			t.Fatal(err)
		}
		return Time(ts.Nano())
	}
	before, now, after := kernel(), System.Now(), kernel()
	const slack = Second // the offset is taken between two readings that a busy machine can pull apart
	if now < before-slack || now > after+slack {
		t.Fatalf("System says %d, the kernel %d to %d", now, before, after)
	}
	if System.Now() < now {
		t.Fatal("the clock ran backwards")
	}
}

func TestManualStandsUntilMoved(t *testing.T) {
	var m Manual
	if m.Now() != 0 {
		t.Fatal("does not start at 0")
	}
	m.Advance(3 * time.Second)
	if m.Now() != 3*Second || m.Now().Sub(Second) != 2*time.Second {
		t.Fatalf("at %d after 3 s", m.Now())
	}
}

func TestCyclesRun(t *testing.T) {
	a := Cycles()
	if r := CyclesPerSecond(); r < 1e6 || r > 1e11 {
		t.Errorf("%g cycles a second", r)
	}
	if b := Cycles(); b <= a {
		t.Errorf("cycles %d then %d", a, b)
	}
}
