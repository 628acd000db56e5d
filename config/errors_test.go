package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each case is a document and the errors it gives, one a line.
var refused = []struct{ document, want string }{
	// Values out of range.
	{"[datapath]\nbatch = 64\n", `p.toml:2:9: datapath.batch: 64 is not allowed: must be a whole number from 1 to 32`},
	{"[datapath]\nbatch = 0\nflow_limit = 0", `p.toml:2:9: datapath.batch: 0 is not allowed: must be a whole number from 1 to 32
p.toml:3:14: datapath.flow_limit: 0 is not allowed: must be a whole number from 1 to 16777216`},
	{"[datapath]\nmax_sleep = \"1s\"", `p.toml:2:13: datapath.max_sleep: "1s" is not allowed: must be a duration from "0s" to "10ms"`},
	{"[datapath]\nplacement = \"best\"", `p.toml:2:13: datapath.placement: "best" is not allowed: must be "round-robin", "load" or "manual"`},
	{"[umem]\nframe_size = 3000", `p.toml:2:14: umem.frame_size: 3000 is not allowed: must be 2048 or 4096`},
	{"[umem]\nframes = 40000", `p.toml:2:10: umem.frames: 40000 is not allowed: must be a multiple of 1024 from 1024 to 16777216`},
	{"[umem]\nframes = 1024", `p.toml:2:10: umem.frames: 1024 frames cannot fill the rings of one queue: must be at least rx_descriptors + tx_descriptors, 4096`},
	{"[queues]\nrx_descriptors = 1000", `p.toml:2:18: queues.rx_descriptors: 1000 is not allowed: must be a power of two from 64 to 32768`},
	{"[dirs]\nrun = \"here\"", `p.toml:2:7: dirs.run: "here" is not allowed: must be a path that begins with /`},
	{"[metrics]\naddress = \"9090\"", `p.toml:2:11: metrics.address: "9090" is not allowed: must be host:port with a port number, as in "127.0.0.1:9187", or "" for none`},
	{"[metrics]\naddress = \"::1:80\"", `p.toml:2:11: metrics.address: "::1:80" is not allowed: must be host:port with a port number, as in "127.0.0.1:9187", or "" for none`},

	// Cores.
	{"[datapath]\ncores = [1, 7]", `p.toml:2:1: datapath.cores: core 7 does not exist: must be CPU numbers out of 0-2`},
	{"[datapath]\ncores = [3]", `p.toml:2:1: datapath.cores: core 3 is outside the CPUs this process may use: must be CPU numbers out of 0-2`},
	{"[datapath]\ncores = [1, 1]", `p.toml:2:1: datapath.cores: core 1 is named twice`},

	// Wrong types.
	{"[datapath]\nbatch = \"x\"\nmax_sleep = 10", `p.toml:2:9: datapath.batch: a string does not fit: must be a whole number from 1 to 32
p.toml:3:13: datapath.max_sleep: a whole number does not fit: must be a duration from "0s" to "10ms"`},
	{"[datapath]\nbatch = 1.5", `p.toml:2:9: datapath.batch: a number with a fraction does not fit: must be a whole number from 1 to 32`},
	{"[datapath]\nbatch = 99999999999999999999", `p.toml:2:9: datapath.batch: decimal number is too large to fit in a 64-bit signed integer: must be a whole number from 1 to 32`},
	{"[datapath]\nmax_sleep = \"10\"", `p.toml:2:13: datapath.max_sleep: "10" is not a duration: write a number and its unit, as in "300s", "10ms" or "50us": must be a duration from "0s" to "10ms"`},
	{"[datapath]\ncores = [1, \"a\"]", `p.toml:2:13: datapath.cores: an element of another type does not fit: must be CPU numbers out of 0-2`},
	{"[cache]\nsecond_enabled = 1", `p.toml:2:18: cache.second_enabled: a whole number does not fit: must be true or false`},
	{"cache = true", `p.toml:1:9: cache: a boolean does not fit: must be a table, written [cache]`},
	{"[[cache]]", `p.toml:1:3: cache[0]: a list of tables does not fit: must be a table, written [cache]`},
	{"device = 1", `p.toml:1:10: device: a whole number does not fit: must be a list of tables, written [[device]]`},
	{"device = [1]", `p.toml:1:11: device: an element of another type does not fit: must be a list of tables, written [[device]]`},
	{"[device]\nname = \"a\"\nmode = 3", `p.toml:1:2: device: a table does not fit: must be a list of tables, written [[device]]`},
	{"device.name = \"a\"", `p.toml:1:1: device: is a list of tables, written [[device]]`},

	// Unknown keys.
	{"[datapath]\ncors = [1]", `p.toml:2:1: unknown key "cors": allowed in [datapath]: cores, placement, batch, max_sleep, flow_limit, max_masks, pin`},
	{"[Datapath]\nbatch = 1\n[datapath]\nBatch = 1", `p.toml:1:2: unknown key "Datapath": allowed at the top: datapath, umem, queues, cache, limits, log, dirs, metrics, device
p.toml:4:1: unknown key "Batch": allowed in [datapath]: cores, placement, batch, max_sleep, flow_limit, max_masks, pin`},
	{"umem = {frames = 32768, x = 1}", `p.toml:1:25: unknown key "x": allowed in [umem]: frames, frame_size, huge_pages`},
	{"\"log.level\" = \"info\"", `p.toml:1:1: log.level: unknown field: must be "off", "emer", "err", "warn", "info" or "dbg"`},

	// Lists of tables.
	{"[[device]]\nname = \"eth0\"\nqueues = \"0-\"", `p.toml:3:10: device.queues: queues "0-": "" is not a number; write numbers and ranges, as in "0-3,7": must be "all" or numbers and ranges up to 4095, as in "0-3,7"`},
	{"[[device]]\nname = \"a\"\nmode = \"x\"\n[[device]]\nname = \"a\"", `p.toml:3:8: device[0].mode: "x" is not allowed: must be "auto", "zerocopy", "native" or "generic"
p.toml:5:8: device[1].name: device "a" is named twice`},
	{"[[device]]\nqueues = \"all\"", `p.toml:1:3: device[0].name: "" is not allowed: must be a device name, as in "eth0": 1 to 15 characters without blank, "/" and ":"`},
	{"[datapath]\nplacement = \"manual\"", `p.toml:2:13: datapath.placement: "manual" needs at least one [[datapath.pin]]`},
	{"[[datapath.pin]]\nport = \"a\"\ncore = 1", `p.toml:1:3: datapath.pin[0]: pins are used with placement = "manual" only`},
	{"[datapath]\nplacement = \"manual\"\npin = [{port=\"a\", core=0},{port=\"a\", core=1}]", `p.toml:3:1: datapath.pin[1].queue: queue 0 of port "a" is pinned twice
p.toml:3:24: datapath.pin[0].core: core 0 has no polling thread: datapath.cores is 1,2`},

	// Syntax.
	{"[datapath]\nbatch = 1\nbatch = 2", `p.toml:3:1: batch: key batch is already defined`},
	{"[datapath]\n[datapath]", `p.toml:2:2: datapath: table datapath already exists`},
	{"batch", `p.toml:1:5: expected '=' after key`},
}

func TestRefused(t *testing.T) {
	for _, test := range refused {
		_, err := Parse("p.toml", []byte(test.document), small)
		if err == nil {
			t.Errorf("accepted:\n%s", test.document)
		} else if err.Error() != test.want {
			t.Errorf("%s\ngot  %v\nwant %s", test.document, err, test.want)
		}
	}
}

func TestManyErrorsAreCut(t *testing.T) {
	_, err := Parse("p.toml", []byte(strings.Repeat("[x]\n", 15)), small)
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != maxReported+1 || lines[maxReported] != "and 5 more" {
		t.Errorf("got %q", lines)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.toml")
	if err := os.WriteFile(large, make([]byte, maxFileBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file",
		dir:                        "is a directory",
		large:                      "larger than",
	} {
		if _, err := Load(file, nil, nil, small); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want %q", file, err, want)
		}
	}
}
