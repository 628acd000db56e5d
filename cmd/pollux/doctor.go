package main

import (
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"pollux/internal/doctor"
)

func doctorCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor [DEVICE]...",
		Short: "Say what this machine and devices can do, and what to change",
		Long: `Say what this machine and devices can do for a switch, and what to change. Each
finding that could be better names the command that mends it. Nothing is changed.
The exit status is not 0 if something stands in the way.`,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	c.RunE = func(c *cobra.Command, devices []string) error {
		r := doctor.Examine(devices)
		var err error
		if asJSON {
			err = json.NewEncoder(c.OutOrStdout()).Encode(r)
		} else {
			err = r.WriteText(c.OutOrStdout())
		}
		if err == nil && r.Worst() == doctor.Problem {
			err = errors.New("something stands in the way")
		}
		return err
	}
	return c
}
