package vswitch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"pollux/config"
	"pollux/ctl"
	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/internal/metrics"
	"pollux/internal/vlog"
	"pollux/openflow"
)

// Options is what Run needs to know.
type Options struct {
	Config  *config.Config
	Cores   []int  // of the polling threads
	Rules   string // file of rules, "" for learning MAC addresses
	Bridge  string // name
	Version string
	Console io.Writer
}

// Program is the name under which the control socket and the pid file stand in the run directory.
const Program = "pollux"

// Run is the control process: it starts or adopts a datapath, adds the ports,
// and serves until ctx ends or a command stops it.
func Run(ctx context.Context, o Options) error {
	rules, err := loadRules(o.Rules)
	if err != nil {
		return err
	}
	level, err := vlog.ParseLevel(o.Config.Log.Level)
	if err != nil {
		return err
	}
	log := vlog.New(vlog.Options{Console: o.Console, Level: level})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	life := &life{cancel: cancel}
	sw := newSwitch(&o, log.Module("switch"))

	var commands ctl.Commands
	commands.AddBuiltins(ctl.Hooks{Version: "pollux " + o.Version, Log: log, Exit: life.exit})
	commands.Add(sw.commands(life)...)
	server, err := ctl.Listen(ctl.Options{Dir: o.Config.Dirs.Run, Name: Program, Commands: &commands, Log: log.Module("ctl")})
	if err != nil {
		return err
	}
	var done sync.WaitGroup
	defer done.Wait()
	defer cancel()
	// The socket closes last: who asks to stop is answered when it is done.
	serving, closeSocket := context.WithCancel(context.WithoutCancel(ctx))
	defer closeSocket()
	done.Go(func() { server.Serve(serving) })
	if err := sw.open(o.Config, rules); err != nil {
		return err
	}
	if err := sw.serveMetrics(ctx, &done, o.Config.Metrics.Address, log.Module("metrics")); err != nil {
		return errors.Join(err, sw.close(false))
	}
	sw.Run(ctx)
	return sw.close(life.keep)
}

// life is how the control process ends.
type life struct {
	cancel context.CancelFunc
	keep   bool // leave the datapath forwarding
}

func (l *life) exit(context.Context, bool) error {
	l.cancel()
	return nil
}

func (l *life) detach() error {
	l.keep = true
	l.cancel()
	return nil
}

// loadRules reads a file of rules; without one, the switch learns.
func loadRules(file string) ([]openflow.Rule, error) {
	if file == "" {
		return []openflow.Rule{{Priority: 0, Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: openflow.PortNormal}}}}}, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	defer f.Close()
	rules, err := openflow.ParseRules(f, nil)
	if err != nil {
		return nil, fmt.Errorf("read rules: %s: %w", file, err)
	}
	return rules, nil
}

// datapathConfig is what of the configuration concerns the datapath process.
func datapathConfig(o *Options) *DatapathConfig {
	c := o.Config
	second := c.Cache.SecondEntries
	if !c.Cache.SecondEnabled {
		second = 0
	}
	return &DatapathConfig{
		Version: o.Version, Cores: o.Cores,
		Frames: c.Umem.Frames, FrameSize: c.Umem.FrameSize, HugePages: c.Umem.HugePages,
		FirstEntries: c.Cache.FirstEntries, SecondEntries: second, InverseProbability: c.Cache.InsertInverseProbability,
		MaxMasks: c.Datapath.MaxMasks, FlowLimit: c.Datapath.FlowLimit, PortQuota: c.Limits.UpcallsPerPort, MaxPorts: 4096,
		Settings: dpif.Settings{Placement: c.Datapath.Placement, MaxSleep: c.Datapath.MaxSleep.Duration},
	}
}

// open starts or adopts the datapath and makes ports and rules what they should be.
func (s *Switch) open(c *config.Config, rules []openflow.Rule) error {
	session, adopted, err := s.launch()
	if err != nil {
		return err
	}
	s.current.Store(session)
	if err := s.bridge.ApplyRules(rules, s.clock.Now()); err != nil {
		return errors.Join(err, s.close(adopted))
	}
	if adopted {
		if err := s.adopt(session); err != nil {
			return errors.Join(err, s.close(true))
		}
	}
	if err := s.addMissing(c); err != nil {
		return errors.Join(err, s.close(adopted))
	}
	s.log.Info("forwarding", "datapath", session.pid(), "adopted", adopted, "ports", len(s.ports))
	return nil
}

// addMissing adds the configured devices that are no ports yet and removes ports
// that are not configured.
func (s *Switch) addMissing(c *config.Config) error {
	wanted := map[string]bool{}
	for _, d := range c.Devices {
		wanted[d.Name] = true
	}
	for _, p := range s.portList() {
		if !wanted[p.Name] {
			if err := s.RemovePort(p.Name); err != nil {
				return err
			}
		}
		delete(wanted, p.Name)
	}
	for _, d := range c.Devices {
		if wanted[d.Name] {
			if _, err := s.AddPort(d, c.Queues.RxDescriptors, c.Queues.TxDescriptors, c.Datapath.Pins); err != nil {
				return err
			}
		}
	}
	return nil
}

// close ends the datapath, unless it shall go on forwarding.
func (s *Switch) close(keep bool) error {
	c := s.current.Swap(nil)
	if c == nil {
		return nil
	}
	c.stop()
	if keep {
		s.log.Info("leaving the datapath forwarding", "datapath", c.pid())
		return nil
	}
	if err := c.link.Stop(); err != nil {
		return fmt.Errorf("stop datapath: %w", err)
	}
	if c.died != nil {
		<-c.died
	}
	return nil
}

// launcher makes sessions of datapath processes of a run directory.
func launcher(runDir, logFile string, c *DatapathConfig) func() (*session, bool, error) {
	return func() (*session, bool, error) {
		cl, adopted, err := Launch(runDir, logFile, c)
		if err != nil {
			return nil, false, err
		}
		died, err := Died(cl.PID())
		if err != nil {
			return nil, false, err
		}
		return newSession(cl, died, c.FlowLimit), adopted, nil
	}
}

func (s *Switch) serveMetrics(ctx context.Context, done *sync.WaitGroup, address string, log *slog.Logger) error {
	if address == "" {
		return nil
	}
	m, err := metrics.Listen(address, s, log)
	if err != nil {
		return err
	}
	done.Go(func() { m.Serve(ctx) })
	return nil
}

// datapathLog is where a datapath process writes what goes wrong in it.
func datapathLog(c *config.Config) string { return filepath.Join(c.Dirs.Run, "pollux-datapath.log") }

func newSwitch(o *Options, log *slog.Logger) *Switch {
	s := &Switch{clock: clock.System, log: log, limit: o.Config.Datapath.FlowLimit, defaults: o.Config.Queues}
	s.launch = launcher(o.Config.Dirs.Run, datapathLog(o.Config), datapathConfig(o))
	s.started = s.clock.Now()
	s.bridge = newBridge(o, s)
	return s
}
