package vswitch

import (
	"context"
	"fmt"
	"io"
	"strings"

	"pollux/config"
	"pollux/ctl"
)

// commands are what the control socket offers beside the built-in ones: the
// names, arguments and output that ovs-appctl(8) and ovs-dpctl(8) give the
// userspace datapath, and pollux/* for what Open vSwitch has no word for.
func (s *Switch) commands(l *life) []ctl.Command {
	return []ctl.Command{
		{Name: "pollux/status", Run: show(s.showStatus)},
		{Name: "pollux/stats", Run: show(s.showStats)},
		{Name: "pollux/trace", Usage: "flow [packet]", Min: 1, Max: 2, Run: s.traceCommand},
		{Name: "pollux/port-add", Usage: "device[:queues]", Min: 1, Max: 1, Run: s.portAdd},
		{Name: "pollux/port-del", Usage: "device", Min: 1, Max: 1, Run: s.portDel},
		{Name: "pollux/port-list", Run: show(s.listPorts)},
		{Name: "pollux/stop", Run: func(context.Context, []string) (string, error) { return "", l.exit(nil, true) }},
		{Name: "pollux/detach", Run: func(context.Context, []string) (string, error) { return "", l.detach() }},

		{Name: "dpif-netdev/pmd-stats-show", Usage: "[-pmd core] [dp]", Max: 3, Run: s.perThread(writePMDStats)},
		{Name: "dpif-netdev/pmd-perf-show", Usage: "[-pmd core] [dp]", Max: 3, Run: s.perThread(writePMDPerf)},
		{Name: "dpif-netdev/pmd-stats-clear", Usage: "[-pmd core] [dp]", Max: 3, Run: s.clearStats},
		{Name: "dpif-netdev/pmd-rxq-show", Usage: "[-pmd core] [dp]", Max: 3, Run: show(s.showRxQueues)},
		{Name: "dpif-netdev/pmd-rxq-rebalance", Usage: "[dp]", Max: 1, Run: s.rebalance},
		{Name: "dpif-netdev/subtable-lookup-info-get", Max: 1, Run: show(s.showSubtables)},
		{Name: "dpctl/show", Usage: "[dp...]", Max: ctl.Any, Run: show(s.showDatapath)},
		{Name: "dpif/show", Run: show(s.showDpif)},
		{Name: "dpctl/dump-flows", Usage: "[-m] [--names] [dp]", Max: ctl.Any, Run: s.dumpFlows},
		{Name: "dpctl/del-flows", Usage: "[dp]", Max: 1, Run: s.delFlows},
		{Name: "coverage/show", Run: show(s.showCoverage)},

		{Name: "fdb/show", Usage: "bridge", Min: 1, Max: 1, Run: s.onBridge(s.fdbShow)},
		{Name: "fdb/flush", Usage: "[bridge]", Max: 1, Run: s.onBridge(s.fdbFlush)},
		{Name: "bridge/dump-flows", Usage: "[bridge]", Max: 1, Run: s.onBridge(s.dumpRules)},
		{Name: "ofproto/list", Run: show(func(w io.Writer) error { fmt.Fprintln(w, s.bridge.Name()); return nil })},
		{Name: "ofproto/trace", Usage: "[bridge] flow [packet]", Min: 1, Max: 3, Run: s.traceCommand},
		{Name: "pollux/add-flow", Usage: "rule", Min: 1, Max: 1, Run: s.addRule},
		{Name: "pollux/del-flows", Usage: "[match]", Max: 1, Run: s.delRules},
	}
}

// show makes a command of a function that writes.
func show(write func(w io.Writer) error) func(context.Context, []string) (string, error) {
	return func(context.Context, []string) (string, error) {
		var b strings.Builder
		err := write(&b)
		return b.String(), err
	}
}

// onBridge makes a command whose first argument, if any, must be the bridge.
func (s *Switch) onBridge(write func(w io.Writer) error) func(context.Context, []string) (string, error) {
	return func(_ context.Context, args []string) (string, error) {
		if len(args) > 0 && args[0] != s.bridge.Name() {
			return "", fmt.Errorf("no such bridge")
		}
		var b strings.Builder
		err := write(&b)
		return b.String(), err
	}
}

func (s *Switch) portAdd(_ context.Context, args []string) (string, error) {
	d, err := config.ParseDevice(args[0])
	if err != nil {
		return "", err
	}
	d.Mode, d.Coalesce = s.defaults.Mode, s.defaults.Coalesce
	p, err := s.AddPort(d, s.defaults.RxDescriptors, s.defaults.TxDescriptors, nil)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("port %d is %s\n", p.Number, p.Name), nil
}

func (s *Switch) portDel(_ context.Context, args []string) (string, error) {
	return "", s.RemovePort(args[0])
}

func (s *Switch) listPorts(w io.Writer) error {
	for _, p := range s.portList() {
		fmt.Fprintf(w, "%d %s\n", p.Number, p.Name)
	}
	return nil
}

func (s *Switch) rebalance(context.Context, []string) (string, error) {
	c, err := s.now()
	if err != nil {
		return "", err
	}
	return "pmd rxq rebalance requested.\n", c.link.Rebalance()
}
