package traffic

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// sample is a capture in both formats, written by gopacket.
func sample(t testing.TB, ng bool) []byte {
	var b bytes.Buffer
	var write func(gopacket.CaptureInfo, []byte) error
	if ng {
		w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Flush()
		write = func(ci gopacket.CaptureInfo, d []byte) error { defer w.Flush(); return w.WritePacket(ci, d) }
	} else {
		w := pcapgo.NewWriter(&b)
		if err := w.WriteFileHeader(MaxSize, layers.LinkTypeEthernet); err != nil {
			t.Fatal(err)
		}
		write = w.WritePacket
	}
	for _, f := range build(t, Spec{Flows: 3, IMIX: true}).Frames {
		if err := write(gopacket.CaptureInfo{Timestamp: time.Unix(1, 0), CaptureLength: len(f), Length: len(f)}, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestCapturesAreReplayedAsTheyAre(t *testing.T) {
	want := build(t, Spec{Flows: 3, IMIX: true}).Frames
	for _, ng := range []bool{false, true} {
		p, _, err := readPlan(bytes.NewReader(sample(t, ng)))
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Frames) != len(want) || len(p.Order) != len(want) || p.Stamped {
			t.Fatalf("ng=%v: %d frames, order of %d, stamped %v", ng, len(p.Frames), len(p.Order), p.Stamped)
		}
		for i := range want {
			if !bytes.Equal(p.Frames[i], want[i]) || p.Order[i] != uint32(i) {
				t.Errorf("ng=%v: packet %d differs", ng, i)
			}
		}
	}
}

func TestKindFileIsReadBackByOthersAndUs(t *testing.T) {
	p, err := KindPlan("vlan4", 100)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "vlan4.pcap")
	if err := p.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	ours := build(t, Spec{Pcap: path})
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	theirs, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, frame := range ours.Frames {
		data, _, err := theirs.ReadPacketData()
		if err != nil || !bytes.Equal(data, frame) || !bytes.Equal(data, p.Frames[p.Order[i]]) {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	if _, _, err := theirs.ReadPacketData(); err != io.EOF || len(ours.Frames) != 100 {
		t.Errorf("%d packets, then %v", len(ours.Frames), err)
	}
}

func TestBadCapturesAreNamed(t *testing.T) {
	pcap, ng := sample(t, false), sample(t, true)
	set := func(b []byte, at int, v uint32) []byte {
		b = bytes.Clone(b)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	second := 24 + 16 + 60
	for want, data := range map[string][]byte{
		"shorter than the magic":           nil,
		"magic number 00010203":            {0, 1, 2, 3, 4},
		"at byte 0: file ends":             pcap[:20],
		"at byte 0: link type 101":         set(pcap, 20, 101),
		"at byte 24: no packets":           pcap[:24],
		"at byte 100: file ends 10 bytes":  pcap[:second+10],
		"at byte 100: file ends before":    pcap[:second+16],
		"at byte 24: packet of 4294967295": set(pcap, 32, 1<<32-1),
		"at byte 24: packet 1 was cut":     set(pcap, 36, 61),
		"at byte 24: packet 1 has 2 bytes": set(set(pcap, 32, 2), 36, 2),
		"at byte 0: byte order magic":      set(ng, 8, 1),
		"at byte 0: block of 4294967292":   set(ng, 4, 1<<32-4),
		"and 0 at its end":                 set(ng, len(ng)-4, 0),
		"file ends 26 bytes into the 1540": ng[:len(ng)-1514],
		"of which there are 0":             append(bytes.Clone(ng[:int(ng[4])]), ng[int(ng[4])+int(ng[int(ng[4])+4]):]...),
		"must be 12 to 262208, by fours":   set(ng, 4, 11),
	} {
		path := filepath.Join(t.TempDir(), "bad.pcap")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Build(Spec{Pcap: path})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want one with %q and the path", err, want)
		}
	}
	if _, err := Build(Spec{Pcap: "/nowhere/x.pcap"}); err == nil || !strings.Contains(err.Error(), "/nowhere/x.pcap") {
		t.Errorf("missing file: %v", err)
	}
}

// FuzzCapture: no file makes the reader panic or allocate more than it holds,
// and what it accepts lies within the bounds of a plan.
func FuzzCapture(f *testing.F) {
	pcap, ng := sample(f, false), sample(f, true)
	for _, seed := range [][]byte{nil, pcap[:24], pcap[:24+16+60], ng[:len(ng)-100], ng, pcap} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, offset, err := readPlan(bytes.NewReader(data))
		if err != nil {
			if offset < 0 || offset > int64(len(data)) {
				t.Fatalf("offset %d of %d bytes", offset, len(data))
			}
			return
		}
		total := 0
		for _, i := range p.Order {
			total += len(p.Frames[i])
		}
		if total > len(data) || p.MaxLen() > MaxSize {
			t.Fatalf("%d bytes of packets out of %d, largest %d", total, len(data), p.MaxLen())
		}
	})
}
