package vswitch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"pollux/config"
	"pollux/ctl"
	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/internal/metrics"
	"pollux/internal/vlog"
	"pollux/ofproto"
	"pollux/ofproto/mac"
)

// Options is what Run needs to know.
type Options struct {
	Config  *config.Config
	Cores   []int  // of the polling threads
	Rules   string // file of rules, "" for those of Default
	Default string // rules as text, "" for learning MAC addresses
	Bridge  string // name
	Version string
	Console io.Writer
}

// Program is the name under which the control socket and the pid file stand in the run directory.
const Program = "pollux"

// Run is the control process: it starts or adopts a datapath, adds the ports,
// and serves until ctx ends or a command stops it.
func Run(ctx context.Context, o Options) error {
	if err := keepOff(o.Cores); err != nil {
		return err
	}
	log, err := openLog(&o)
	if err != nil {
		return err
	}
	defer log.CloseFile()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	life := &life{cancel: cancel}
	sw := newSwitch(&o, log.Module("switch"), clock.System)
	if err := sw.loadRules(&o); err != nil {
		return err
	}

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
	if err := sw.open(ctx, o.Config); err != nil {
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
		MaxMasks: c.Datapath.MaxMasks, FlowLimit: c.Datapath.FlowLimit, Batch: c.Datapath.Batch, PortQuota: c.Limits.UpcallsPerPort, MaxPorts: 4096,
		Settings: dpif.Settings{Placement: c.Datapath.Placement, MaxSleep: c.Datapath.MaxSleep.Duration},
	}
}

// open starts or adopts the datapath and makes its ports what they should be.
func (s *Switch) open(ctx context.Context, c *config.Config) error {
	session, adopted, err := s.launch()
	if err != nil {
		return err
	}
	s.current.Store(session)
	if adopted {
		if err := s.adopt(session); err != nil {
			return errors.Join(err, s.close(true))
		}
	}
	if err := s.addMissing(c); err != nil {
		return errors.Join(err, s.close(adopted))
	}
	if err := s.watchDevices(ctx); err != nil {
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

// launcher makes sessions of datapath processes of a run directory. A running
// one whose threads or memory are not those of c is replaced, since they cannot be changed.
func launcher(runDir, logFile string, c *DatapathConfig, log *slog.Logger) func() (*session, bool, error) {
	return func() (*session, bool, error) {
		cl, adopted, err := Launch(runDir, logFile, c)
		if err == nil && adopted {
			var fits bool
			if fits, err = c.fits(cl); err == nil && !fits {
				log.Warn("the datapath that runs has other cores or memory than configured; replacing it", "pid", cl.PID())
				cl, adopted, err = relaunch(cl, runDir, logFile, c)
			}
		}
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

// fits makes the settings of a running datapath those of c, and reports
// whether what cannot be changed is as c wants it.
func (c *DatapathConfig) fits(cl *dpif.Client) (bool, error) {
	d, err := cl.Describe()
	if err != nil {
		return false, err
	}
	if !slices.Equal(d.Cores, c.Cores) || d.Frames != c.Frames || d.FrameSize != c.FrameSize {
		return false, nil
	}
	return true, cl.Configure(c.Settings)
}

// relaunch stops the datapath process behind cl and starts another.
func relaunch(cl *dpif.Client, runDir, logFile string, c *DatapathConfig) (*dpif.Client, bool, error) {
	gone, err := Died(cl.PID())
	if err != nil {
		return nil, false, err
	}
	if err := cl.Stop(); err != nil {
		return nil, false, err
	}
	<-gone
	return Launch(runDir, logFile, c)
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
func datapathLog(c *config.Config) string { return filepath.Join(c.Dirs.Log, "pollux-datapath.log") }

// openLog makes the log of the control process: the console, and a file in the log directory.
func openLog(o *Options) (*vlog.Log, error) {
	level, err := vlog.ParseLevel(o.Config.Log.Level)
	if err != nil {
		return nil, err
	}
	log := vlog.New(vlog.Options{Console: o.Console, Level: level})
	if err := os.MkdirAll(o.Config.Dirs.Log, 0o750); err != nil {
		return nil, fmt.Errorf("make log directory: %w", err)
	}
	return log, log.OpenFile(filepath.Join(o.Config.Dirs.Log, Program+".log"))
}

func newSwitch(o *Options, log *slog.Logger, clk clock.Clock) *Switch {
	c := o.Config
	s := &Switch{clock: clk, log: log, trouble: vlog.RateLimit(log, 60, 10), limit: c.Datapath.FlowLimit, defaults: c.Queues}
	s.launch = launcher(c.Dirs.Run, datapathLog(c), datapathConfig(o), log)
	s.started = s.clock.Now()
	s.bridge = ofproto.New(ofproto.Config{
		Name: o.Bridge, Threads: len(o.Cores), FlowLimit: c.Datapath.FlowLimit, MaxMasks: c.Datapath.MaxMasks,
		MaxIdle: clock.Time(c.Limits.IdleTimeout.Duration), Clock: s.clock,
		MACs: mac.Limits{MaxEntries: c.Limits.MacTable, MaxIdle: clock.Time(c.Limits.MacAging.Duration)},
	}, s)
	return s
}
