// Package rfc2544 finds the throughput of a device in the sense of RFC 2544,
// section 26.1: the fastest rate at which as many packets come out as went in.
//
// It is a bisection over a function that makes one trial, and knows neither
// packets nor clocks. Its invariant: everything at or below low passed (or is
// below what the user asked about), everything at or above high failed. The
// RFC's trials are 60 seconds long and fail with a single packet lost; on a
// machine that has more to do than forwarding, Options.MaxLoss and
// Options.Tries say how much of its noise to forgive.
package rfc2544

import (
	"errors"
	"fmt"
)

// A Trial offers rate packets per second for a while and returns the part that
// was lost, 0 to 1. It may return an Unreached error. Any other error ends the
// search.
type Trial func(rate float64) (loss float64, err error)

// Unreached is the error of a trial whose generator was too slow. The rate it
// did offer, packets per second, is the highest that can be asked for; the loss
// returned beside it is that of this rate.
type Unreached struct{ Offered float64 }

func (e Unreached) Error() string {
	return fmt.Sprintf("the generator reached only %.0f packets per second", e.Offered)
}

// Options bound a search. Rates are packets per second.
type Options struct {
	Low        float64 // where to start looking, above 0
	High       float64 // not to be exceeded
	Resolution float64 // relative width at which to stop; 0 is 0.01
	MaxLoss    float64 // loss that still passes, 0 to 1
	Tries      int     // trials a rate has to pass once; 0 is 1
	Most       int     // trials in all; 0 is 100
}

// Step is one trial of a search.
type Step struct {
	Rate float64 `json:"rate_pps"`
	Loss float64 `json:"loss_ratio"`
	Pass bool    `json:"pass"`
}

// Result is what a search found.
type Result struct {
	Rate    float64 `json:"rate_pps"`    // highest that passed; 0: none did
	Loss    float64 `json:"loss_ratio"`  // in the trial that passed
	Failed  float64 `json:"failed_pps"`  // lowest that failed; 0: none did
	Limited bool    `json:"limited"`     // the generator or Options.High ended the search, not the device
	Steps   []Step  `json:"trials_done"` // all trials in order
}

type search struct {
	Options
	trial  Trial
	result Result
}

// patience is how many times in a row a generator may miss a rate that it is
// known to reach before the search ends with what there is.
const patience = 3

// ErrTrials says that Options.Most trials did not narrow the rate down enough.
// The result beside it holds as far as it goes.
var ErrTrials = errors.New("search rate: out of trials")

// Search finds the highest rate that passes. It tries the highest rate first:
// where nothing is lost at all, one trial is the whole search.
func Search(o Options, trial Trial) (Result, error) {
	if o.Resolution == 0 {
		o.Resolution = 0.01
	}
	o.Tries, o.Most = max(o.Tries, 1), orDefault(o.Most, 100)
	if !(o.Low > 0 && o.High >= o.Low) || o.Resolution < 0 || o.MaxLoss < 0 || o.MaxLoss > 1 {
		return Result{}, fmt.Errorf("search rate: bounds %v to %v, resolution %v, loss %v make no sense", o.Low, o.High, o.Resolution, o.MaxLoss)
	}
	s := &search{Options: o, trial: trial}
	err := s.run()
	return s.result, err
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

func (s *search) run() error {
	pass, err := s.passes(s.High)
	if err != nil || pass {
		s.result.Limited = pass
		return err
	}
	if pass, err = s.passes(s.Low); err != nil || !pass {
		return err
	}
	for idle := 0; s.result.Failed-s.result.Rate > s.Resolution*s.result.Failed; {
		before := s.result
		if _, err := s.passes((before.Rate + before.Failed) / 2); err != nil {
			return err
		}
		if idle++; s.result.Rate != before.Rate || s.result.Failed != before.Failed {
			idle = 0
		}
		if idle == patience {
			s.result.Limited = true
			return nil
		}
	}
	return nil
}

// passes makes up to Tries trials at rate and moves the bound they decide on.
// Where the generator was too slow the trial was one at the lower rate.
func (s *search) passes(rate float64) (bool, error) {
	for range s.Tries {
		if len(s.result.Steps) == s.Most {
			return false, ErrTrials
		}
		loss, err := s.trial(rate)
		var slow Unreached
		if errors.As(err, &slow) {
			rate, err = min(rate, slow.Offered), nil
		}
		if err != nil {
			return false, fmt.Errorf("search rate: trial at %.0f packets per second: %w", rate, err)
		}
		pass := loss <= s.MaxLoss
		s.result.Steps = append(s.result.Steps, Step{Rate: rate, Loss: loss, Pass: pass})
		if pass {
			if rate > s.result.Rate {
				s.result.Rate, s.result.Loss = rate, loss
			}
			return true, nil
		}
	}
	if s.result.Failed == 0 || rate < s.result.Failed {
		s.result.Failed = rate
	}
	return false, nil
}
