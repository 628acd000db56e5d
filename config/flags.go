package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// Flags is the settings given on a command line. They are kept as text until
// Load lays them over the file.
type Flags struct {
	values []*flagValue
	pins   []string
}

// BindFlags adds a flag to fs for every setting that has one.
func BindFlags(fs *pflag.FlagSet) *Flags {
	f := &Flags{}
	shown := Default(Machine{}) // for the default in --help
	for i := range settings {
		s := &settings[i]
		if s.flag == "" {
			continue
		}
		v := &flagValue{setting: s, text: format(s.at(shown))}
		if strings.Contains(s.help, "(default") {
			v.text = ""
		}
		f.values = append(f.values, v)
		help := s.help
		if words, few := s.rule.(oneOf); few {
			help += ": " + strings.ReplaceAll(words.allowed(Machine{}), `"`, "")
		}
		added := fs.VarPF(v, s.flag, "", help)
		if v.Type() == "bool" {
			added.NoOptDefVal = "true"
		}
	}
	fs.StringArrayVar(&f.pins, "pin", nil, "`port:queue=core` places a queue by hand, with --placement manual; may be repeated")
	return f
}

// flagValue is a pflag.Value over a setting.
type flagValue struct {
	setting *setting[Config]
	text    string
	given   bool
}

func (v *flagValue) String() string { return v.text }

// Set refuses what is not of the setting's type; ranges are checked by Load,
// which knows the machine.
func (v *flagValue) Set(text string) error {
	var scratch Config
	if err := parse(v.setting.at(&scratch), text); err != nil {
		return err
	}
	v.text, v.given = text, true
	return nil
}

func (v *flagValue) Type() string {
	var scratch Config
	switch v.setting.at(&scratch).(type) {
	case *int:
		return "int"
	case *bool:
		return "bool"
	case *Duration:
		return "duration"
	case *[]int:
		return "list"
	}
	return "string"
}

// apply lays the given flags over c and notes in from who set what.
func (f *Flags) apply(c *Config, from *source) error {
	if f == nil {
		return nil
	}
	for _, v := range f.values {
		if !v.given {
			continue
		}
		if err := parse(v.setting.at(c), v.text); err != nil {
			return fmt.Errorf("--%s: %w", v.setting.flag, err)
		}
		from.flags[v.setting.key] = "--" + v.setting.flag
	}
	if len(f.pins) == 0 {
		return nil
	}
	c.Datapath.Pins = nil
	for i, text := range f.pins {
		pin, err := parsePin(text)
		if err != nil {
			return fmt.Errorf("--pin %s: %w", text, err)
		}
		c.Datapath.Pins = append(c.Datapath.Pins, pin)
		where := fmt.Sprintf("%s[%d]", pinKey, i)
		for _, key := range []string{where, where + ".port", where + ".queue", where + ".core"} {
			from.flags[key] = "--pin " + text
		}
	}
	return nil
}

// parsePin reads "eth0:3=2": queue 3 of eth0 on core 2.
func parsePin(text string) (Pin, error) {
	wrong := errors.New("must be port:queue=core, as in \"eth0:3=2\"")
	front, coreText, ok := strings.Cut(text, "=")
	port, queueText, ok2 := strings.Cut(front, ":")
	if !ok || !ok2 {
		return Pin{}, wrong
	}
	queue, err1 := strconv.ParseUint(queueText, 10, 16)
	core, err2 := strconv.ParseUint(coreText, 10, 16)
	if err1 != nil || err2 != nil {
		return Pin{}, wrong
	}
	return Pin{Port: port, Queue: int(queue), Core: int(core)}, nil
}

// parse reads a value as it is written on a command line.
func parse(value any, text string) error {
	var err error
	switch v := value.(type) {
	case *int:
		if *v, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
	case *bool:
		if *v, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is not true or false", text)
		}
	case *string:
		*v = text
	case *Duration:
		return v.UnmarshalText([]byte(text))
	case *[]int:
		if *v = nil; text != "" {
			*v, err = parseNumbers(text, maxCPU)
		}
		return err
	default:
		panic(fmt.Sprintf("config: no command line form of %T", value))
	}
	return nil
}

// format is the inverse of parse.
func format(value any) string {
	switch v := value.(type) {
	case *int:
		return strconv.Itoa(*v)
	case *bool:
		return strconv.FormatBool(*v)
	case *string:
		return *v
	case *Duration:
		return v.String()
	case *[]int:
		return formatNumbers(*v)
	}
	panic(fmt.Sprintf("config: no command line form of %T", value))
}
