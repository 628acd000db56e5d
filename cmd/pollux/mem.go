package main

import (
	"io"

	"github.com/spf13/cobra"

	"pollux/config"
	"pollux/internal/clock"
	"pollux/perf"
	"pollux/rxtx"
	"pollux/vswitch"
)

func memCommand() *cobra.Command { return perf.MemCommand(buildMem) }

// memSwitch is a switch on memory ports as package perf measures it.
type memSwitch struct{ *vswitch.Mem }

// Counts implements perf.MemSwitch.
func (m memSwitch) Counts() perf.MemCounts { return perf.ReadMemCounts(m.Region()) }

func buildMem(o perf.MemOptions, source, sink rxtx.Port) (perf.MemSwitch, error) {
	machine, err := config.ThisMachine()
	if err != nil {
		return nil, err
	}
	cfg := config.Default(machine)
	for _, v := range []struct {
		to   *int
		want int
	}{
		{&cfg.Cache.FirstEntries, o.FirstEntries},
		{&cfg.Cache.SecondEntries, o.SecondEntries},
		{&cfg.Cache.InsertInverseProbability, o.InverseProbability},
	} {
		if v.want >= 0 {
			*v.to = v.want
		}
	}
	m, err := vswitch.NewMem(vswitch.Options{
		Config: cfg, Cores: []int{o.Core}, Rules: o.Rules, Default: "in_port=1,actions=output:2", Bridge: "br0", Version: version, Console: io.Discard,
	}, 1, clock.System, source, sink)
	if err != nil {
		return nil, err
	}
	return memSwitch{m}, nil
}
