package lab

import (
	"fmt"
	"testing"
)

// A recorder takes the failures of what is tested for its own. Fatal panics, so that the call ends there.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper()           {}
func (r *recorder) Fatal(args ...any) { r.said = fmt.Sprint(args...); panic(r.said) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	panic(r.said)
}
