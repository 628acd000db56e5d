//go:build lab

package openflow

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pollux/flow"
	"pollux/internal/lab"
)

// ovs-ofctl parse-flows reads rules and prints them as the flow_mods of the protocol it would speak. Protocols differ in their
// words (a load may come back as a set_field), so what comes back is read again and compared by what it does.

// parseFlows lets ovs-ofctl read lines of rules; it returns what it prints of each, or its complaint.
func parseFlows(t *testing.T, protocol string, lines []string) ([]string, string) {
	path := filepath.Join(t.TempDir(), "rules.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ovs-ofctl", "-O", protocol, "parse-flows", path).CombinedOutput()
	var rules []string
	for _, line := range strings.Split(string(out), "\n") {
		if _, rule, ok := strings.Cut(line, ": ADD "); ok {
			rules = append(rules, rule)
		}
	}
	if err != nil || len(rules) != len(lines) {
		return nil, string(out)
	}
	return rules, ""
}

// theirWords turns the words of a printed flow_mod into those of a rule.
var theirWords = strings.NewReplacer("table:", "table=", "cookie:", "cookie=", " idle:", " idle_timeout=", " hard:", " hard_timeout=", " importance:", " importance=")

func TestAgainstOpenVSwitch(t *testing.T) {
	lab.Need(t, "ovs-ofctl")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	compared := 0
	for compared < 500 {
		rule := randomRule(r)
		known := rule.Match
		if leaveOut(rule.Instructions.Apply, &known) || leaveOut(rule.Instructions.Write, &known) {
			continue
		}
		text := rule.String()
		theirs, complaint := parseFlows(t, "OpenFlow14", []string{text})
		switch {
		case complaint != "":
			t.Errorf("%s\n%s", text, complaint)
			continue
		}
		compared++
		again, err := ParseRule(theirWords.Replace(theirs[0]), nil)
		if err != nil {
			t.Errorf("%v: %s\nof %s", err, theirs[0], text)
			continue
		}
		if got, want := effect(&again), effect(&rule); got != want {
			t.Errorf("%s\ndoes %s, Open vSwitch understands\n%s\nwhich does %s", text, want, theirs[0], got)
		}
		if t.Failed() {
			return
		}
	}
}

// effect is a rule in one spelling.
func effect(r *Rule) string {
	n := *r
	n.Instructions.Apply = oneSpelling(n.Instructions.Apply)
	n.Instructions.Write = oneSpelling(n.Instructions.Write)
	return n.String()
}

// written is what sets that follow each other write, whatever their words.
type written struct {
	key  flow.Key
	mask flow.Mask
}

func (w written) appendText(t *printer) {
	for i, m := range w.mask {
		if m != 0 {
			t.f("word%d=%#x/%#x ", i, w.key[i]&m, m)
		}
	}
}

func oneSpelling(list []Action) (out []Action) {
	for _, a := range list {
		switch a := a.(type) {
		case SetField:
			var w written
			if n := len(out) - 1; n >= 0 {
				if last, ok := out[n].(written); ok {
					w, out = last, out[:n]
				}
			}
			if a.Field == flow.FieldVLANVID { // the bit for the tag, which is there, gets lost in a masked set
				a.Mask.Lo &= 0xfff
			}
			a.Field.Field().SetMasked(&w.key, a.Value, a.Mask)
			var m flow.Mask
			a.Field.Field().SetMask(&m, a.Mask)
			w.mask.Or(&m)
			out = append(out, w)
		case Clone:
			out = append(out, Clone{oneSpelling(a.Actions)})
		case Ct:
			a.Exec = oneSpelling(a.Exec)
			out = append(out, a)
		case Enqueue:
			out = append(out, SetQueue{a.Queue}, Output{a.Port}, PopQueue{})
		case PopVLAN:
			out = append(out, PopVLAN{})
		default:
			out = append(out, a)
		}
	}
	return out
}

// leaveOut reports whether Open vSwitch would speak OpenFlow 1.0 only to say the list, in which a packet need not
// have what an action changes, or has another word for an action, depending on what is known of the packet; or whether it has more tags than Open vSwitch knows.
func leaveOut(list []Action, known *flow.Match) bool {
	tags := 0
	for _, a := range list {
		var need flow.Prereq
		switch a := a.(type) {
		case SetVLANVID, SetVLANPCP:
			return true
		case SetField:
			need = a.Field.Field().Prereq
		case PopVLAN:
			need = flow.NeedVLAN
		case PopMPLS:
			need = flow.NeedMPLS
		case DecTTL:
			need = flow.NeedIP
		case DecNSHTTL:
			need = flow.NeedNSH
		case PushVLAN:
			tags++
		case Clone:
			inner := *known
			if leaveOut(a.Actions, &inner) {
				return true
			}
		}
		if !known.Meets(need) || tags > 1 {
			return true
		}
		if err := checkAction(a, known, nil); err != nil {
			return true
		}
	}
	return false
}
