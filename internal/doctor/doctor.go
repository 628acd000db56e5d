// Package doctor says what this machine and its devices can do for the switch, and what to change.
//
// An examination is a list of findings. Each has a level, a sentence, and where something can be
// done about it, the command that does it. Nothing is changed, with one exception that is named in the
// report: a device that nobody uses is bound for a moment, because how it can be bound is only
// known by trying.
package doctor

import (
	"fmt"
	"io"
	"strings"
)

// Level says how much a finding matters.
type Level string

// The levels.
const (
	OK      Level = "ok"      // as it should be
	Advice  Level = "advice"  // works, and could be better
	Problem Level = "problem" // something will not work
)

// Finding is one thing that was found.
type Finding struct {
	Level Level  `json:"level"`
	Topic string `json:"topic"` // one or two words
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"` // the command that mends it
}

// Device is what was found out about a device.
type Device struct {
	Name     string    `json:"name"`
	Driver   string    `json:"driver,omitempty"`
	MTU      int       `json:"mtu,omitempty"`
	RxQueues int       `json:"rx_queues,omitempty"`
	TxQueues int       `json:"tx_queues,omitempty"`
	Mode     string    `json:"mode,omitempty"` // the best that works, where it was tried
	Findings []Finding `json:"findings"`
}

// Report is an examination.
type Report struct {
	Kernel  string    `json:"kernel"`
	Machine []Finding `json:"machine"`
	Devices []Device  `json:"devices"`
}

// Examine looks at the machine and at the named devices, in the network namespace of the calling thread.
func Examine(devices []string) Report {
	m := machine{root: "/"}
	r := Report{Kernel: m.release(), Machine: m.examine(), Devices: []Device{}}
	for _, name := range devices {
		r.Devices = append(r.Devices, examineDevice(name, m.cores()))
	}
	return r
}

// Worst is the gravest level in the report.
func (r Report) Worst() Level {
	worst := OK
	for _, f := range r.all() {
		if f.Level == Problem || f.Level == Advice && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

func (r Report) all() []Finding {
	all := r.Machine[:len(r.Machine):len(r.Machine)]
	for _, d := range r.Devices {
		all = append(all, d.Findings...)
	}
	return all
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "machine: Linux %s\n", r.Kernel)
	writeFindings(&b, r.Machine)
	for _, d := range r.Devices {
		fmt.Fprintf(&b, "\n%s:%s\n", d.Name, d.summary())
		writeFindings(&b, d.Findings)
	}
	counts := map[Level]int{}
	for _, f := range r.all() {
		counts[f.Level]++
	}
	fmt.Fprintf(&b, "\nproblem: %d, advice: %d, ok: %d\n", counts[Problem], counts[Advice], counts[OK])
	_, err := io.WriteString(w, b.String())
	return err
}

func (d Device) summary() string {
	if d.Driver == "" && d.MTU == 0 {
		return ""
	}
	s := fmt.Sprintf(" driver %s, MTU %d, %d receive and %d transmit queues", d.Driver, d.MTU, d.RxQueues, d.TxQueues)
	if d.Mode != "" {
		s += ", " + d.Mode
	}
	return s
}

func writeFindings(b *strings.Builder, findings []Finding) {
	for _, f := range findings {
		fmt.Fprintf(b, "  %-7s  %s: %s\n", f.Level, f.Topic, f.Text)
		if f.Fix != "" {
			fmt.Fprintf(b, "             %s\n", f.Fix)
		}
	}
}
