package config

import (
	"fmt"
	"slices"
)

// Check holds a configuration that was made by hand against the rules and the
// machine. What Load and Parse return has been checked.
func (c *Config) Check(m Machine) error { return join(c.problems(m)) }

// problems is everything that is wrong, keyed as places are.
func (c *Config) problems(m Machine) []*Error {
	problems := broken(settings, c, "", m)
	for i := range c.Devices {
		problems = append(problems, broken(deviceSettings, &c.Devices[i], fmt.Sprintf("%s[%d].", deviceKey, i), m)...)
	}
	for i := range c.Datapath.Pins {
		problems = append(problems, broken(pinSettings, &c.Datapath.Pins[i], fmt.Sprintf("%s[%d].", pinKey, i), m)...)
	}
	problems = append(problems, c.twins()...)
	problems = append(problems, c.misplaced(m)...)
	if len(problems) > 0 {
		return problems
	}
	if least := c.Queues.RxDescriptors + c.Queues.TxDescriptors; c.Umem.Frames < least {
		problems = append(problems, &Error{Key: "umem.frames", Problem: fmt.Sprintf(
			"%d frames cannot fill the rings of one queue: must be at least rx_descriptors + tx_descriptors, %d", c.Umem.Frames, least)})
	}
	return problems
}

// broken applies each setting's own rule.
func broken[T any](table []setting[T], t *T, prefix string, m Machine) []*Error {
	var problems []*Error
	for _, s := range table {
		if wrong := s.rule.check(s.at(t), m); wrong != "" {
			problems = append(problems, &Error{Key: prefix + s.key, Problem: wrong})
		}
	}
	return problems
}

// twins is devices and pins that are named twice.
func (c *Config) twins() []*Error {
	var problems []*Error
	for i, d := range c.Devices {
		if slices.ContainsFunc(c.Devices[:i], func(e Device) bool { return e.Name == d.Name }) {
			problems = append(problems, &Error{Key: fmt.Sprintf("%s[%d].name", deviceKey, i),
				Problem: fmt.Sprintf("device %q is named twice", d.Name)})
		}
	}
	for i, p := range c.Datapath.Pins {
		if slices.ContainsFunc(c.Datapath.Pins[:i], func(o Pin) bool { return o.Port == p.Port && o.Queue == p.Queue }) {
			problems = append(problems, &Error{Key: fmt.Sprintf("%s[%d].queue", pinKey, i),
				Problem: fmt.Sprintf("queue %d of port %q is pinned twice", p.Queue, p.Port)})
		}
	}
	return problems
}

// misplaced is pins and placement that contradict each other.
func (c *Config) misplaced(m Machine) []*Error {
	pins := c.Datapath.Pins
	switch manual := c.Datapath.Placement == Manual; {
	case manual && len(pins) == 0:
		return []*Error{{Key: "datapath.placement", Problem: `"manual" needs at least one [[datapath.pin]]`}}
	case !manual && len(pins) > 0:
		return []*Error{{Key: pinKey + "[0]", Problem: `pins are used with placement = "manual" only`}}
	}
	var problems []*Error
	threads := c.Threads(m)
	for i, p := range pins {
		if !slices.Contains(threads, p.Core) {
			problems = append(problems, &Error{Key: fmt.Sprintf("%s[%d].core", pinKey, i),
				Problem: fmt.Sprintf("core %d has no polling thread: datapath.cores is %s", p.Core, formatNumbers(threads))})
		}
	}
	return problems
}
