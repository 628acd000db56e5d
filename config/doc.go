// Package config holds what a user may set: one TOML file, flags over it, and
// a plain Config that the roof reads.
//
// Everything that can be set is one line of the tables in settings.go: its
// key, its flag, what is allowed, what it is for. Parsing, range checks, error
// messages, flags and the test of the example file all come from those tables,
// so that none of them can disagree with the others.
//
// The package is pure but for two doors: ThisMachine reads what CPUs there are
// and Load reads the file. Everything else takes a Machine and bytes.
//
//	flags := config.BindFlags(cmd.Flags())
//	machine, err := config.ThisMachine()
//	cfg, err := config.Load(path, flags, args, machine) // args: "eth0:0-3"
//
// A setting's value is, from weakest to strongest: the built-in default, the
// environment (directories only: $OVS_RUNDIR, $OVS_LOGDIR), the file, the flag.
package config
