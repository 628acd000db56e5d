package vswitch

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"pollux/openflow"
)

// learning is the rule of a switch that was given none.
const learning = "priority=0,actions=NORMAL"

// rulesAtOnce is how many rules of a file are held as text was read; a rule in a
// table takes a tenth of that memory.
const rulesAtOnce = 4096

// loadRules fills the bridge of a switch that does nothing yet with the rules of
// the file, if there is one. After an error the bridge is not to be used.
func (s *Switch) loadRules(o *Options) error {
	if o.Rules == "" {
		return s.readRules(strings.NewReader(cmp.Or(o.Default, learning)))
	}
	f, err := os.Open(o.Rules)
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	defer f.Close()
	if err := s.readRules(f); err != nil {
		return fmt.Errorf("read rules: %s: %w", o.Rules, err)
	}
	return nil
}

func (s *Switch) readRules(r io.Reader) error {
	mods := make([]openflow.FlowMod, 0, rulesAtOnce)
	apply := func() error {
		_, err := s.bridge.Apply(mods, s.clock.Now())
		mods = mods[:0]
		return err
	}
	err := openflow.EachFlowMod(r, nil, func(m *openflow.FlowMod) error {
		mods = append(mods, *m)
		if len(mods) < rulesAtOnce {
			return nil
		}
		return apply()
	})
	if err != nil {
		return err
	}
	return apply()
}
