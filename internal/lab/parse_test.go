package lab

import (
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParsePing(t *testing.T) {
	for out, want := range map[string]PingResult{
		"--- 10.0.0.2 ping statistics ---\n5 packets transmitted, 4 received, 20% packet loss, time 812ms\nrtt min/avg/max/mdev = 0.031/0.045/0.060/0.009 ms\n": {5, 4, 0.031, 0.045, 0.060},
		"2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1023ms\npipe 2\n":                                                                 {2, 0, 0, 0, 0},
		"3 packets transmitted, 3 received, +1 duplicates, 0% packet loss, time 4ms\nrtt min/avg/max/mdev = 1.5/2.5/3.5/0.1 ms, ipg/ewma 1.0/1.0 ms":            {3, 3, 1.5, 2.5, 3.5},
	} {
		if got, ok := parsePing(out); !ok || got != want {
			t.Errorf("parse %q: %+v, want %+v", out, got, want)
		}
	}
	if _, ok := parsePing("ping: connect: Network is unreachable"); ok {
		t.Error("an error message was taken for a result")
	}
}

func TestParseIperf(t *testing.T) {
	tcp := `{"end":{"streams":[],"sum_sent":{"bytes":1000,"bits_per_second":8e3,"retransmits":7},"sum_received":{"bytes":900,"bits_per_second":7200.5}}}`
	if got, err := parseIperf(tcp); err != nil || got != (IperfResult{1000, 900, 7200.5, 7, 0, 0}) {
		t.Errorf("TCP: %+v, %v", got, err)
	}
	udp := `{"end":{"sum":{"bytes":1000,"packets":10,"lost_packets":2},"sum_sent":{"bytes":1000},"sum_received":{"bytes":800,"bits_per_second":6400}}}`
	if got, err := parseIperf(udp); err != nil || got != (IperfResult{1000, 800, 6400, 0, 10, 2}) {
		t.Errorf("UDP: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "iperf3: command not found", `{"error":"unable to connect"}`} {
		if _, err := parseIperf(bad); err == nil {
			t.Errorf("parse %q: no error", bad)
		}
	}
}

// The tag comes back where it was, and a frame without one stays as it is.
func TestWithTag(t *testing.T) {
	frame := []byte("DDDDDDSSSSSSttpayload")
	aux := func(status uint32, tci, tpid uint16) []byte {
		data := binary.NativeEndian.AppendUint32(nil, status)
		data = append(data, make([]byte, 12)...)
		data = binary.NativeEndian.AppendUint16(data, tci)
		data = binary.NativeEndian.AppendUint16(data, tpid)
		oob := make([]byte, unix.CmsgSpace(len(data)))
		binary.NativeEndian.PutUint64(oob, uint64(unix.CmsgLen(len(data))))
		binary.NativeEndian.PutUint32(oob[8:], unix.SOL_PACKET)
		binary.NativeEndian.PutUint32(oob[12:], unix.PACKET_AUXDATA)
		copy(oob[16:], data)
		return oob
	}
	for _, c := range []struct {
		oob  []byte
		want string
	}{
		{nil, "DDDDDDSSSSSSttpayload"},
		{aux(0, 5, 0x8100), "DDDDDDSSSSSSttpayload"},
		{aux(1<<4, 0x200a, 0), "DDDDDDSSSSSS\x81\x00\x20\x0attpayload"},
		{aux(1<<4|1<<6, 10, 0x88a8), "DDDDDDSSSSSS\x88\xa8\x00\x0attpayload"},
	} {
		if got := string(withTag(frame, c.oob)); got != c.want {
			t.Errorf("tag: %q, want %q", got, c.want)
		}
	}
}

// A tool that is missing is a failure that names the package.
func TestNeed(t *testing.T) {
	r := &recorder{TB: t}
	func() {
		defer func() { recover() }()
		Need(r, "no-such-tool")
	}()
	if !strings.Contains(r.said, "no-such-tool") && !strings.Contains(r.said, "needs root") {
		t.Errorf("Need said %q", r.said)
	}
}
