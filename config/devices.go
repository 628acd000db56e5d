package config

import (
	"fmt"
	"slices"
	"strings"
)

// ParseDevice reads a device as it is named on a command line: "eth0" is all
// its queues, "eth0:0-3,7" some of them.
func ParseDevice(text string) (Device, error) {
	name, queues, some := strings.Cut(text, ":")
	d := Device{Name: name}
	if wrong := (deviceName{}).check(&d.Name, Machine{}); wrong != "" {
		return Device{}, fmt.Errorf("%s", wrong)
	}
	if some {
		if err := d.Queues.UnmarshalText([]byte(queues)); err != nil {
			return Device{}, err
		}
	}
	return d, nil
}

// addDevices puts devices of the command line behind those of the file. One
// that the file names too keeps the file's settings, except for queues that
// are named here.
func (s *source) addDevices(c *Config, arguments []string) error {
	var problems []*Error
	first := len(c.Devices)
	for _, text := range arguments {
		where := fmt.Sprintf("argument %q", text)
		d, err := ParseDevice(text)
		if err != nil {
			problems = append(problems, &Error{Flag: where, Problem: err.Error()})
			continue
		}
		i := slices.IndexFunc(c.Devices[:first], func(e Device) bool { return e.Name == d.Name })
		if i >= 0 {
			if strings.Contains(text, ":") {
				c.Devices[i].Queues = d.Queues
			}
			continue
		}
		s.flags[fmt.Sprintf("%s[%d].name", deviceKey, len(c.Devices))] = where
		c.Devices = append(c.Devices, d)
	}
	return join(problems)
}
