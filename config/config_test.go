package config

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// small is the machine of most tests: CPU 3 runs, but is kept from us.
var small = Machine{Online: []int{0, 1, 2, 3}, Usable: []int{0, 1, 2}}

func mustParse(t *testing.T, document string) *Config {
	t.Helper()
	c, err := Parse("p.toml", []byte(document), small)
	if err != nil {
		t.Fatalf("%s\n%v", document, err)
	}
	return c
}

func TestEmptyFileIsDefault(t *testing.T) {
	if got, want := mustParse(t, ""), Default(small); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if err := Default(small).Check(small); err != nil {
		t.Error(err)
	}
}

func TestEnvironmentNamesDirectories(t *testing.T) {
	m := small
	m.RunDir, m.LogDir = "/r", "/l"
	c, err := Parse("p.toml", []byte("[dirs]\nlog = '/file'"), m)
	if err != nil {
		t.Fatal(err)
	}
	if c.Dirs.Run != "/r" || c.Dirs.Log != "/file" {
		t.Errorf("got %+v", c.Dirs)
	}
}

func TestDevicesInheritFromQueues(t *testing.T) {
	c := mustParse(t, `
[queues]
mode = "native"
coalesce = "20us"
[[device]]
name = "a"
[[device]]
name = "b"
queues = "0-2,5"
mode = "auto"
coalesce = "0s"
`)
	want := []Device{
		{"a", QueueSet{}, Native, Duration{20 * time.Microsecond}},
		{"b", QueueSet{[]int{0, 1, 2, 5}}, Auto, Duration{0}},
	}
	if !reflect.DeepEqual(c.Devices, want) {
		t.Errorf("got %+v\nwant %+v", c.Devices, want)
	}
}

func TestThreads(t *testing.T) {
	for _, test := range []struct {
		cores, usable, want []int
	}{
		{nil, []int{0}, []int{0}},
		{nil, []int{0, 1}, []int{1}},
		{nil, []int{2, 5, 7}, []int{5, 7}},
		{[]int{7, 2}, []int{2, 5, 7}, []int{2, 7}},
	} {
		c := &Config{Datapath: Datapath{Cores: test.cores}}
		if got := c.Threads(Machine{Usable: test.usable}); !slices.Equal(got, test.want) {
			t.Errorf("cores %v of %v: got %v, want %v", test.cores, test.usable, got, test.want)
		}
	}
}

func TestThisMachine(t *testing.T) {
	t.Setenv("OVS_RUNDIR", "/somewhere")
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Usable) == 0 || !slices.IsSorted(m.Online) || m.RunDir != "/somewhere" {
		t.Errorf("got %+v", m)
	}
	for _, cpu := range m.Usable {
		if !slices.Contains(m.Online, cpu) {
			t.Errorf("usable CPU %d is not online: %+v", cpu, m)
		}
	}
}
