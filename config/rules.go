package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rule says which values a setting may have. check is given the value that
// setting.at points to and returns what is wrong with it, or "". allowed
// completes the sentence "must be ...".
type rule interface {
	check(value any, m Machine) string
	allowed(m Machine) string
}

// between is a whole number in a range.
type between struct {
	min, max int
	power    bool // of two
	multiple int  // 0: any
}

func (r between) check(value any, m Machine) string {
	n := *value.(*int)
	ok := r.min <= n && n <= r.max &&
		(!r.power || n&(n-1) == 0) &&
		(r.multiple == 0 || n%r.multiple == 0)
	if ok {
		return ""
	}
	return fmt.Sprintf("%d is not allowed: must be %s", n, r.allowed(m))
}

func (r between) allowed(Machine) string {
	kind := "a whole number"
	switch {
	case r.power && r.max == 2*r.min:
		return fmt.Sprintf("%d or %d", r.min, r.max)
	case r.power:
		kind = "a power of two"
	case r.multiple != 0:
		kind = fmt.Sprintf("a multiple of %d", r.multiple)
	}
	return fmt.Sprintf("%s from %d to %d", kind, r.min, r.max)
}

// oneOf is one of some words.
type oneOf []string

func (r oneOf) check(value any, m Machine) string {
	word := *value.(*string)
	if slices.Contains(r, word) {
		return ""
	}
	return fmt.Sprintf("%q is not allowed: must be %s", word, r.allowed(m))
}

func (r oneOf) allowed(Machine) string {
	quoted := make([]string, len(r))
	for i, word := range r {
		quoted[i] = strconv.Quote(word)
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// lasting is a duration in a range.
type lasting struct{ min, max time.Duration }

func (r lasting) check(value any, m Machine) string {
	d := *value.(*Duration)
	if r.min <= d.Duration && d.Duration <= r.max {
		return ""
	}
	return fmt.Sprintf("%q is not allowed: must be %s", d, r.allowed(m))
}

func (r lasting) allowed(Machine) string {
	return fmt.Sprintf("a duration from %q to %q", r.min, r.max)
}

// cpus is a CPU number, or a list of them, each once, each usable.
type cpus struct{}

func (r cpus) check(value any, m Machine) string {
	list, isList := value.(*[]int)
	if !isList {
		list = &[]int{*value.(*int)}
	}
	for i, cpu := range *list {
		switch {
		case !slices.Contains(m.Online, cpu):
			return fmt.Sprintf("core %d does not exist: must be %s", cpu, r.allowed(m))
		case !slices.Contains(m.Usable, cpu):
			return fmt.Sprintf("core %d is outside the CPUs this process may use: must be %s", cpu, r.allowed(m))
		case slices.Contains((*list)[:i], cpu):
			return fmt.Sprintf("core %d is named twice", cpu)
		}
	}
	return ""
}

func (cpus) allowed(m Machine) string {
	return "CPU numbers out of " + formatNumbers(m.Usable)
}

// yesNo is a boolean, which cannot be wrong.
type yesNo struct{}

func (yesNo) check(any, Machine) string { return "" }
func (yesNo) allowed(Machine) string    { return "true or false" }

// absolutePath is a directory that need not exist yet.
type absolutePath struct{}

func (r absolutePath) check(value any, m Machine) string {
	path := *value.(*string)
	if filepath.IsAbs(path) && !strings.ContainsRune(path, 0) {
		return ""
	}
	return fmt.Sprintf("%q is not allowed: must be %s", path, r.allowed(m))
}

func (absolutePath) allowed(Machine) string { return "a path that begins with /" }

// hostPort is a TCP address to listen on, or nothing.
type hostPort struct{}

func (r hostPort) check(value any, m Machine) string {
	address := *value.(*string)
	if address == "" {
		return ""
	}
	colon := strings.LastIndexByte(address, ':')
	if colon >= 0 {
		host := address[:colon]
		_, err := strconv.ParseUint(address[colon+1:], 10, 16)
		bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
		if err == nil && (bracketed || !strings.ContainsAny(host, ":[]")) {
			return ""
		}
	}
	return fmt.Sprintf("%q is not allowed: must be %s", address, r.allowed(m))
}

func (hostPort) allowed(Machine) string {
	return `host:port with a port number, as in "127.0.0.1:9187", or "" for none`
}

// deviceName is a name the kernel would take: dev_valid_name() in
// net/core/dev.c.
type deviceName struct{}

func (r deviceName) check(value any, m Machine) string {
	name := *value.(*string)
	bad := name == "" || len(name) > 15 || name == "." || name == ".." ||
		strings.ContainsFunc(name, func(c rune) bool { return c == '/' || c == ':' || c <= ' ' || c == 0x7f })
	if !bad {
		return ""
	}
	return fmt.Sprintf("%q is not allowed: must be %s", name, r.allowed(m))
}

func (deviceName) allowed(Machine) string {
	return `a device name, as in "eth0": 1 to 15 characters without blank, "/" and ":"`
}

// someQueues is a QueueSet, which its parser checked.
type someQueues struct{}

func (someQueues) check(any, Machine) string { return "" }
func (someQueues) allowed(Machine) string {
	return fmt.Sprintf(`"all" or numbers and ranges up to %d, as in "0-3,7"`, maxQueue)
}
