// Package lab builds small networks on the machine it runs on, for tests that need a kernel: network namespaces, cables between them (veth
// pairs), programs that run inside, and a way to wait for what they do.
//
//	func TestPing(t *testing.T) {
//		lab.Need(t, "ping")
//		a, b := lab.NewNS(t, "a"), lab.NewNS(t, "b")
//		lab.Cable(t, a, "a0", b, "b0")
//		a.Addr(t, "a0", "10.0.0.1/24")
//		b.Addr(t, "b0", "10.0.0.2/24")
//		if r := a.Ping(t, "10.0.0.2", 3); r.Received != 3 {
//			t.Fatal(r)
//		}
//	}
//
// Whatever a call makes is undone when its test ends, however it ends: processes are killed by their own ids, namespaces deleted with all
// that is in them. What a killed test binary left behind is swept away by the next one: names carry the id of the process that made them.
//
// Nothing here sleeps in order to be right. [Until] asks again until a deadline, which is only ever reached by a failure.
//
// Tests that use this package need root. They carry the build tag lab and are run by "make lab".
package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// packages tells which Debian package brings a tool.
var packages = map[string]string{
	"ip": "iproute2", "ping": "iputils-ping", "iperf3": "iperf3", "tcpdump": "tcpdump", "ethtool": "ethtool",
	"ovs-appctl": "openvswitch-common", "ovs-vswitchd": "openvswitch-switch", "ovs-vsctl": "openvswitch-switch",
}

// Need ends the test, as a failure, if it does not run as root or one of the tools is not installed. It says what to install.
// The ip command is always needed.
func Need(t testing.TB, tools ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("lab: this test makes network namespaces and needs root: sudo make lab")
	}
	var missing []string
	for _, tool := range append([]string{"ip"}, tools...) {
		if _, err := exec.LookPath(tool); err != nil {
			pkg := packages[tool]
			if pkg == "" {
				pkg = "(unknown package) " + tool
			}
			missing = append(missing, pkg)
		}
	}
	if len(missing) > 0 {
		t.Fatalf("lab: tools are missing: apt-get install %s", strings.Join(missing, " "))
	}
}

// Until asks cond again and again until it returns nil, and fails the test if it has not within the given time. what completes the
// sentence "waited for ...".
func Until(t testing.TB, within time.Duration, what string, cond func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := cond()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s: %v", within, what, err)
		}
		time.Sleep(pause)
	}
}

const buildPrefix = "pollux-lab-"

var build = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("POLLUX"); bin != "" {
		return filepath.Abs(bin)
	}
	sweepBuilds()
	dir := filepath.Join(os.TempDir(), buildPrefix+strconv.Itoa(os.Getpid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "pollux")
	cmd := exec.Command("go", "build", "-o", bin, "pollux/cmd/pollux")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build pollux: %w\n%s", err, out)
	}
	return bin, nil
})

// Binary returns the path of a pollux built from the tree, once per test process, or what $POLLUX names.
func Binary(t testing.TB) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// Main is for TestMain: it runs the tests and removes what Binary built.
func Main(m *testing.M) int {
	defer os.RemoveAll(filepath.Join(os.TempDir(), buildPrefix+strconv.Itoa(os.Getpid())))
	return m.Run()
}

// sweepBuilds removes what test processes that are no more have built.
func sweepBuilds() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), buildPrefix+"*"))
	for _, dir := range old {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), buildPrefix))
		if err == nil && !alive(pid) {
			os.RemoveAll(dir)
		}
	}
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
