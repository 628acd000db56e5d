package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// An NS is a network namespace. It is known to the ip command under Name.
type NS struct {
	Name string
}

const nsPrefix = "lab"

var (
	nsCount atomic.Int32
	sweepNS = sync.OnceFunc(deleteOrphans)
)

// NewNS makes a namespace with its loopback up. role is a short word that makes its name readable. It is deleted, and every process
// in it killed, when the test ends.
func NewNS(t testing.TB, role string) *NS {
	t.Helper()
	sweepNS()
	ns := &NS{fmt.Sprintf("%s%d-%d-%s", nsPrefix, os.Getpid(), nsCount.Add(1), role)}
	ip(t, "netns", "add", ns.Name)
	t.Cleanup(ns.delete)
	ip(t, "-n", ns.Name, "link", "set", "lo", "up")
	return ns
}

func (ns *NS) delete() {
	for _, pid := range ns.Pids() {
		if pid != os.Getpid() { // while a thread of ours is in Do
			unix.Kill(pid, unix.SIGKILL)
		}
	}
	exec.Command("ip", "netns", "del", ns.Name).Run()
}

// deleteOrphans deletes the namespaces of test processes that are no more.
func deleteOrphans() {
	out, _ := exec.Command("ip", "netns", "list").Output()
	for _, line := range strings.Split(string(out), "\n") {
		name, _, _ := strings.Cut(line, " ")
		rest, mine := strings.CutPrefix(name, nsPrefix)
		number, _, _ := strings.Cut(rest, "-")
		if pid, err := strconv.Atoi(number); mine && err == nil && !alive(pid) {
			(&NS{name}).delete()
		}
	}
}

// Pids returns the processes that live in the namespace.
func (ns *NS) Pids() (pids []int) {
	out, _ := exec.Command("ip", "netns", "pids", ns.Name).Output()
	for _, word := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Run carries out a command in the namespace and returns what it prints. It fails the test if the command does.
func (ns *NS) Run(t testing.TB, words ...string) string {
	t.Helper()
	out, err := ns.Try(words...)
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", ns.Name, strings.Join(words, " "), err, out)
	}
	return out
}

// Try is Run for commands that may fail. It returns what they print on both outputs.
func (ns *NS) Try(words ...string) (string, error) {
	out, err := ns.command(words).CombinedOutput()
	return string(out), err
}

func (ns *NS) command(words []string) *exec.Cmd {
	cmd := exec.Command("ip", append([]string{"netns", "exec", ns.Name}, words...)...) // which becomes the command itself: same pid
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	cmd.WaitDelay = time.Second // what it left running may hold the output open
	return cmd
}

// Do calls f on a thread that is in the namespace; sockets that f opens stay there. f must neither start goroutines that need the namespace
// nor end the test: it returns an error.
func (ns *NS) Do(t testing.TB, f func() error) {
	t.Helper()
	done := make(chan error)
	go func() { done <- inside(ns.Name, f) }()
	if err := <-done; err != nil {
		t.Fatalf("%s: %v", ns.Name, err)
	}
}

// inside moves this goroutine's thread into a namespace, calls f and moves it back. It must go back, not end there: the thread may be the
// process's first, which cannot end, and by which others see where the process is.
func inside(name string, f func() error) error {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		return fmt.Errorf("find own namespace: %w", err)
	}
	defer home.Close()
	there, err := netns.GetFromName(name)
	if err != nil {
		return fmt.Errorf("find namespace %s: %w", name, err)
	}
	defer there.Close()
	if err := netns.Set(there); err != nil {
		return fmt.Errorf("enter namespace %s: %w", name, err)
	}
	err = f()
	if back := netns.Set(home); back != nil {
		panic(fmt.Sprintf("leave namespace %s: %v", name, back))
	}
	runtime.UnlockOSThread()
	return err
}

// Addr gives a device addresses, written as 10.0.0.1/24. IPv6 addresses can be used at once: duplicate detection is left out.
func (ns *NS) Addr(t testing.TB, dev string, cidrs ...string) {
	t.Helper()
	for _, cidr := range cidrs {
		words := []string{"-n", ns.Name, "addr", "add", cidr, "dev", dev}
		if strings.Contains(cidr, ":") {
			words = append(words, "nodad")
		}
		ip(t, words...)
	}
}

// Cable lays a veth pair between two namespaces, or within one, and sets both ends up. args are further words for both ends of
// "ip link add", such as "numrxqueues", "2".
func Cable(t testing.TB, a *NS, devA string, b *NS, devB string, args ...string) {
	t.Helper()
	words := append([]string{"link", "add", devA, "netns", a.Name}, args...)
	words = append(words, "type", "veth", "peer", "name", devB, "netns", b.Name)
	ip(t, append(words, args...)...)
	ip(t, "-n", a.Name, "link", "set", devA, "up")
	ip(t, "-n", b.Name, "link", "set", devB, "up")
}

func ip(t testing.TB, words ...string) {
	t.Helper()
	if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(words, " "), err, out)
	}
}
