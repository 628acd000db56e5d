package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// ticks has one tick every 100 ms, with perTick more packets at each.
func ticks(perTick ...uint64) []Tick {
	t := []Tick{{At: 1e9}}
	for i, n := range perTick {
		t = append(t, Tick{At: 1e9 + int64(i+1)*1e8, Packets: t[i].Packets + n, Bytes: t[i].Bytes + 60*n})
	}
	return t
}

func repeat(n uint64, times int) []uint64 { return slices.Repeat([]uint64{n}, times) }

func TestMergeOfBothEnds(t *testing.T) {
	tx := &Tx{Start: 1e9, End: 3e9, Packets: 2000, Bytes: 120000, Dropped: 3, Ticks: ticks(repeat(100, 20)...)}
	rx := &Rx{Packets: 1901, Bytes: 114060, Stamped: 1901, Gaps: 90, Reordered: 4, Duplicate: 1, Ticks: ticks(repeat(95, 20)...)}
	r := Merge(tx, rx)
	if r.Seconds != 2 || r.TxPps != 1000 || r.RxPps != 950.5 || *r.Lost != 100 || r.LossRatio != 0.05 || r.Reordered != 4 || r.RxPpsMed != 950 {
		t.Errorf("%+v lost %d", r, *r.Lost)
	}
}

func TestMergeOfOneEnd(t *testing.T) {
	if r := Merge(&Tx{Start: 0, End: 1e9, Packets: 10}, nil); r.Lost != nil || r.RxPackets != nil || r.TxPps != 10 {
		t.Errorf("sender alone: %+v", r)
	}
	idle := append(repeat(0, 5), append(repeat(100, 10), repeat(0, 7)...)...)
	r := Merge(nil, &Rx{Packets: 1000, Stamped: 1000, Gaps: 1000, Ticks: ticks(idle...)})
	if math.Abs(r.Seconds-1) > 1e-9 || math.Abs(r.RxPps-1000) > 1e-6 || *r.Lost != 1000 || r.LossRatio != 0.5 {
		t.Errorf("sink alone: %+v", r)
	}
	if r := Merge(nil, &Rx{Packets: 5}); r.Lost != nil {
		t.Errorf("loss of packets without marks: %d", *r.Lost)
	}
}

func TestForeignPacketsHideNoLoss(t *testing.T) {
	if r := Merge(&Tx{End: 1, Packets: 10}, &Rx{Packets: 12, Stamped: 9}); *r.Lost != 1 {
		t.Errorf("lost %d", *r.Lost)
	}
}

func TestMoreReceivedThanSentIsNoLoss(t *testing.T) {
	if r := Merge(&Tx{End: 1, Packets: 5}, &Rx{Packets: 9}); *r.Lost != 0 {
		t.Errorf("lost %d", *r.Lost)
	}
}

func TestSpreadLeavesOutStartAndEnd(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want [3]float64
	}{
		{nil, [3]float64{}}, {[]float64{0, 0}, [3]float64{}}, {[]float64{0, 5, 0}, [3]float64{5, 5, 5}},
		{[]float64{0, 1, 10, 30, 20, 2, 0}, [3]float64{10, 20, 30}},
	} {
		if a, b, d := spread(c.in); [3]float64{a, b, d} != c.want {
			t.Errorf("spread(%v) = %v %v %v", c.in, a, b, d)
		}
	}
}

func TestTableAndJSON(t *testing.T) {
	rx := &Rx{Packets: 1234567, Stamped: 1234567, Dropped: 2, Latency: Latency{Samples: 5, P50: 1234, P99: 99999, P999: 1e6, Max: 2e6, Min: 800}}
	r := Merge(&Tx{End: 1e9, Packets: 1234570, Dropped: 1}, rx)
	r.Traffic = "1 flow"
	var b bytes.Buffer
	if err := r.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	want := `traffic                  1 flow
time                     1.00 s
sent                     1,234,570 packets, 1.235 Mpps
  refused by the device  1
received                 1,234,567 packets, 1.235 Mpps
  no room in the sink    2
lost                     3 (0.0002 %)
out of order, doubled    0, 0
latency                  p50 1.2µs, p99 100µs, p99.9 1ms, at least 800ns, at most 2ms
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]float64{"rx_packets": 1234567, "lost": 3, "latency_p99_ns": 99999, "tx_pps": 1234570} {
		if m[key] != want {
			t.Errorf("%s is %v, want %v", key, m[key], want)
		}
	}
}

func TestPlotIsSVG(t *testing.T) {
	r := Merge(&Tx{Start: 1e9, End: 2e9, Ticks: ticks(repeat(100000, 20)...)}, &Rx{Ticks: ticks(repeat(90000, 20)...)})
	var b bytes.Buffer
	if err := r.WritePlot(&b); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"<svg", "received", "lost, %", "seconds"} {
		if !strings.Contains(b.String(), word) {
			t.Errorf("no %q in the drawing", word)
		}
	}
	d := xml.NewDecoder(&b)
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if (Result{}).WritePlot(io.Discard) == nil {
		t.Error("a run without samples was drawn")
	}
}

func TestLossPoints(t *testing.T) {
	for _, p := range lossPoints(ticks(repeat(100, 10)...), ticks(repeat(75, 10)...), 1e9) {
		if math.Abs(p.Y-25) > 1e-6 {
			t.Errorf("at %v s: %v %%", p.X, p.Y)
		}
	}
}

func TestProgressIsSilentOffTerminals(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := NewProgress(f, 1e9)
	for _, tick := range ticks(repeat(5, 5)...) {
		p.Tick(tick)
	}
	p.Done()
	if st, _ := f.Stat(); st.Size() != 0 {
		t.Errorf("%d bytes written to a file", st.Size())
	}
}
