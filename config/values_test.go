package config

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Formatting and parsing are inverse to each other.
func TestNumbersRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		var list []int
		for n := range 40 {
			if r.IntN(3) > 0 {
				list = append(list, n)
			}
		}
		if list == nil {
			continue
		}
		text := formatNumbers(list)
		back, err := parseNumbers(text, 39)
		if err != nil || !slices.Equal(back, list) {
			t.Fatalf("seed %d: %v became %q became %v, %v", seed, list, text, back, err)
		}
	}
}

func TestNumbersText(t *testing.T) {
	for text, want := range map[string]string{
		"0":         "0",
		"0-0":       "0",
		"3,1,2":     "1-3",
		"0,1":       "0,1",
		" 0 , 2-3 ": "0,2,3",
		"7,0-3":     "0-3,7",
	} {
		list, err := parseNumbers(text, 10)
		if err != nil || formatNumbers(list) != want {
			t.Errorf("%q: got %v, %v, want %s", text, list, err, want)
		}
	}
	for _, text := range []string{"", ",", "1,", "-1", "1-", "a", "+1", "1-2-3", "2-1", "1,1", "0-3,2", "11", "0x1", "99999999999999999999"} {
		if list, err := parseNumbers(text, 10); err == nil {
			t.Errorf("%q was read as %v", text, list)
		}
	}
}

func TestQueueSetText(t *testing.T) {
	for _, text := range []string{"all", "0", "0-3,7"} {
		var q QueueSet
		if err := q.UnmarshalText([]byte(text)); err != nil || q.String() != text {
			t.Errorf("%s: got %v, %v", text, q, err)
		}
	}
}
