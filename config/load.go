package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxFileBytes is far above any configuration and far below what would hurt.
const maxFileBytes = 256 << 10

// Load is the whole way: defaults of m, then the file (none if its name is
// empty), then the flags (which may be nil), then the devices named on the
// command line as "eth0" or "eth0:0-3,7". The result has been checked; an
// error holds up to ten *Error, each a line that names its place.
func Load(file string, flags *Flags, devices []string, m Machine) (*Config, error) {
	var document []byte
	if file != "" {
		var err error
		if document, err = readFile(file); err != nil {
			return nil, err
		}
	}
	return load(file, document, flags, devices, m)
}

// Parse is Load of a document in memory; name stands for it in errors.
func Parse(name string, document []byte, m Machine) (*Config, error) {
	return load(name, document, nil, nil, m)
}

func load(file string, document []byte, flags *Flags, devices []string, m Machine) (*Config, error) {
	c := Default(m)
	from := &source{file: file, document: document, flags: map[string]string{}}
	if err := from.decode(c, m); err != nil {
		return nil, err
	}
	if err := flags.apply(c, from); err != nil {
		return nil, err
	}
	if err := from.addDevices(c, devices); err != nil {
		return nil, err
	}
	c.inherit(from)
	if problems := c.problems(m); len(problems) > 0 {
		return nil, from.locate(problems)
	}
	return c, nil
}

// inherit gives devices that say nothing of mode and hold-off the settings of
// [queues].
func (c *Config) inherit(from *source) {
	for i := range c.Devices {
		d := &c.Devices[i]
		prefix := fmt.Sprintf("%s[%d].", deviceKey, i)
		if from.places.find(prefix+"mode") == nil {
			d.Mode = c.Queues.Mode
		}
		if from.places.find(prefix+"coalesce") == nil {
			d.Coalesce = c.Queues.Coalesce
		}
	}
}

func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	document, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if len(document) > maxFileBytes {
		return nil, fmt.Errorf("read configuration: %s is larger than %d bytes", file, maxFileBytes)
	}
	return document, nil
}

// source is where a configuration came from, so that an error can say.
type source struct {
	file     string
	document []byte
	places   places
	flags    map[string]string // key to what set it on the command line
}

// decode reads the document into c, if its shape is right.
func (s *source) decode(c *Config, m Machine) error {
	var whole bool
	if s.places, whole = findPlaces(s.document); whole {
		if problems := s.misshapen(m); len(problems) > 0 {
			return join(problems)
		}
	}
	err := toml.NewDecoder(bytes.NewReader(s.document)).DisallowUnknownFields().Decode(c)
	if err == nil {
		return nil
	}
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		err = &strict.Errors[0] // a quoted key with a dot in it
	}
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("read configuration: %s: %w", s.file, err)
	}
	return s.explain(wrong, m)
}

// explain turns an error of go-toml into ours: syntax, a key that stands
// twice, or a text or list that cannot be read.
func (s *source) explain(e *toml.DecodeError, m Machine) error {
	report := &Error{File: s.file, Key: strings.Join(e.Key(), "."), Problem: strings.TrimPrefix(e.Error(), "toml: ")}
	report.Line, report.Column = e.Position()
	want, known := shapeOf(report.Key, m)
	if !known || want.takes(unstable.Table) {
		return report
	}
	if strings.HasPrefix(report.Problem, "cannot decode TOML") {
		report.Problem = "an element of another type does not fit"
	}
	report.Problem += ": must be " + want.allowed
	return report
}

// locate gives each problem the place its value came from and sorts them by it.
func (s *source) locate(problems []*Error) error {
	for _, p := range problems {
		p.Flag, p.File = s.flags[p.Key], s.file
		if at := s.places.nearest(p.Key); at != nil && p.Flag == "" {
			p.Line, p.Column = lineColumn(s.document, at.at)
		}
	}
	slices.SortStableFunc(problems, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return join(problems)
}
