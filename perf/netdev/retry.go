package netdev

import (
	"strings"
	"time"
)

// busyLimit is how long a queue may stay busy after the process that had it
// bound is gone: on veth up to 80 ms have been seen.
const busyLimit = 2 * time.Second

// RetryBusy calls bind until it fails with something else than "device or
// resource busy", or for busyLimit. It looks at the words, because
// github.com/asavie/xdp keeps the errno out of its errors.
func RetryBusy(bind func() error) error {
	for end := time.Now().Add(busyLimit); ; time.Sleep(20 * time.Millisecond) {
		err := bind()
		if err == nil || !strings.Contains(err.Error(), "device or resource busy") || time.Now().After(end) {
			return err
		}
	}
}
