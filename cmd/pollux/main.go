// Pollux is a virtual switch. This command starts it, stops it, asks it how
// it is, and loads and measures it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"pollux/perf"
)

// version is what --version and `ovs-appctl version` say.
const version = "0.1.0"

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer cancel()
	root := newRoot()
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "pollux:", err)
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "pollux",
		Short:         "A virtual switch on AF_XDP sockets",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(startCommand(), stopCommand(), datapathCommand(), portCommand(), doctorCommand(), perf.NewCommand(memCommand(), stallCommand(), perf.GapsCommand()))
	root.AddCommand(faceCommands()...)
	return root
}
