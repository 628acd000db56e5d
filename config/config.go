package config

import "time"

// Config is every setting with a value. It is plain data: whoever holds one
// may copy it, and nothing in this package keeps a reference to it.
type Config struct {
	Datapath Datapath `toml:"datapath"`
	Umem     Umem     `toml:"umem"`
	Queues   Queues   `toml:"queues"`
	Cache    Cache    `toml:"cache"`
	Limits   Limits   `toml:"limits"`
	Log      Log      `toml:"log"`
	Dirs     Dirs     `toml:"dirs"`
	Metrics  Metrics  `toml:"metrics"`
	Devices  []Device `toml:"device"` // in the order they become ports
}

// Datapath is what the polling threads do.
type Datapath struct {
	Cores     []int    `toml:"cores"` // CPU numbers; empty: see Config.Threads
	Placement string   `toml:"placement"`
	Batch     int      `toml:"batch"`      // packets
	MaxSleep  Duration `toml:"max_sleep"`  // 0: a thread never sleeps
	FlowLimit int      `toml:"flow_limit"` // flows
	MaxMasks  int      `toml:"max_masks"`  // masks of one classifier
	Pins      []Pin    `toml:"pin"`
}

// Pin places one receive queue by hand.
type Pin struct {
	Port  string `toml:"port"`
	Queue int    `toml:"queue"`
	Core  int    `toml:"core"`
}

// Umem is the one packet memory.
type Umem struct {
	Frames    int    `toml:"frames"`
	FrameSize int    `toml:"frame_size"` // bytes
	HugePages string `toml:"huge_pages"`
}

// Queues is how device queues are served where a device does not say otherwise.
type Queues struct {
	RxDescriptors int      `toml:"rx_descriptors"`
	TxDescriptors int      `toml:"tx_descriptors"`
	Mode          string   `toml:"mode"`
	Coalesce      Duration `toml:"coalesce"` // 0: off
}

// Device is one network device to bind. After Load, Mode and Coalesce hold the
// values of Queues where the file gave none.
type Device struct {
	Name     string   `toml:"name"`
	Queues   QueueSet `toml:"queues"`
	Mode     string   `toml:"mode"`
	Coalesce Duration `toml:"coalesce"`
}

// Cache is the two caches before the classifier.
type Cache struct {
	FirstEntries             int  `toml:"first_entries"`
	SecondEntries            int  `toml:"second_entries"`
	SecondEnabled            bool `toml:"second_enabled"`
	InsertInverseProbability int  `toml:"insert_inverse_probability"` // one packet in so many; 0: none
}

// Limits bounds what traffic can make the switch remember.
type Limits struct {
	MacTable       int      `toml:"mac_table"` // entries of a bridge
	MacAging       Duration `toml:"mac_aging"`
	IdleTimeout    Duration `toml:"idle_timeout"`
	UpcallsPerPort int      `toml:"upcalls_per_port"` // packets
}

// Log is what is logged.
type Log struct {
	Level string `toml:"level"`
}

// Dirs is where files are.
type Dirs struct {
	Run string `toml:"run"`
	Log string `toml:"log"`
}

// Metrics is the Prometheus endpoint.
type Metrics struct {
	Address string `toml:"address"` // empty: none
}

// Values of Datapath.Placement.
const (
	RoundRobin = "round-robin"
	ByLoad     = "load"
	Manual     = "manual"
)

// Values of Umem.HugePages; Auto is one of Mode, too.
const (
	Auto = "auto"
	On   = "on"
	Off  = "off"
)

// Values of Queues.Mode and Device.Mode beside Auto.
const (
	ZeroCopy = "zerocopy"
	Native   = "native"
	Generic  = "generic"
)

// Directories of Open vSwitch's packages, so that its tools find Pollux.
const (
	defaultRunDir = "/var/run/openvswitch"
	defaultLogDir = "/var/log/openvswitch"
)

// Default is the configuration of an empty file on machine m.
func Default(m Machine) *Config {
	c := &Config{
		Datapath: Datapath{
			Placement: RoundRobin,
			Batch:     32,
			FlowLimit: 200_000,
			MaxMasks:  256,
		},
		Umem:   Umem{Frames: 32_768, FrameSize: 2048, HugePages: Auto},
		Queues: Queues{RxDescriptors: 2048, TxDescriptors: 2048, Mode: Auto, Coalesce: Duration{10 * time.Microsecond}},
		Cache:  Cache{FirstEntries: 1 << 17, SecondEntries: 1 << 20, SecondEnabled: true, InsertInverseProbability: 100},
		Limits: Limits{
			MacTable:       8192,
			MacAging:       Duration{300 * time.Second},
			IdleTimeout:    Duration{10 * time.Second},
			UpcallsPerPort: 256,
		},
		Log:  Log{Level: "info"},
		Dirs: Dirs{Run: defaultRunDir, Log: defaultLogDir},
	}
	if m.RunDir != "" {
		c.Dirs.Run, c.Dirs.Log = m.RunDir, m.RunDir // a switch apart keeps all its files apart
	}
	if m.LogDir != "" {
		c.Dirs.Log = m.LogDir
	}
	return c
}

// Threads is the cores that get a polling thread, ascending: those named, or
// every core this process may use but the lowest, which is left to the control
// process; a machine with a single core has to share it.
func (c *Config) Threads(m Machine) []int {
	cores := c.Datapath.Cores
	if len(cores) == 0 {
		cores = m.Usable
		if len(cores) > 1 {
			cores = cores[1:]
		}
	}
	return sorted(cores)
}
