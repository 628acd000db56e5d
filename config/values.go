package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time with its unit, as in "300s", "10ms", "50us". It
// is a struct so that a bare TOML integer, whose unit nobody could tell, is an
// error and not a number of nanoseconds.
type Duration struct{ time.Duration }

// UnmarshalText reads what time.ParseDuration reads; "0" needs no unit.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number and its unit, as in \"300s\", \"10ms\" or \"50us\"", text)
	}
	d.Duration = v
	return nil
}

// MarshalText writes a form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// QueueSet is some queues of a device: "all" (the zero value) or a list such
// as "0-3,7".
type QueueSet struct {
	List []int // ascending, no number twice; nil: all of them
}

// maxQueue bounds queue numbers. The kernel's own bound is far lower for every
// driver, so this one only keeps "0-4000000000" from filling the memory.
const maxQueue = 4095

// All reports whether the set is every queue the device has.
func (q QueueSet) All() bool { return q.List == nil }

// UnmarshalText reads "all" or a list of numbers and ranges.
func (q *QueueSet) UnmarshalText(text []byte) error {
	if string(text) == "all" {
		q.List = nil
		return nil
	}
	list, err := parseNumbers(string(text), maxQueue)
	if err != nil {
		return fmt.Errorf("queues %q: %w", text, err)
	}
	q.List = list
	return nil
}

// MarshalText writes a form that UnmarshalText reads.
func (q QueueSet) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

func (q QueueSet) String() string {
	if q.All() {
		return "all"
	}
	return formatNumbers(q.List)
}

// parseNumbers reads "0,2-5" into ascending numbers, each once, none above max.
func parseNumbers(text string, max int) ([]int, error) {
	seen := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := parseNumber(from, max)
		if err != nil {
			return nil, err
		}
		last := first
		if isRange {
			if last, err = parseNumber(to, max); err != nil {
				return nil, err
			}
		}
		if last < first {
			return nil, fmt.Errorf("range %q runs backwards", part)
		}
		for n := first; n <= last; n++ {
			if seen[n] {
				return nil, fmt.Errorf("%d is named twice", n)
			}
			seen[n] = true
		}
	}
	list := make([]int, 0, len(seen))
	for n := range seen {
		list = append(list, n)
	}
	return sorted(list), nil
}

func parseNumber(text string, max int) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number; write numbers and ranges, as in \"0-3,7\"", text)
	}
	if n > uint64(max) {
		return 0, fmt.Errorf("%d is above %d", n, max)
	}
	return int(n), nil
}

// formatNumbers writes ascending numbers with runs of three or more as ranges.
func formatNumbers(list []int) string {
	var b strings.Builder
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(list[i]))
		switch {
		case j >= i+2:
			fmt.Fprintf(&b, "-%d", list[j])
			i = j + 1
		default:
			i++
		}
	}
	return b.String()
}

func sorted(list []int) []int {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
