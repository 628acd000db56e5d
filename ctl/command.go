package ctl

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Command is one thing the switch does when told to.
type Command struct {
	Name  string // as in "fdb/show"
	Usage string // arguments, as in "bridge [port]"; shown by list-commands
	Min   int    // least number of arguments
	Max   int    // most, or Any

	// Run does it and returns what is printed. It is called from a goroutine of
	// its own connection, several at a time, and should give up when ctx ends:
	// the switch stops.
	Run func(ctx context.Context, args []string) (string, error)
}

// Any is a Command.Max without bound.
const Any = -1

// Commands is the commands a server knows. The zero value is empty and ready.
type Commands struct {
	mu     sync.RWMutex
	byName map[string]Command
}

// Add makes commands known. A name that is taken is a mistake of the program.
func (c *Commands) Add(commands ...Command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]Command{}
	}
	for _, command := range commands {
		if _, taken := c.byName[command.Name]; taken || command.Run == nil {
			panic(fmt.Sprintf("ctl: command %q is taken or does nothing", command.Name))
		}
		c.byName[command.Name] = command
	}
}

// Run checks the number of arguments and runs a command. Errors of unknown
// names and wrong numbers are in the words of Open vSwitch.
func (c *Commands) Run(ctx context.Context, name string, args []string) (string, error) {
	c.mu.RLock()
	command, known := c.byName[name]
	c.mu.RUnlock()
	switch {
	case !known:
		return "", fmt.Errorf("%q is not a valid command (use \"list-commands\" to see a list of valid commands)", name)
	case len(args) < command.Min:
		return "", fmt.Errorf("%q command requires at least %d arguments", name, command.Min)
	case command.Max != Any && len(args) > command.Max:
		return "", fmt.Errorf("%q command takes at most %d arguments", name, command.Max)
	}
	return command.Run(ctx, args)
}

// List is what list-commands prints.
func (c *Commands) List() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	names := make([]string, 0, len(c.byName))
	for name := range c.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("The available commands are:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  %-23s %s\n", name, c.byName[name].Usage)
	}
	return b.String()
}
