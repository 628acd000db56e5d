package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"pollux/ctl"
)

// The faces are commands of a running switch under shorter names. They speak
// to its control socket, as ovs-appctl does.

// defaultRunDir is where Open vSwitch's tools look, too.
const defaultRunDir = "/var/run/openvswitch"

// runDirFlag adds --run-dir.
func runDirFlag(c *cobra.Command) *string {
	dir := os.Getenv("OVS_RUNDIR")
	if dir == "" {
		dir = defaultRunDir
	}
	return c.Flags().String("run-dir", dir, "`directory` of the switch's sockets")
}

// call runs a command of the switch and prints what it answers.
func call(ctx context.Context, c *cobra.Command, dir, command string, args ...string) error {
	cl, err := ctl.Dial(ctx, dir, "pollux")
	if err != nil {
		return err
	}
	defer cl.Close()
	text, err := cl.Call(ctx, command, args...)
	if err != nil {
		return err
	}
	fmt.Fprint(c.OutOrStdout(), text)
	return nil
}

// face is a subcommand that calls a command of the switch with the arguments it gets.
func face(use, short, command string, args cobra.PositionalArgs) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: args}
	dir := runDirFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return call(c.Context(), c, *dir, command, args...)
	}
	return c
}

func faceCommands() []*cobra.Command {
	return []*cobra.Command{
		face("status", "Show processes, threads, ports and what users should know", "pollux/status", cobra.NoArgs),
		statsCommand(),
		face("flows", "Show the datapath's flows with their counters", "dpctl/dump-flows", cobra.ArbitraryArgs),
		face("rules [BRIDGE]", "Show the rules with their counters", "bridge/dump-flows", cobra.MaximumNArgs(1)),
		face("trace FLOW [PACKET]", "Show what the rules do to a packet, table by table", "pollux/trace", cobra.RangeArgs(1, 2)),
	}
}

func portCommand() *cobra.Command {
	c := &cobra.Command{Use: "port", Short: "Add and remove ports of a running switch"}
	c.AddCommand(
		face("add DEVICE[:QUEUES]", "Bind a device", "pollux/port-add", cobra.ExactArgs(1)),
		face("del DEVICE", "Give a device back to the kernel", "pollux/port-del", cobra.ExactArgs(1)),
		face("list", "List the ports", "pollux/port-list", cobra.NoArgs),
	)
	return c
}

func statsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "stats", Short: "Show packets, bytes, drops and rates by port and thread", Args: cobra.NoArgs,
	}
	dir := runDirFlag(c)
	every := c.Flags().Duration("every", 0, "show rates again and again at this `interval`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		for {
			if err := call(c.Context(), c, *dir, "pollux/stats"); err != nil || *every == 0 {
				return err
			}
			select {
			case <-c.Context().Done():
				return nil
			case <-time.After(*every):
			}
		}
	}
	return c
}

func stopCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "stop",
		Short: "Stop the switch and give its devices back",
		Long: `Stop the switch and give its devices back to the kernel. With
--keep-forwarding only the control process ends: the datapath forwards what it
knows until the next start takes it over.`,
		Args: cobra.NoArgs,
	}
	dir := runDirFlag(c)
	keep := c.Flags().Bool("keep-forwarding", false, "end only the control process")
	c.RunE = func(c *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(c.Context(), 30*time.Second)
		defer cancel()
		command := "pollux/stop"
		if *keep {
			command = "pollux/detach"
		}
		pidfile := *dir + "/pollux.pid"
		pid, err := ctl.ReadPidfile(pidfile)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("stop: no switch runs with the run directory %s", *dir)
			}
			return err
		}
		if err := call(ctx, c, *dir, command); err != nil {
			return err
		}
		return awaitEnd(ctx, pid)
	}
	return c
}
