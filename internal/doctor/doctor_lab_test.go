//go:build lab

package doctor

import (
	"os"
	"strings"
	"testing"

	"pollux/internal/lab"
)

// A cable with one end that nobody uses and one with an address.
func TestExamineCable(t *testing.T) {
	lab.Need(t)
	s, a := lab.NewNS(t, "s"), lab.NewNS(t, "a")
	lab.Cable(t, s, "s0", a, "a0")
	lab.Cable(t, s, "s1", a, "a1")
	s.Addr(t, "s1", "10.9.0.1/24")
	s.Do(t, func() error {
		r := Examine([]string{"s0", "s1"})
		var b strings.Builder
		if err := r.WriteText(&b); err != nil {
			return err
		}
		t.Log(b.String())
		if d := r.Devices[0]; d.Mode != "native" || d.Driver != "veth" || d.MTU != 1500 || d.RxQueues != 1 {
			t.Errorf("%+v", d)
		}
		if d := r.Devices[1]; d.Mode != "" || !strings.Contains(b.String(), "10.9.0.1/24") {
			t.Errorf("%+v", d)
		}
		return nil
	})
}

func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }
