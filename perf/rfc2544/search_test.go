package rfc2544

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// device loses what is above its capacity, packets per second.
func device(capacity float64) Trial {
	return func(rate float64) (float64, error) { return max(0, 1-capacity/rate), nil }
}

func TestFindsTheCapacity(t *testing.T) {
	for _, capacity := range []float64{1e4, 123456, 1.8e6, 9.99e6} {
		r, err := Search(Options{Low: 1e3, High: 1e7, Resolution: 0.001}, device(capacity))
		if err != nil {
			t.Fatal(err)
		}
		if r.Rate > capacity || r.Failed <= capacity || r.Rate < capacity*0.998 || r.Limited {
			t.Errorf("capacity %v: %+v", capacity, r)
		}
	}
}

func TestEnds(t *testing.T) {
	r, err := Search(Options{Low: 1, High: 1e6}, device(2e6))
	if err != nil || r.Rate != 1e6 || !r.Limited || len(r.Steps) != 1 {
		t.Errorf("faster than asked: %+v %v", r, err)
	}
	r, err = Search(Options{Low: 1e5, High: 1e6}, device(5e4))
	if err != nil || r.Rate != 0 || r.Failed != 1e5 || len(r.Steps) != 2 {
		t.Errorf("slower than asked: %+v %v", r, err)
	}
	r, err = Search(Options{Low: 1e5, High: 1e6, Most: 4}, device(5e5))
	if !errors.Is(err, ErrTrials) || len(r.Steps) != 4 || r.Rate == 0 {
		t.Errorf("few trials: %+v %v", r, err)
	}
	broken := errors.New("cable")
	if _, err = Search(Options{Low: 1, High: 2}, func(float64) (float64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("error of a trial came back as %v", err)
	}
	for _, o := range []Options{{}, {Low: 2, High: 1}, {Low: 1, High: 2, MaxLoss: 2}, {Low: 1, High: 2, Resolution: -1}, {Low: math.NaN(), High: 1}} {
		if _, err := Search(o, device(1)); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// TestSlowGenerator: what cannot be offered cannot be found.
func TestSlowGenerator(t *testing.T) {
	slow := func(most, capacity float64) Trial {
		return func(rate float64) (float64, error) {
			if rate > most {
				loss, _ := device(capacity)(most)
				return loss, Unreached{Offered: most}
			}
			return device(capacity)(rate)
		}
	}
	r, err := Search(Options{Low: 1e3, High: 1e7}, slow(2e6, 5e6))
	if err != nil || r.Rate != 2e6 || !r.Limited {
		t.Errorf("device faster than the generator: %+v %v", r, err)
	}
	r, err = Search(Options{Low: 1e3, High: 1e7}, slow(2e6, 1e6))
	if err != nil || r.Rate > 1e6 || r.Rate < 0.98e6 || r.Limited {
		t.Errorf("device slower than the generator: %+v %v", r, err)
	}
}

// TestTiringGenerator: one that falls behind in the middle of a search is
// given a few more chances, and the search ends.
func TestTiringGenerator(t *testing.T) {
	trials := 0
	tired := func(rate float64) (float64, error) {
		if trials++; trials > 2 {
			return 0, Unreached{Offered: 1e4}
		}
		return device(1e6)(rate)
	}
	r, err := Search(Options{Low: 1e4, High: 4e6}, tired)
	if err != nil || r.Rate != 1e4 || r.Failed != 4e6 || !r.Limited || len(r.Steps) != 2+patience {
		t.Errorf("%+v %v", r, err)
	}
}

// TestNoise: trials fail at random too, as on a busy machine. What is found
// is never above the capacity, and with a few tries near it.
func TestNoise(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	const capacity, rounds = 1e6, 200
	near := 0
	for range rounds {
		noisy := func(rate float64) (float64, error) {
			loss, _ := device(capacity)(rate)
			if r.IntN(5) == 0 {
				loss += 0.001
			}
			return loss, nil
		}
		got, err := Search(Options{Low: 1e4, High: 4e6, Tries: 4}, noisy)
		if err != nil || got.Rate > capacity {
			t.Fatalf("seed %d: %+v %v", seed, got, err)
		}
		if got.Rate > 0.97*capacity {
			near++
		}
	}
	if near < rounds*9/10 {
		t.Errorf("seed %d: near the capacity %d times of %d", seed, near, rounds)
	}
}

// TestForgivenLoss: a device that always loses a little is measured against
// what the user forgives.
func TestForgivenLoss(t *testing.T) {
	leaky := func(rate float64) (float64, error) {
		loss, _ := device(1e6)(rate)
		return loss + 1e-5, nil
	}
	strict, err := Search(Options{Low: 1e3, High: 1e7}, leaky)
	if err != nil || strict.Rate != 0 {
		t.Errorf("strict: %+v %v", strict, err)
	}
	kind, err := Search(Options{Low: 1e3, High: 1e7, MaxLoss: 1e-4}, leaky)
	if err != nil || kind.Rate < 0.98e6 || kind.Rate > 1.001e6 {
		t.Errorf("forgiving: %+v %v", kind, err)
	}
}
