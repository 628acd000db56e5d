//go:build lab

package lab

import (
	"strings"
	"testing"
	"time"

	"pollux/internal/lab"
)

// offloads fails the test if those of a host's device that make frames hard to read are not on, as the kernel had made them. (Segmentation
// is not among them: the kernel itself turns that off while the other end of a veth has an XDP program.)
func offloads(t *testing.T, ns *lab.NS, dev string) {
	t.Helper()
	out := ns.Run(t, "ethtool", "-k", dev)
	for _, name := range []string{"tx-checksumming: on", "tx-vlan-offload: on"} {
		if !strings.Contains(out, name) {
			t.Errorf("%s of %s: not %q any more", dev, ns.Name, name)
		}
	}
}

// a: a0 ==== d0 [pollux] d1 ==== b0 :b, with nothing configured.
func TestPing(t *testing.T) {
	a, sw, b := hosts(t)
	start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
	for _, size := range []string{"0", "56", "1472"} {
		if r := a.Ping(t, "10.0.0.2", 5, "-s", size); r.Received != r.Sent {
			t.Errorf("ping with %s bytes: %+v", size, r)
		}
	}
	reaches(t, b, "fd00::1")
	if r := b.Ping(t, "fd00::1", 5); r.Received != r.Sent {
		t.Errorf("ping6: %+v", r)
	}
}

// Packets larger than the MTU travel as fragments, which have no ports: a0 ==== d0 [pollux] d1 ==== b0.
func TestFragments(t *testing.T) {
	a, sw, _ := hosts(t)
	start(t, sw, "d0", "d1")
	for _, addr := range []string{"10.0.0.2", "fd00::2"} {
		reaches(t, a, addr)
		if r := a.Ping(t, addr, 3, "-s", "5000"); r.Received != r.Sent {
			t.Errorf("fragments to %s: %+v", addr, r)
		}
	}
}

// TCP and UDP with every offload of the hosts left as it is: a0 ==== d0 [pollux] d1 ==== b0, both ways, IPv4 and IPv6.
func TestIperf(t *testing.T) {
	a, sw, b := hosts(t)
	start(t, sw, "d0", "d1")
	for _, addr := range []string{"10.0.0.2", "fd00::2"} {
		reaches(t, a, addr)
		for _, way := range []string{"-4", "--reverse"} {
			if way == "-4" && strings.Contains(addr, ":") {
				way = "-6"
			}
			r := a.Iperf(t, b, addr, 2, way)
			t.Logf("TCP %s %s: %.2f Gbit/s, %d retransmits", addr, way, r.BitsPerSecond/1e9, r.Retransmits)
			if r.BytesReceived < 10<<20 {
				t.Errorf("TCP to %s %s: %+v", addr, way, r)
			}
		}
		r := a.Iperf(t, b, addr, 2, "-u", "-b", "20M", "-l", "1000")
		t.Logf("UDP %s: %.1f Mbit/s, %d of %d lost", addr, r.BitsPerSecond/1e6, r.Lost, r.Packets)
		if r.Packets < 1000 || r.Lost > r.Packets/2 { // a receiver that waits for a core loses some: how many is not the switch's doing alone
			t.Errorf("UDP to %s: %+v", addr, r)
		}
	}
	offloads(t, a, "a0")
	offloads(t, b, "b0")
}

// 9,000 bytes go through as they are: a0 mtu 9000 ==== d0 [pollux] d1 ==== b0 mtu 9000.
func TestJumbo(t *testing.T) {
	a, sw, b := hosts(t)
	for dev, ns := range map[string]*lab.NS{"a0": a, "d0": sw, "d1": sw, "b0": b} {
		ns.Run(t, "ip", "link", "set", dev, "mtu", "9000")
	}
	start(t, sw, "d0", "d1")
	reaches(t, a, "10.0.0.2")
	for _, size := range []string{"3000", "4100", "8972"} {
		if r := a.Ping(t, "10.0.0.2", 3, "-M", "do", "-s", size); r.Received != r.Sent {
			t.Errorf("ping with %s bytes, not to be fragmented: %+v", size, r)
		}
	}
	if r := a.Ping(t, "fd00::2", 3, "-M", "do", "-s", "8952"); r.Received != r.Sent {
		t.Errorf("ping6 with 8952 bytes: %+v", r)
	}
	r := a.Iperf(t, b, "10.0.0.2", 2)
	t.Logf("TCP: %.2f Gbit/s, %d retransmits", r.BitsPerSecond/1e9, r.Retransmits)
	if r.BytesReceived < 10<<20 {
		t.Errorf("TCP: %+v", r)
	}
}

// Two receive queues on every device, all of them bound: a0 ==2== d0 [pollux] d1 ==2== b0.
func TestTwoQueues(t *testing.T) {
	a, sw, b := hosts(t, "numrxqueues", "2", "numtxqueues", "2")
	start(t, sw, "d0:0-1", "d1")
	reaches(t, a, "10.0.0.2")
	r := a.Iperf(t, b, "10.0.0.2", 2, "-P", "8")
	t.Logf("eight TCP streams: %.2f Gbit/s", r.BitsPerSecond/1e9)
	if r.BytesReceived < 10<<20 {
		t.Errorf("eight TCP streams: %+v", r)
	}
	for _, dev := range []string{"d0", "d1"} {
		stats := sw.Run(t, "ethtool", "-S", dev)
		for _, queue := range []string{"rx_queue_0_xdp_packets: 0\n", "rx_queue_1_xdp_packets: 0\n"} {
			if strings.Contains(stats, queue) {
				t.Errorf("%s: nothing came by one of the queues, so this test shows nothing:\n%s", dev, stats)
			}
		}
	}
}

// From the start of the process to the first packet forwarded. The number is reported, the machine is not judged.
func TestStartIsQuick(t *testing.T) {
	a, sw, b := hosts(t)
	from, to := a.Wire(t, "a0"), b.Wire(t, "b0")
	stream := lab.StartStream(t, from, to, udp(t, macA, macB, 1, 2), 1000)
	lab.Binary(t) // built before the clock runs
	began := time.Now()
	s := start(t, sw, "d0", "d1")
	stream.More(t, 1, patience)
	t.Logf("from the start to the first packet forwarded: at most %v", time.Since(began).Round(time.Millisecond))
	t.Logf("resident: %s", memory(t, s))
}
