package config

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// FuzzParse holds three promises: no document makes the reader panic, what is
// accepted passes Check, and what is accepted survives being written and read.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, test := range refused {
		f.Add([]byte(test.document))
	}
	f.Add([]byte("[[device]]\nname='a'\nqueues='0-3'\ncoalesce='1us'\n[datapath]\nplacement='manual'\npin=[{port='a',queue=1,core=2}]"))
	f.Fuzz(func(t *testing.T, document []byte) {
		if len(document) > maxFileBytes {
			return // Load refuses files of this size before parsing them
		}
		c, err := Parse("p.toml", document, small)
		if err != nil {
			var e *Error
			if errors.As(err, &e) && !placed(e, document) {
				t.Fatalf("error without a place: %#v", e)
			}
			return
		}
		if err := c.Check(small); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
		written, err := toml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("p.toml", written, small)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if normal(again); !reflect.DeepEqual(again, normal(c)) {
			t.Fatalf("got %+v\nwant %+v\n%s", again, c, written)
		}
	})
}

// placed tells whether an error says where in the document it is. Too few
// frames may be the fault of a default, which stands nowhere.
func placed(e *Error, document []byte) bool {
	if e.File != "p.toml" || e.Problem == "" {
		return false
	}
	lines := bytes.Count(document, []byte{'\n'}) + 1
	return e.Line >= 1 && e.Line <= lines && e.Column >= 1 || e.Key == "umem.frames"
}

// normal makes empty lists nil, so that they compare equal.
func normal(c *Config) *Config {
	if len(c.Datapath.Cores) == 0 {
		c.Datapath.Cores = nil
	}
	if len(c.Datapath.Pins) == 0 {
		c.Datapath.Pins = nil
	}
	if len(c.Devices) == 0 {
		c.Devices = nil
	}
	return c
}
