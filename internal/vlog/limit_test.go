package vlog

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestRateLimit(t *testing.T) {
	var out bytes.Buffer
	l := New(Options{Console: &out})
	noisy := RateLimit(l.Module("m"), 60, 3).With("x", 1)
	second := func(n int) time.Time { return at.Add(time.Duration(n) * time.Second) }
	for range 5 {
		say(noisy, second(0), LevelInfo, "flood")
	}
	say(noisy, second(1), LevelInfo, "later")
	say(noisy, second(1), LevelInfo, "too soon")
	say(noisy, second(5), LevelInfo, "much later")
	for range 10 { // three tokens, one spent above
		say(noisy, second(5), LevelInfo, "again")
	}
	if err := l.SetRateLimits(false, "M"); err != nil {
		t.Fatal(err)
	}
	say(noisy, second(5), LevelInfo, "free")

	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.SplitN(strings.TrimSpace(line), "|", 5)[4])
	}
	want := []string{
		"flood x=1", "flood x=1", "flood x=1",
		"Dropped 2 log messages in last 1 seconds (most recently, 1 seconds ago) due to excessive rate", "later x=1",
		"Dropped 1 log messages in last 4 seconds (most recently, 4 seconds ago) due to excessive rate", "much later x=1",
		"again x=1", "again x=1",
		"free x=1",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRateLimitCommands(t *testing.T) {
	l := New(Options{})
	l.Module("a")
	l.Module("b")
	if err := l.SetRateLimits(false, "b"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(l.List(), "\n")
	if lines[2] != "a                 INFO       INFO       INFO" || lines[3] != "b                 INFO       INFO       INFO    (rate limiting disabled)" {
		t.Errorf("got\n%s", l.List())
	}
	if err := l.SetRateLimits(true, "any"); err != nil || strings.Contains(l.List(), "disabled") {
		t.Errorf("got %v\n%s", err, l.List())
	}
	if err := l.SetRateLimits(true, "c"); err == nil || err.Error() != "unknown module" {
		t.Errorf("got %v", err)
	}
}
