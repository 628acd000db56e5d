package perf

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"pollux/perf/report"
	"pollux/perf/rfc2544"
)

// call runs `perf words...` in this process.
func call(t *testing.T, words ...string) (string, error) {
	t.Helper()
	c := NewCommand()
	var out bytes.Buffer
	c.SetArgs(words)
	c.SetOut(&out)
	c.SetErr(&out)
	c.SilenceUsage = true
	err := c.Execute()
	return out.String(), err
}

func TestCommandTakesMore(t *testing.T) {
	c := NewCommand(&cobra.Command{Use: "mem"})
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	if got := strings.Join(names, " "); got != "gen mem pcap rules run search sink worker" {
		t.Errorf("subcommands %s", got)
	}
}

func TestPcapAndRules(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcap")
	if out, err := call(t, "pcap", "tcp4", "10", path); err != nil || out != "" {
		t.Fatal(out, err)
	}
	if st, err := os.Stat(path); err != nil || st.Size() != 24+10*(16+60) {
		t.Errorf("%v %v", st, err)
	}
	if out, err := call(t, "rules", "0"); err != nil || out != "in_port=1,actions=output:2\n" {
		t.Error(out, err)
	}
}

func TestBadWordsAreNamed(t *testing.T) {
	for want, words := range map[string][]string{
		`kind "udp5"`:            {"pcap", "udp5", "1", "x"},
		`flows "many"`:           {"pcap", "udp4", "many", "x"},
		"241 masks":              {"rules", "241"},
		`masks "x"`:              {"rules", "x"},
		`"dev" not set`:          {"gen"},
		`"a:b:c"`:                {"gen", "--dev", "a:b:c"},
		`"fast" is not a number`: {"gen", "--dev", "x", "--rate", "fast"},
		`"-1" is not a number`:   {"sink", "--dev", "x", "--seconds", "-1"},
		`needs a --count`:        {"run", "--gen", "a", "--sink", "b", "--seconds", "0"},
		`"poisson"`:              {"gen", "--dev", "lo", "--dist", "poisson"},
		`x.pcap`:                 {"gen", "--dev", "lo", "--pcap", "/nowhere/x.pcap"},
		`no-such-device`:         {"sink", "--dev", "no-such-device"},
	} {
		if out, err := call(t, words...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one with %q\n%s", words, err, want, out)
		}
	}
}

func TestRates(t *testing.T) {
	for s, want := range map[string]float64{"0": 0, "1500": 1500, "250k": 250e3, "1.5M": 1.5e6, "0.01G": 1e7} {
		var r rate
		if err := r.Set(s); err != nil || float64(r) != want {
			t.Errorf("%q is %v, %v", s, float64(r), err)
		}
	}
	for _, s := range []string{"", "k", "-1", "1m", "1e99", "NaN", "1kk"} {
		var r rate
		if r.Set(s) == nil {
			t.Errorf("%q is %v", s, float64(r))
		}
	}
}

func TestWorkerAnswersABadJob(t *testing.T) {
	var out bytes.Buffer
	if err := work(t.Context(), strings.NewReader("nonsense"), &out); err == nil {
		t.Error("nonsense was taken for a job")
	}
	out.Reset()
	in := strings.NewReader(`{"dev":{"dev":"lo"},"traffic":{"flows":-3}}`)
	if err := work(t.Context(), in, &out); err != nil {
		t.Error(err)
	}
	var e event
	if err := json.Unmarshal(out.Bytes(), &e); err != nil || !strings.Contains(e.Error, "flows -3") {
		t.Errorf("%s: %v", out.String(), err)
	}
}

func TestDescribe(t *testing.T) {
	var one, file job
	one.Traffic.Proto, file.Traffic.Pcap = "udp", "a.pcap"
	for want, j := range map[string]job{"one UDP flow over IPv4 smallest frames": one, "replay of a.pcap": file} {
		if got := j.describe(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	var j job
	j.Traffic.Flows, j.Traffic.Dist, j.Traffic.Skew, j.Traffic.Proto, j.Traffic.IPv6, j.Traffic.VLAN, j.Traffic.IMIX = 9, "zipf", 1.5, "tcp", true, 7, true
	if got := j.describe(); got != "9 TCP flows (zipf 1.5) over IPv6 in VLAN 7 IMIX" {
		t.Error(got)
	}
}

// TestTrial: a run becomes the verdict on a rate.
func TestTrial(t *testing.T) {
	start := scripts(
		script{says: []event{{Ready: true}, {Tx: &report.Tx{End: 1e9, Packets: 1000}}}},
		counted(900))
	var e ends
	loss, err := e.trial(t.Context(), start, 1000)
	if err != nil || loss != 0.1 {
		t.Errorf("%v %v", loss, err)
	}
	loss, err = e.trial(t.Context(), start, 5000)
	if slow, ok := err.(rfc2544.Unreached); !ok || slow.Offered != 1000 || loss != 0.1 {
		t.Errorf("%v %v", loss, err)
	}
}

func TestOutput(t *testing.T) {
	c := &cobra.Command{}
	var out bytes.Buffer
	c.SetOut(&out)
	ticks := []report.Tick{{At: 0}, {At: 1e8, Packets: 10}, {At: 2e8, Packets: 20}}
	r := report.Merge(&report.Tx{End: 2e8, Packets: 20, Ticks: ticks}, &report.Rx{Packets: 20, Ticks: ticks})
	o := output{json: true, plot: filepath.Join(t.TempDir(), "p.svg")}
	if err := o.write(c, r); err != nil || strings.Contains(out.String(), "ticks") {
		t.Error(out.String(), err)
	}
	if svg, err := os.ReadFile(o.plot); err != nil || !bytes.Contains(svg, []byte("</svg>")) {
		t.Errorf("plot of %d bytes, %v", len(svg), err)
	}
	out.Reset()
	o.ticks = true
	if err := o.write(c, r); err != nil || !strings.Contains(out.String(), `"rx_ticks":[{"at_ns":0,`) {
		t.Error(out.String(), err)
	}
}
