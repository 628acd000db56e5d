package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pollux/rxtx/afxdp"
)

// machine reads the files in which the kernel tells about itself. Tests give it another root.
type machine struct{ root string }

// read returns the content of a file without the last newline, "" if there is none.
func (m machine) read(path string) string {
	b, err := os.ReadFile(filepath.Join(m.root, path))
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(b), "\n")
}

func (m machine) number(path string) int {
	n, err := strconv.Atoi(m.read(path))
	if err != nil {
		return 0
	}
	return n
}

func (m machine) release() string { return m.read("proc/sys/kernel/osrelease") }

func (m machine) examine() (all []Finding) {
	all = append(all, kernelFindings(m.release())...)
	all = append(all, m.bpf()...)
	all = append(all, socketFinding(), capabilityFinding(afxdp.MissingCapabilities()))
	all = append(all, memlockFinding(memlock(), len(afxdp.MissingCapabilities("CAP_IPC_LOCK")) == 0))
	all = append(all, m.hugePages())
	return append(all, m.coreFindings()...)
}

// features are what newer kernels brought, in the order of their age.
var features = []struct {
	major, minor int
	level        Level // of its absence
	what, miss   string
}{
	{5, 4, Problem, "wake-ups on request", "every poll would cost a system call"},
	{5, 9, Problem, "XDP links", "devices cannot be bound"},
	{5, 18, Advice, "fragments in XDP", "in native mode the MTU ends at about 3500"},
	{6, 6, Advice, "packets of several frames", "packets longer than a frame cannot be received"},
	{6, 8, Advice, "VLAN tags in XDP metadata", "tag offloads must be switched off"},
	{6, 9, Advice, "fragments in generic XDP", "jumbo frames in generic mode are copied once more"},
}

func kernelFindings(release string) (all []Finding) {
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return []Finding{{Advice, "kernel", fmt.Sprintf("release %q is not understood", release), ""}}
	}
	for _, f := range features {
		if major < f.major || major == f.major && minor < f.minor {
			all = append(all, Finding{f.level, "kernel", fmt.Sprintf("Linux %d.%d has no %s (since %d.%d): %s", major, minor, f.what, f.major, f.minor, f.miss), ""})
		}
	}
	if len(all) == 0 {
		all = []Finding{{OK, "kernel", fmt.Sprintf("Linux %d.%d has all that is used: XDP links, wake-ups on request, jumbo frames, VLAN metadata", major, minor), ""}}
	}
	return all
}

func (m machine) bpf() (all []Finding) {
	if m.read("proc/sys/net/core/bpf_jit_enable") == "0" {
		all = append(all, Finding{Advice, "BPF", "the XDP program is interpreted", "sysctl -w net.core.bpf_jit_enable=1"})
	}
	if _, err := os.Stat(filepath.Join(m.root, "sys/kernel/btf/vmlinux")); err != nil {
		all = append(all, Finding{Advice, "BPF", "the kernel has no type information (CONFIG_DEBUG_INFO_BTF): offloaded VLAN tags cannot be put back", ""})
	}
	if all == nil {
		all = []Finding{{OK, "BPF", "compiled, with type information", ""}}
	}
	return all
}

// socketFinding tells whether the kernel has AF_XDP at all.
func socketFinding() Finding {
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	switch err {
	case nil:
		unix.Close(fd)
	case unix.EAFNOSUPPORT:
		return Finding{Problem, "AF_XDP", "the kernel was built without AF_XDP (CONFIG_XDP_SOCKETS)", ""}
	case unix.EPERM:
		return Finding{Advice, "AF_XDP", "not tried: the capability is missing", ""}
	default:
		return Finding{Problem, "AF_XDP", "a socket cannot be opened: " + err.Error(), ""}
	}
	return Finding{OK, "AF_XDP", "sockets can be opened", ""}
}

func capabilityFinding(missing []string) Finding {
	if len(missing) == 0 {
		return Finding{OK, "rights", "the process has the capabilities it needs", ""}
	}
	lower := strings.ToLower(strings.Join(missing, ","))
	return Finding{Problem, "rights", "the process lacks " + strings.Join(missing, ", ") + ": run it as root, or give the binary the capabilities",
		"setcap " + lower + "+ep $(command -v pollux)"}
}

func memlock() uint64 {
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &lim) != nil {
		return 0
	}
	return lim.Cur
}

// defaultMemory is the packet memory of a switch with default sizes: 32,768 frames of 2,048 bytes.
const defaultMemory = 64 << 20

func memlockFinding(limit uint64, exempt bool) Finding {
	switch {
	case exempt:
		return Finding{OK, "locked memory", "not limited for this process (CAP_IPC_LOCK)", ""}
	case limit < defaultMemory:
		return Finding{Problem, "locked memory", fmt.Sprintf("the limit is %d KB, packet memory of default size takes %d KB", limit/1024, defaultMemory/1024),
			fmt.Sprintf("ulimit -l %d", defaultMemory/1024)}
	}
	return Finding{OK, "locked memory", fmt.Sprintf("up to %d MB", limit>>20), ""}
}

const hugePageSize = 2 << 20

func (m machine) hugePages() Finding {
	const dir = "sys/kernel/mm/hugepages/hugepages-2048kB/"
	free, want := m.number(dir+"free_hugepages"), defaultMemory/hugePageSize
	if free < want {
		return Finding{Advice, "huge pages", fmt.Sprintf("%d of 2 MB are free, packet memory of default size takes %d; ordinary pages work, with more TLB misses", free, want),
			fmt.Sprintf("sysctl -w vm.nr_hugepages=%d", m.number(dir+"nr_hugepages")+want-free)}
	}
	return Finding{OK, "huge pages", fmt.Sprintf("%d of 2 MB are free, packet memory of default size takes %d", free, want), ""}
}

// cores is the number of cores that are online.
func (m machine) cores() int { return len(parseList(m.read("sys/devices/system/cpu/online"))) }

func (m machine) coreFindings() (all []Finding) {
	n := m.cores()
	isolated := parseList(m.read("sys/devices/system/cpu/isolated"))
	switch {
	case n == 0: // the kernel does not tell
	case n == 1:
		all = append(all, Finding{Problem, "cores", "there is one core, which a polling thread would keep to itself", ""})
	case len(isolated) == 0:
		all = append(all, Finding{Advice, "cores", fmt.Sprintf("%d cores, none isolated: the scheduler may interrupt a polling thread", n),
			fmt.Sprintf("add isolcpus=%d nohz_full=%d rcu_nocbs=%d to the kernel's command line", n-1, n-1, n-1)})
	default:
		all = append(all, Finding{OK, "cores", fmt.Sprintf("%d cores, isolated: %s", n, m.read("sys/devices/system/cpu/isolated")), ""})
	}
	governors, _ := filepath.Glob(filepath.Join(m.root, "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor"))
	for _, g := range governors {
		if b, err := os.ReadFile(g); err == nil && strings.TrimSpace(string(b)) != "performance" {
			return append(all, Finding{Advice, "frequency", fmt.Sprintf("cores run under the governor %q and may be slow when a burst comes", strings.TrimSpace(string(b))),
				"cpupower frequency-set -g performance"})
		}
	}
	return all
}

// parseList reads a list of the kernel's, as 0-3,8.
func parseList(s string) (all []int) {
	for _, part := range strings.Split(s, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		lo, err := strconv.Atoi(first)
		if err != nil {
			continue
		}
		hi := lo
		if isRange {
			if hi, err = strconv.Atoi(last); err != nil || hi-lo > 1<<16 {
				continue
			}
		}
		for ; lo <= hi; lo++ {
			all = append(all, lo)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
