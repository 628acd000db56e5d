package ctl_test

import (
	"pollux/ctl"
	"pollux/internal/vlog"
)

// The log of the switch is what the vlog commands act on.
var _ ctl.Log = (*vlog.Log)(nil)
