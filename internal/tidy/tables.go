package tidy

import "slices"

// A tower is a part of the house that may be blind to another one.
type tower int

const (
	ground tower = iota // both towers stand on it
	fast                // the datapath: it never imports the slow tower
	slow                // the control side: it never imports the fast tower
	island              // imports nothing but floor 0, and only the roof imports it
	roof                // sees everything below
	bench               // what tests and benchmarks use: imports anything, and only test files import it
)

type room struct {
	floor int
	tower tower
}

// house is the table of DESIGN.md. A package imports only rooms of a lower floor.
var house = map[string]room{
	"counter":        {0, ground},
	"internal/ring":  {0, ground},
	"internal/clock": {0, ground},
	"internal/vlog":  {0, ground},

	"packet":   {1, ground},
	"flow":     {2, ground},
	"action":   {3, ground},
	"openflow": {3, ground},

	"dpcls":     {4, ground},
	"conntrack": {4, ground},
	"vtep":      {4, ground},
	"meter":     {4, ground},
	"rxtx":      {4, ground},

	"dpif":          {5, ground},
	"emc":           {5, fast},
	"rxtx/afxdp":    {5, fast},
	"rxtx/afpacket": {5, fast},
	"rxtx/tap":      {5, fast},
	"rxtx/memport":  {5, fast},
	"rxtx/wrap":     {5, fast},
	"ofproto/table": {5, slow},
	"ofproto/conn":  {5, slow},
	"ofproto/mac":   {5, slow},

	"pmd":           {6, fast},
	"ofproto/xlate": {6, slow},
	"ofproto":       {7, slow},

	"ctl":    {1, island},
	"config": {1, island},
	"ovsdb":  {1, island},

	"internal/metrics": {7, roof},
	"internal/doctor":  {7, roof},

	"perf/stamp":   {4, roof},
	"perf/netdev":  {4, roof},
	"perf/report":  {5, roof},
	"perf/traffic": {5, roof},
	"perf/rfc2544": {5, roof},
	"perf/gen":     {6, roof},
	"perf/sink":    {6, roof},
	"perf":         {8, roof},
	"vswitch":      {8, roof},
	"cmd/pollux":   {9, roof},

	"internal/tidy":  {9, bench},
	"rxtx/contract":  {9, bench},
	"internal/story": {9, bench},
	"internal/lab":   {9, bench},
	"lab":            {10, bench},
}

// Who may do what the others get as an argument, and why.
var (
	clockUsers = map[string]string{
		"internal/clock": "it is the clock",
		"internal/lab":   "waits for other processes",
		"lab":            "measures other processes",
		"ctl":            "deadlines of sockets",
		"vswitch":        "waits for the datapath process; its loops are driven from here",
		"perf":           "measures",
		"perf/netdev":    "waits for a driver",
		"perf/gen":       "paces what it sends",
		"perf/sink":      "measures",
		"cmd/pollux":     "prints rates once a second",
	}
	logUsers = map[string]string{
		"internal/vlog":    "it is the logger",
		"ctl":              "what a client did wrong goes to whoever runs the switch",
		"internal/metrics": "a scrape that is incomplete goes to whoever runs the switch",
		"vswitch":          "the control path reports what it did",
		"cmd/pollux":       "sets the logger up",
	}
	netUsers = map[string]string{
		"ctl":              "serves the control socket",
		"dpif":             "the Unix socket of the handshake",
		"vswitch":          "the Unix socket of the handshake",
		"rxtx/afxdp":       "finds devices by name",
		"rxtx/afpacket":    "finds devices by name",
		"rxtx/tap":         "finds devices by name",
		"internal/metrics": "serves HTTP",
		"internal/doctor":  "finds devices by name",
		"internal/lab":     "finds devices by name",
		"lab":              "talks to the switch",
		"perf/netdev":      "finds devices by name",
		"perf/gen":         "finds devices by name",
		"perf/sink":        "finds devices by name",
		"cmd/pollux":       "serves profiles on request",
	}
)

// A dependency is a module that may be imported: why, and where. In test files any of them may be imported when tests is set.
type dependency struct {
	why   string
	where []string
	tests bool
}

var dependencies = map[string]dependency{
	"golang.org/x/sys": {"system calls and constants of AF_XDP, shared memory, affinity, namespaces", []string{
		"config", "internal/ring", "internal/clock", "packet", "rxtx/afxdp", "rxtx/afpacket", "rxtx/tap", "dpif", "pmd", "ctl", "vswitch", "perf", "perf/gen", "perf/sink", "perf/netdev",
		"internal/doctor", "internal/lab", "lab", "cmd/pollux"}, true},
	"github.com/cilium/ebpf": {"loads the XDP program and attaches it through a link", []string{
		"rxtx/afxdp", "internal/doctor", "perf/gen", "perf/sink", "perf/netdev"}, true},
	"github.com/vishvananda/netlink": {"links, addresses, routes, and news of them", []string{
		"rxtx/afxdp", "internal/doctor", "internal/lab", "lab", "vswitch", "perf/gen", "perf/sink", "perf/netdev"}, true},
	"github.com/vishvananda/netns": {"enters network namespaces", []string{
		"internal/lab", "lab", "perf/gen", "perf/sink", "perf/netdev"}, true},
	"github.com/safchain/ethtool": {"queues, features and driver of a device", []string{
		"rxtx/afxdp", "internal/doctor", "perf/netdev"}, true},
	"github.com/asavie/xdp": {"AF_XDP of the load generator, which shares no ring code with the switch it measures", []string{
		"perf/gen", "perf/sink", "perf"}, false},
	"github.com/google/gopacket": {"builds packets and writes pcap files; never sees bytes from outside", []string{
		"perf", "perf/traffic", "perf/gen"}, true},
	"github.com/HdrHistogram/hdrhistogram-go": {"latency histograms", []string{
		"perf", "perf/report", "perf/sink", "perf/gen"}, false},
	"github.com/schollz/progressbar/v3": {"progress on a terminal", []string{
		"perf", "perf/report", "cmd/pollux"}, false},
	"gonum.org/v1/plot": {"SVG of rate and loss over time", []string{
		"perf/report"}, false},
	"github.com/pelletier/go-toml/v2": {"the configuration file: strict, errors with line and column", []string{
		"config"}, false},
	"github.com/prometheus/client_golang": {"metrics as a Collector", []string{
		"internal/metrics"}, false},
	"github.com/spf13/pflag": {"flags that override keys of the configuration file; cobra is made of it", []string{
		"config", "perf", "cmd/pollux"}, false},
	"github.com/spf13/cobra": {"the command line and its completion", []string{
		"perf", "cmd/pollux"}, false},
	"golang.org/x/term": {"is the output a terminal, and how wide", []string{
		"perf/report", "cmd/pollux"}, false},
	"github.com/rogpeppe/go-internal": {"txtar, the format of stories", []string{
		"internal/story"}, true},
}

// Names that say nothing about what is inside.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "handler", "misc", "shared", "base"}

// Functions of package time that read or wait for the clock.
var clockWords = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// What package net has that touches no network (gopacket speaks in these; our own code prefers net/netip).
var netValues = []string{"HardwareAddr", "ParseMAC", "IP", "IPv4"}

const (
	maxFileLines     = 500
	maxFunctionLines = 70
)

func oneOf(list []string, s string) bool { return slices.Contains(list, s) }
