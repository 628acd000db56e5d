package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

const exampleFile = "../pollux.example.toml"

// uncommented is the example with its commented settings, "#key = value",
// switched on.
func uncommented(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(rest, " ") {
			lines[i] = rest
		}
	}
	return []byte(strings.Join(lines, ""))
}

func TestExampleIsTheDefault(t *testing.T) {
	got, err := Load(exampleFile, nil, nil, small)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Datapath.Cores) == 0 {
		got.Datapath.Cores = nil // [] in the file
	}
	if want := Default(small); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestExampleNamesEveryKey(t *testing.T) {
	document := uncommented(t)
	found, whole := findPlaces(document)
	if !whole {
		t.Fatal("the example with its commented settings switched on cannot be parsed")
	}
	has := map[string]bool{}
	for _, p := range found {
		has[p.key] = true
	}
	keys := fullNames(settings, "")
	keys = append(keys, fullNames(deviceSettings, deviceKey+".")...)
	keys = append(keys, fullNames(pinSettings, pinKey+".")...)
	for _, key := range keys {
		if !has[key] {
			t.Errorf("%s is not in %s", key, exampleFile)
		}
	}
}

func TestExamplesInTheExampleAreValid(t *testing.T) {
	document := strings.Replace(string(uncommented(t)), `placement = "round-robin"`, `placement = "manual"`, 1)
	c, err := Parse(exampleFile, []byte(document), small)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Devices) != 1 || len(c.Datapath.Pins) != 1 {
		t.Errorf("got %+v", c)
	}
}

// Every flag is named where its key is documented.
func TestExampleNamesEveryFlag(t *testing.T) {
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if s.flag != "" && !strings.Contains(string(text), "--"+s.flag) {
			t.Errorf("--%s is not in %s", s.flag, exampleFile)
		}
	}
}

func fullNames[T any](table []setting[T], prefix string) []string {
	var list []string
	for _, s := range table {
		list = append(list, prefix+s.key)
	}
	return list
}
