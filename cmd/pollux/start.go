package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"pollux/config"
	"pollux/vswitch"
)

func startCommand() *cobra.Command {
	var file, rules, bridge string
	c := &cobra.Command{
		Use:   "start DEVICE[:QUEUES]...",
		Short: "Bind network devices and switch packets between them",
		Long: `Bind network devices and switch packets between them until stopped.

Every queue of a device is bound unless QUEUES names some, as in eth0:0-3,7.
Without --flows the switch learns MAC addresses and forwards by them. The first
device is OpenFlow port 1, the next 2, and so on.

If a datapath of this run directory is forwarding already, because a previous
control process died, it is taken over and goes on forwarding meanwhile.`,
	}
	c.Flags().StringVar(&file, "config", "", "TOML `file` of settings; see pollux.example.toml")
	c.Flags().StringVar(&rules, "flows", "", "`file` of rules in the syntax of ovs-ofctl add-flows")
	c.Flags().StringVar(&bridge, "bridge", "br0", "`name` of the bridge")
	flags := config.BindFlags(c.Flags())
	c.RunE = func(c *cobra.Command, devices []string) error {
		machine, err := config.ThisMachine()
		if err != nil {
			return err
		}
		cfg, err := config.Load(file, flags, devices, machine)
		if err != nil {
			return err
		}
		return vswitch.Run(c.Context(), vswitch.Options{
			Config: cfg, Cores: cfg.Threads(machine), Rules: rules, Bridge: bridge, Version: version, Console: os.Stderr,
		})
	}
	return c
}

// datapathCommand is the datapath process, which start starts. Descriptor 3
// is its listener, 4 takes its last word if it cannot start.
func datapathCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "datapath",
		Short:  "Run a datapath process (used by start)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			l, word, err := inherited()
			if err != nil {
				return err
			}
			if err := vswitch.RunDatapath(os.Stdin, l); err != nil {
				fmt.Fprint(word, err)
				return err
			}
			return nil
		},
	}
}

func inherited() (*net.UnixListener, *os.File, error) {
	file, word := os.NewFile(3, "listener"), os.NewFile(4, "last word")
	if file == nil || word == nil {
		return nil, nil, errors.New("run datapath: it is started by `pollux start`, not by hand")
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, nil, fmt.Errorf("run datapath: it is started by `pollux start`, not by hand: %w", err)
	}
	file.Close()
	unix, ok := l.(*net.UnixListener)
	if !ok {
		return nil, nil, errors.New("run datapath: descriptor 3 is no Unix socket")
	}
	return unix, word, nil
}
