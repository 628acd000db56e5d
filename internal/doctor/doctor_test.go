package doctor

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pollux/rxtx/afxdp"
)

// fake makes a machine out of files.
func fake(t *testing.T, files map[string]string) machine {
	root := t.TempDir()
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return machine{root}
}

func levels(all []Finding) (l []Level) {
	for _, f := range all {
		l = append(l, f.Level)
	}
	return l
}

func TestKernels(t *testing.T) {
	for release, want := range map[string][]Level{
		"6.18.44-fc":      {OK},
		"6.12.0-amd64":    {OK},
		"6.1.0-18-amd64":  {Advice, Advice, Advice},
		"5.10.0":          {Advice, Advice, Advice, Advice},
		"5.3":             {Problem, Problem, Advice, Advice, Advice, Advice},
		"4.19.0":          {Problem, Problem, Advice, Advice, Advice, Advice},
		"something else":  {Advice},
		"":                {Advice},
		"10.0-next-12345": {OK},
	} {
		if got := levels(kernelFindings(release)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", release, got, want)
		}
	}
}

func TestGoodMachine(t *testing.T) {
	m := fake(t, map[string]string{
		"proc/sys/net/core/bpf_jit_enable":                              "1\n",
		"sys/kernel/btf/vmlinux":                                        "x",
		"sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages":       "32\n",
		"sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages":         "32\n",
		"sys/devices/system/cpu/online":                                 "0-7\n",
		"sys/devices/system/cpu/isolated":                               "4-7\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":          "performance\n",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor":          "performance\n",
		"sys/devices/system/cpu/cpufreq/policy0/scaling_governor_dummy": "x",
	})
	all := append(append(m.bpf(), m.hugePages()), m.coreFindings()...)
	for _, f := range all {
		if f.Level != OK || f.Fix != "" {
			t.Errorf("%+v", f)
		}
	}
	if m.cores() != 8 {
		t.Errorf("%d cores", m.cores())
	}
}

func TestPoorMachine(t *testing.T) {
	m := fake(t, map[string]string{
		"proc/sys/net/core/bpf_jit_enable":                        "0\n",
		"sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "10\n",
		"sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages":   "100\n",
		"sys/devices/system/cpu/online":                           "0\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":    "powersave\n",
	})
	all := append(append(m.bpf(), m.hugePages()), m.coreFindings()...)
	if got := levels(all); !slices.Equal(got, []Level{Advice, Advice, Advice, Problem, Advice}) {
		t.Errorf("%+v", all)
	}
	if fix := m.hugePages().Fix; fix != "sysctl -w vm.nr_hugepages=122" {
		t.Error(fix)
	}
}

func TestRights(t *testing.T) {
	if f := capabilityFinding([]string{"CAP_BPF", "CAP_NET_RAW"}); f.Level != Problem || !strings.Contains(f.Fix, "cap_bpf,cap_net_raw+ep") {
		t.Errorf("%+v", f)
	}
	if f := capabilityFinding(nil); f.Level != OK {
		t.Errorf("%+v", f)
	}
	if f := memlockFinding(8<<20, false); f.Level != Problem || f.Fix != "ulimit -l 65536" {
		t.Errorf("%+v", f)
	}
	if f := memlockFinding(8<<20, true); f.Level != OK {
		t.Errorf("%+v", f)
	}
}

func TestDeviceFindings(t *testing.T) {
	f := facts{Device: Device{Name: "eth0", RxQueues: 8, TxQueues: 4}, program: 7, master: "br0", addresses: []string{"10.0.0.1/24"}, activeMerges: []string{"rx-lro"}}
	if got := levels(f.findings(2)); !slices.Equal(got, []Level{Problem, Problem, Problem, Advice, Advice, Advice, Advice}) {
		t.Errorf("%+v", f.findings(2))
	}
	if f.inUse() == "" {
		t.Error("not in use")
	}
	f = facts{Device: Device{Name: "eth0", RxQueues: 1, TxQueues: 1}, up: true, running: true}
	if got := levels(f.findings(2)); !slices.Equal(got, []Level{OK}) || f.inUse() != "" {
		t.Errorf("%+v, in use %q", f.findings(2), f.inUse())
	}
}

func TestProbeFindings(t *testing.T) {
	no := errors.New("no")
	for _, c := range []struct {
		p    afxdp.Probe
		want []Level
	}{
		{afxdp.Probe{Mode: afxdp.ModeZeroCopy, Jumbo: true, Tags: true}, []Level{OK}},
		{afxdp.Probe{Mode: afxdp.ModeNative, ZeroCopy: no, Jumbo: true}, []Level{OK, Advice}},
		{afxdp.Probe{Mode: afxdp.ModeGeneric, ZeroCopy: no, Native: no, Notes: []string{"n"}}, []Level{Advice, Advice, Advice, Advice}},
		{afxdp.Probe{ZeroCopy: no, Native: no, Generic: no}, []Level{Problem}},
	} {
		if got := levels(probeFindings(c.p)); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.p, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	r := Report{Kernel: "6.12", Machine: []Finding{{OK, "kernel", "good", ""}, {Advice, "huge pages", "few", "sysctl -w x=1"}},
		Devices: []Device{{Name: "eth0", Driver: "ice", MTU: 1500, RxQueues: 8, TxQueues: 8, Mode: "zerocopy", Findings: []Finding{{Problem, "link", "down", "ip link set dev eth0 up"}}}}}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	const want = `machine: Linux 6.12
  ok       kernel: good
  advice   huge pages: few
             sysctl -w x=1

eth0: driver ice, MTU 1500, 8 receive and 8 transmit queues, zerocopy
  problem  link: down
             ip link set dev eth0 up

problem: 1, advice: 1, ok: 1
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	if r.Worst() != Problem {
		t.Error(r.Worst())
	}
	j, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(j), `"fix":"sysctl -w x=1"`) || !strings.Contains(string(j), `"rx_queues":8`) {
		t.Errorf("%s, %v", j, err)
	}
}

// Whoever runs it and on whatever machine, there is a report.
func TestExamineHere(t *testing.T) {
	r := Examine([]string{"no-such-device"})
	if r.Kernel == "" || len(r.Machine) == 0 || len(r.Devices) != 1 || r.Worst() != Problem {
		t.Errorf("%+v", r)
	}
}

func TestParseList(t *testing.T) {
	for text, want := range map[string][]int{"": nil, "0": {0}, "0-3,8": {0, 1, 2, 3, 8}, "4-6,5": {4, 5, 6}, "a-b": nil, "1-": nil, "3-99999999999": nil} {
		if got := parseList(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
