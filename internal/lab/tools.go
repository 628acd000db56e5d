package lab

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A PingResult is what ping says at its end.
type PingResult struct {
	Sent, Received      int
	MinMs, AvgMs, MaxMs float64 // round trip times; zero if nothing came back
}

// Ping sends count echo requests, five a second, and returns what became of them. words are further options for ping.
func (ns *NS) Ping(t testing.TB, addr string, count int, words ...string) PingResult {
	t.Helper()
	words = append([]string{"ping", "-n", "-c", strconv.Itoa(count), "-i", "0.2", "-W", "2"}, append(words, addr)...)
	out, err := ns.Try(words...) // ping fails when nothing comes back, which is for the caller to judge
	r, ok := parsePing(out)
	if !ok {
		t.Fatalf("%s: %s: %v\n%s", ns.Name, strings.Join(words, " "), err, out)
	}
	return r
}

var (
	pingCount = regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)
	pingTimes = regexp.MustCompile(`= ([\d.]+)/([\d.]+)/([\d.]+)/`)
)

func parsePing(out string) (r PingResult, ok bool) {
	m := pingCount.FindStringSubmatch(out)
	if m == nil {
		return r, false
	}
	r.Sent, _ = strconv.Atoi(m[1])
	r.Received, _ = strconv.Atoi(m[2])
	if m := pingTimes.FindStringSubmatch(out); m != nil {
		for i, to := range []*float64{&r.MinMs, &r.AvgMs, &r.MaxMs} {
			*to, _ = strconv.ParseFloat(m[i+1], 64)
		}
	}
	return r, true
}

// An IperfResult is what the client of iperf3 says at its end.
type IperfResult struct {
	BytesSent, BytesReceived int64
	BitsPerSecond            float64 // as received
	Retransmits              int     // TCP
	Packets, Lost            int     // UDP, as counted by the receiver
}

// Iperf runs an iperf3 server in the namespace to and a client in this one for the given seconds. words are further options of the client.
func (ns *NS) Iperf(t testing.TB, to *NS, addr string, seconds int, words ...string) IperfResult {
	t.Helper()
	server := to.Start(t, "iperf3", "-s", "-1", "--forceflush")
	server.Says(t, "Server listening", 10*time.Second)
	defer server.Stop()
	words = append([]string{"iperf3", "-c", addr, "-J", "-t", strconv.Itoa(seconds)}, words...)
	client := ns.Start(t, words...)
	r, err := parseIperf(client.Wait(t, time.Duration(seconds)*time.Second+30*time.Second))
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(words, " "), err)
	}
	return r
}

func parseIperf(out string) (r IperfResult, err error) {
	type sum struct {
		Bytes         int64
		BitsPerSecond float64 `json:"bits_per_second"`
		Retransmits   int
		Packets       int
		LostPackets   int `json:"lost_packets"`
	}
	var all struct {
		Error string
		End   struct {
			Sum         *sum
			SumSent     sum `json:"sum_sent"`
			SumReceived sum `json:"sum_received"`
		}
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		return r, fmt.Errorf("parse the report of iperf3: %w\n%s", err, out)
	}
	if all.Error != "" {
		return r, fmt.Errorf("iperf3: %s", all.Error)
	}
	end := all.End
	r = IperfResult{BytesSent: end.SumSent.Bytes, BytesReceived: end.SumReceived.Bytes,
		BitsPerSecond: end.SumReceived.BitsPerSecond, Retransmits: end.SumSent.Retransmits}
	if end.Sum != nil { // UDP
		r.Packets, r.Lost = end.Sum.Packets, end.Sum.LostPackets
	}
	return r, nil
}

// A Capture is a tcpdump that runs.
type Capture struct {
	ns   *NS
	proc *Proc
	file string
}

// Capture starts to record the packets of a device that match the filter; it records already when the call returns.
func (ns *NS) Capture(t testing.TB, dev, filter string) *Capture {
	t.Helper()
	file := filepath.Join(t.TempDir(), "capture.pcap")
	p := ns.Start(t, "tcpdump", "-Z", "root", "--immediate-mode", "-U", "-n", "-i", dev, "-w", file, filter)
	p.Says(t, "listening on", 10*time.Second)
	return &Capture{ns, p, file}
}

// Stop ends the recording and returns one line a packet, with its Ethernet header, as tcpdump prints them.
func (c *Capture) Stop(t testing.TB) []string {
	t.Helper()
	c.proc.Interrupt()
	out, err := c.ns.command([]string{"tcpdump", "-Z", "root", "-nn", "-e", "-t", "-r", c.file}).Output()
	if err != nil {
		t.Fatalf("read capture: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}
