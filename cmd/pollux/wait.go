package main

import (
	"context"
	"fmt"

	"pollux/vswitch"
)

// awaitEnd waits until a process is gone.
func awaitEnd(ctx context.Context, pid int) error {
	gone, err := vswitch.Died(pid)
	if err != nil {
		return err
	}
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop: process %d has not ended yet: %w", pid, ctx.Err())
	}
}
