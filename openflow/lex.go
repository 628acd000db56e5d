package openflow

import (
	"fmt"
	"strings"
)

// The text of rules and actions is a list of items with commas or blanks between. An item is a
// key, maybe with a value: key=value, key:value or key(value), the
// last maybe with a destination: check_pkt_larger(100)->reg0[0]. Parentheses
// nest, and what stands in double quotes is not looked into.

// item is one element of a list.
type item struct {
	key   string
	delim byte   // what stood behind the key: '=', ':', '(' or 0 when there is no value
	value string // what is between the parentheses, for '('
	dst   string // what follows "->" after ')'
	text  string // all of it
}

const separators = ", \t\r\n"

// nextItem splits the first item off s, which has one: it starts with no separator.
func nextItem(s string) (it item, rest string, err error) {
	n := strings.IndexAny(s, ":=("+separators)
	if n < 0 {
		return item{key: s, text: s}, "", nil
	}
	it.key = s[:n]
	end := n
	switch s[n] {
	case ':', '=':
		it.delim = s[n]
		end, err = valueEnd(s, n+1)
		it.value = s[n+1 : end]
	case '(':
		it.delim = '('
		end, err = it.parentheses(s, n)
	}
	if err == nil && it.key == "" {
		err = fmt.Errorf("no name before %q", short(s))
	}
	it.text = s[:end]
	return it, s[end:], err
}

// parentheses reads the value between the parentheses at n and the destination behind them, and returns where they end.
func (it *item) parentheses(s string, n int) (end int, err error) {
	closing, err := matching(s, n)
	if err != nil {
		return n, err
	}
	it.value, end = s[n+1:closing], closing+1
	if strings.HasPrefix(s[end:], "->") {
		start := end + 2
		end, err = valueEnd(s, start)
		it.dst = s[start:end]
		return end, err
	}
	if end < len(s) && strings.IndexByte(separators, s[end]) < 0 {
		return end, fmt.Errorf("%q right behind %q", short(s[end:]), short(s[:end]))
	}
	return end, nil
}

// valueEnd is where the value that starts at i ends: at a separator outside parentheses and quotes.
func valueEnd(s string, i int) (int, error) {
	for start := i; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			closing, err := matching(s, i)
			if err != nil {
				return start, err
			}
			i = closing
		case c == ')':
			return start, fmt.Errorf("%q closes a parenthesis that nobody opened", short(s[:i+1]))
		case c == '"':
			i = quoteEnd(s, i)
		case strings.IndexByte(separators, c) >= 0:
			return i, nil
		}
	}
	return min(i, len(s)), nil
}

// matching is where the parenthesis that opens at i closes.
func matching(s string, i int) (int, error) {
	depth := 0
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '"':
			j = quoteEnd(s, j)
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j, nil
			}
		}
	}
	return 0, fmt.Errorf("%q leaves a parenthesis open", short(s))
}

// quoteEnd is where the quote that opens at i closes, the end of s if nowhere.
func quoteEnd(s string, i int) int {
	for i++; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i
}

// eachItem calls do for every item of s.
func eachItem(s string, do func(item) error) error {
	for {
		s = strings.TrimLeft(s, separators)
		if s == "" {
			return nil
		}
		it, rest, err := nextItem(s)
		if err != nil {
			return err
		}
		if err := do(it); err != nil {
			return err
		}
		s = rest
	}
}
