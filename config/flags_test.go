package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func parseFlags(t *testing.T, args ...string) *Flags {
	t.Helper()
	fs := pflag.NewFlagSet("pollux", pflag.ContinueOnError)
	flags := BindFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

func TestFlagsOverrideTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.toml")
	document := "[datapath]\nbatch = 8\nmax_masks = 16\n[cache]\nsecond_enabled = false\n[[device]]\nname = 'a'\nmode = 'native'"
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := parseFlags(t, "--batch", "4", "--cores=1-2", "--second-cache", "--coalesce=5us", "--placement=manual", "--pin", "a:3=2", "--mode=generic")
	c, err := Load(file, flags, []string{"b:1", "a:0-1"}, small)
	if err != nil {
		t.Fatal(err)
	}
	d := c.Datapath
	if d.Batch != 4 || d.MaxMasks != 16 || !c.Cache.SecondEnabled || !reflect.DeepEqual(d.Cores, []int{1, 2}) {
		t.Errorf("got %+v", c)
	}
	if want := []Pin{{"a", 3, 2}}; !reflect.DeepEqual(d.Pins, want) {
		t.Errorf("got pins %+v, want %+v", d.Pins, want)
	}
	five := Duration{5 * time.Microsecond}
	want := []Device{{"a", QueueSet{[]int{0, 1}}, Native, five}, {"b", QueueSet{[]int{1}}, Generic, five}}
	if !reflect.DeepEqual(c.Devices, want) {
		t.Errorf("got devices %+v\nwant %+v", c.Devices, want)
	}
}

func TestFlagErrorsNameTheFlag(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--batch=64"}, "--batch: datapath.batch: 64 is not allowed: must be a whole number from 1 to 32"},
		{[]string{"--cores=0,9"}, "--cores: datapath.cores: core 9 does not exist: must be CPU numbers out of 0-2"},
		{[]string{"--pin=a"}, `--pin a: must be port:queue=core, as in "eth0:3=2"`},
		{[]string{"--pin=a:1=1"}, `--pin a:1=1: datapath.pin[0]: pins are used with placement = "manual" only`},
		{[]string{"--placement=manual", "--pin=a:1=0"}, "--pin a:1=0: datapath.pin[0].core: core 0 has no polling thread: datapath.cores is 1,2"},
	} {
		if _, err := Load("", parseFlags(t, test.args...), nil, small); err == nil || err.Error() != test.want {
			t.Errorf("%v\ngot  %v\nwant %s", test.args, err, test.want)
		}
	}
}

func TestFlagsRefuseWrongTypes(t *testing.T) {
	for _, arg := range []string{"--batch=x", "--second-cache=maybe", "--max-sleep=10", "--cores=0-", "--cores=3-1", "--cores=1,1", "--cores=9999"} {
		fs := pflag.NewFlagSet("pollux", pflag.ContinueOnError)
		BindFlags(fs)
		if err := fs.Parse([]string{arg}); err == nil {
			t.Errorf("%s was accepted", arg)
		}
	}
}

// What --help prints as a default is what the flag takes and what is the default.
func TestFlagDefaultsAreTheDefaults(t *testing.T) {
	fs := pflag.NewFlagSet("pollux", pflag.ContinueOnError)
	flags := BindFlags(fs)
	var args []string
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Name != "pin" && f.DefValue != "" {
			args = append(args, "--"+f.Name+"="+f.DefValue)
		}
	})
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	c, err := Load("", flags, nil, small)
	if err != nil {
		t.Fatal(err)
	}
	if want := Default(small); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
	if usage := fs.FlagUsages(); !strings.Contains(usage, "--batch int") || !strings.Contains(usage, "(default 32)") || !strings.Contains(usage, "bound: auto, zerocopy, native or generic (default") {
		t.Errorf("usage:\n%s", usage)
	}
}

func TestDeviceArguments(t *testing.T) {
	for _, test := range []struct{ arg, want string }{
		{"", `argument "": "" is not allowed: must be a device name`},
		{"eth0:", `argument "eth0:": queues "": "" is not a number`},
		{"eth0:9999", `argument "eth0:9999": queues "9999": 9999 is above 4095`},
		{"averyveryverylongname", `is not allowed: must be a device name`},
		{"a/b", `is not allowed: must be a device name`},
	} {
		if _, err := Load("", nil, []string{test.arg}, small); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	if _, err := Load("", nil, []string{"a", "a"}, small); err == nil || err.Error() != `argument "a": device[1].name: device "a" is named twice` {
		t.Errorf("got %v", err)
	}
}
