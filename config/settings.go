package config

import "time"

// setting is one thing a user may set in a T: the whole configuration, a
// device or a pin.
type setting[T any] struct {
	key  string       // as in the file, tables joined by dots
	flag string       // name of the flag, empty for none
	help string       // one line for --help
	at   func(*T) any // pointer to the value
	rule rule         // what is allowed
}

// settings is everything of a Config that is not a list of tables.
var settings = []setting[Config]{
	{"datapath.cores", "cores", "CPUs that poll, as 1-3,6 (default: all but the lowest)",
		func(c *Config) any { return &c.Datapath.Cores }, cpus{}},
	{"datapath.placement", "placement", "how receive queues are shared out among the cores",
		func(c *Config) any { return &c.Datapath.Placement }, oneOf{RoundRobin, ByLoad, Manual}},
	{"datapath.batch", "batch", "most packets that move together",
		func(c *Config) any { return &c.Datapath.Batch }, between{min: 1, max: 32}},
	{"datapath.max_sleep", "max-sleep", "longest sleep of an idle thread, 0 for none",
		func(c *Config) any { return &c.Datapath.MaxSleep }, lasting{0, 10 * time.Millisecond}},
	{"datapath.flow_limit", "flow-limit", "most flows in the datapath",
		func(c *Config) any { return &c.Datapath.FlowLimit }, between{min: 1, max: 1 << 24}},
	{"datapath.max_masks", "max-masks", "most masks in a classifier",
		func(c *Config) any { return &c.Datapath.MaxMasks }, between{min: 8, max: 4096}},

	{"umem.frames", "umem-frames", "frames of packet memory",
		func(c *Config) any { return &c.Umem.Frames }, between{min: 1024, max: 1 << 24, multiple: 1024}},
	{"umem.frame_size", "umem-frame-size", "bytes of a frame",
		func(c *Config) any { return &c.Umem.FrameSize }, between{min: 2048, max: 4096, power: true}},
	{"umem.huge_pages", "huge-pages", "whether packet memory lies in huge pages",
		func(c *Config) any { return &c.Umem.HugePages }, oneOf{Auto, On, Off}},

	{"queues.rx_descriptors", "rx-descriptors", "entries of a receive ring",
		func(c *Config) any { return &c.Queues.RxDescriptors }, between{min: 64, max: 32768, power: true}},
	{"queues.tx_descriptors", "tx-descriptors", "entries of a transmit ring",
		func(c *Config) any { return &c.Queues.TxDescriptors }, between{min: 64, max: 32768, power: true}},
	{"queues.mode", "mode", "how devices are bound",
		func(c *Config) any { return &c.Queues.Mode }, modes},
	{"queues.coalesce", "coalesce", "longest wait for a fuller burst under load, 0 for none",
		func(c *Config) any { return &c.Queues.Coalesce }, holdOff},

	{"cache.first_entries", "first-cache-entries", "entries of a thread's first cache",
		func(c *Config) any { return &c.Cache.FirstEntries }, between{min: 256, max: 1 << 20, power: true}},
	{"cache.second_entries", "second-cache-entries", "entries of a thread's second cache",
		func(c *Config) any { return &c.Cache.SecondEntries }, between{min: 1024, max: 1 << 24, power: true}},
	{"cache.second_enabled", "second-cache", "use the second cache",
		func(c *Config) any { return &c.Cache.SecondEnabled }, yesNo{}},
	{"cache.insert_inverse_probability", "insert-inv-prob", "one miss in so many enters the first cache, 0 for none",
		func(c *Config) any { return &c.Cache.InsertInverseProbability }, between{min: 0, max: 1_000_000}},

	{"limits.mac_table", "mac-table", "most MAC addresses a bridge learns",
		func(c *Config) any { return &c.Limits.MacTable }, between{min: 10, max: 1_000_000}},
	{"limits.mac_aging", "mac-aging", "time after which an unseen MAC address is forgotten",
		func(c *Config) any { return &c.Limits.MacAging }, lasting{time.Second, 24 * time.Hour}},
	{"limits.idle_timeout", "idle-timeout", "time after which an unused flow leaves the datapath",
		func(c *Config) any { return &c.Limits.IdleTimeout }, lasting{100 * time.Millisecond, time.Hour}},
	{"limits.upcalls_per_port", "upcalls-per-port", "packets of one port that may wait for the slow path",
		func(c *Config) any { return &c.Limits.UpcallsPerPort }, between{min: 16, max: 65536, power: true}},

	{"log.level", "log-level", "least severe messages that are logged",
		func(c *Config) any { return &c.Log.Level }, oneOf{"off", "emer", "err", "warn", "info", "dbg"}},
	{"dirs.run", "run-dir", "directory of sockets and pidfile (default: $OVS_RUNDIR, else " + defaultRunDir + ")",
		func(c *Config) any { return &c.Dirs.Run }, absolutePath{}},
	{"dirs.log", "log-dir", "directory of the log file (default: $OVS_LOGDIR, else $OVS_RUNDIR, else " + defaultLogDir + ")",
		func(c *Config) any { return &c.Dirs.Log }, absolutePath{}},
	{"metrics.address", "metrics", "host:port that serves Prometheus metrics (default: none)",
		func(c *Config) any { return &c.Metrics.Address }, hostPort{}},
}

// deviceSettings is the keys of a [[device]].
var deviceSettings = []setting[Device]{
	{"name", "", "", func(d *Device) any { return &d.Name }, deviceName{}},
	{"queues", "", "", func(d *Device) any { return &d.Queues }, someQueues{}},
	{"mode", "", "", func(d *Device) any { return &d.Mode }, modes},
	{"coalesce", "", "", func(d *Device) any { return &d.Coalesce }, holdOff},
}

// pinSettings is the keys of a [[datapath.pin]].
var pinSettings = []setting[Pin]{
	{"port", "", "", func(p *Pin) any { return &p.Port }, deviceName{}},
	{"queue", "", "", func(p *Pin) any { return &p.Queue }, between{min: 0, max: maxQueue}},
	{"core", "", "", func(p *Pin) any { return &p.Core }, cpus{}},
}

// Rules that two tables share.
var (
	modes   = oneOf{Auto, ZeroCopy, Native, Generic}
	holdOff = lasting{0, 100 * time.Microsecond}
)

// Keys of the two lists of tables.
const (
	deviceKey = "device"
	pinKey    = "datapath.pin"
)
