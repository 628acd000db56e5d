package action

import (
	"errors"
	"fmt"

	"pollux/counter"
	"pollux/flow"
)

// MaxDepth is how deep lists may be nested.
const MaxDepth = 8

// Errors of Validate; they are values, so that a refusal costs a thread nothing.
var (
	errLength  = errors.New("validate actions: an action is longer than its list")
	errOp      = errors.New("validate actions: unknown action")
	errPayload = errors.New("validate actions: a payload of the wrong length")
	errDepth   = fmt.Errorf("validate actions: nested deeper than %d", MaxDepth)
	errField   = errors.New("validate actions: a field that cannot be set")
	errPort    = errors.New("validate actions: a port that cannot be")
	errReason  = errors.New("validate actions: a reason to drop that there is not")
	errTooLong = fmt.Errorf("validate actions: longer than %d words", MaxWords)
)

// payloads is how many words each action carries behind its header; -1 for a
// nested list, -2 for what its own package knows.
var payloads = [numOps]int{Set: 4, PushMPLS: 1, Userspace: 2, Clone: -1, Sample: -1, CheckLength: -2, Conntrack: -2, TunnelPush: -2}

// Validate checks a list that somebody else wrote: every length, operation,
// field and port (below ports) is possible. After that, walking the list and Apply cannot fail to
// understand it. It does not allocate.
func Validate(l List, ports int) error {
	if len(l) > MaxWords {
		return errTooLong
	}
	return validate(l, ports, 0)
}

func validate(l List, ports, depth int) error {
	if depth > MaxDepth {
		return errDepth
	}
	for len(l) > 0 {
		n := int(uint16(l[0] >> 32))
		if n < 1 || n > len(l) {
			return errLength
		}
		a, rest := l.First()
		if err := a.validate(ports, depth); err != nil {
			return err
		}
		l = rest
	}
	return nil
}

func (a *Action) validate(ports, depth int) error {
	if a.Op == Invalid || a.Op >= numOps {
		return errOp
	}
	switch want := payloads[a.Op]; {
	case want >= 0 && len(a.Payload) != want:
		return errPayload
	case want == -1:
		return validate(List(a.Payload), ports, depth+1)
	}
	switch a.Op {
	case Output, TunnelPop:
		if int64(a.Arg) >= int64(ports) {
			return errPort
		}
	case Set:
		if !Settable(flow.FieldID(a.Field)) {
			return errField
		}
	case Drop:
		if a.Arg == uint32(counter.Forwarded) || a.Arg >= uint32(counter.NumDrops) {
			return errReason
		}
	case CheckLength:
		if len(a.Payload) < 1 || a.Payload[0] > uint64(len(a.Payload)-1) {
			return errPayload
		}
		longer, others := a.Branches()
		if err := validate(longer, ports, depth+1); err != nil {
			return err
		}
		return validate(others, ports, depth+1)
	}
	return nil
}
