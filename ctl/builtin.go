package ctl

import (
	"context"
	"fmt"
)

// Hooks is what the commands that every daemon has act on.
type Hooks struct {
	Version string // one line
	Log     Log    // may be nil: no vlog commands

	// Exit begins to stop the switch and returns; nil: no exit command. cleanup
	// asks to take down the ports as well.
	Exit func(ctx context.Context, cleanup bool) error
}

// Log is what vlog/* commands change; internal/vlog has one.
type Log interface {
	Set(spec string) error
	List() string
	Patterns() string
	SetRateLimits(on bool, modules ...string) error
	Reopen() error
	CloseFile() error
}

// AddBuiltins makes list-commands, version, exit and vlog/* known.
func (c *Commands) AddBuiltins(h Hooks) {
	c.Add(
		Command{"list-commands", "", 0, 0, text(c.List)},
		Command{"version", "", 0, 0, text(func() string { return h.Version })},
	)
	if h.Exit != nil {
		c.Add(Command{"exit", "[--cleanup]", 0, 1, func(ctx context.Context, args []string) (string, error) {
			cleanup := len(args) == 1 && args[0] == "--cleanup"
			if len(args) == 1 && !cleanup {
				return "", fmt.Errorf("unknown option %q: only --cleanup is allowed", args[0])
			}
			return "", h.Exit(ctx, cleanup)
		}})
	}
	if h.Log == nil {
		return
	}
	c.Add(
		Command{"vlog/set", "{spec | PATTERN:destination:pattern}", 0, Any, setLevels(h.Log)},
		Command{"vlog/list", "", 0, 0, text(h.Log.List)},
		Command{"vlog/list-pattern", "", 0, 0, text(h.Log.Patterns)},
		Command{"vlog/enable-rate-limit", "[module]...", 0, Any, func(_ context.Context, modules []string) (string, error) {
			return "", h.Log.SetRateLimits(true, modules...)
		}},
		Command{"vlog/disable-rate-limit", "[module]...", 0, Any, func(_ context.Context, modules []string) (string, error) {
			return "", h.Log.SetRateLimits(false, modules...)
		}},
		Command{"vlog/reopen", "", 0, 0, act(h.Log.Reopen)},
		Command{"vlog/close", "", 0, 0, act(h.Log.CloseFile)},
	)
}

type run = func(context.Context, []string) (string, error)

// text runs what has no arguments and cannot fail.
func text(f func() string) run {
	return func(context.Context, []string) (string, error) { return f(), nil }
}

// act runs what has nothing to say but an error.
func act(f func() error) run {
	return func(context.Context, []string) (string, error) { return "", f() }
}

// setLevels takes specs up to the first that is wrong; none at all is an empty
// one, everything at level dbg.
func setLevels(log Log) run {
	return func(_ context.Context, specs []string) (string, error) {
		if len(specs) == 0 {
			specs = []string{""}
		}
		for _, spec := range specs {
			if err := log.Set(spec); err != nil {
				return "", err
			}
		}
		return "", nil
	}
}
