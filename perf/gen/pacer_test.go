package gen

import (
	"math"
	"testing"

	"pollux/internal/clock"
)

// send runs a pacer on a made-up clock that advances by step each turn.
func send(p *pacer, from, to, step clock.Time, most int) (sent int) {
	for now := from; now < to; now += step {
		n := p.due(now, most)
		p.took(n)
		sent += n
	}
	return sent
}

func TestPacerKeepsTheRate(t *testing.T) {
	for _, pps := range []float64{1, 999, 1e5, 1.5e6, 3e6} {
		p := newPacer(pps, 0)
		got := send(&p, 0, clock.Second, 5*clock.Microsecond, 64)
		if math.Abs(float64(got)-pps) > 1+pps/1e5 {
			t.Errorf("%v pps: %d in a second", pps, got)
		}
	}
}

func TestPacerMakesNoBurstOutOfAStall(t *testing.T) {
	p := newPacer(1e6, 0)
	send(&p, 0, clock.Second, 10*clock.Microsecond, 64)
	got := send(&p, 2*clock.Second, 2*clock.Second+clock.Millisecond, clock.Microsecond, 64)
	if got < 2900 || got > 3100 { // the debt and one millisecond
		t.Errorf("%d packets in the millisecond after a stall", got)
	}
}

func TestPacerFlatOut(t *testing.T) {
	p := newPacer(0, 0)
	if n := p.due(0, 64); n != 64 {
		t.Errorf("%d due", n)
	}
}
