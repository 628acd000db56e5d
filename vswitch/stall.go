package vswitch

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"pollux/config"
	"pollux/dpif"
	"pollux/internal/clock"
	"pollux/internal/vlog"
)

// StallOptions say how to find out whether the control process disturbs the
// polling threads.
type StallOptions struct {
	Config  *config.Config
	Core    int           // of the one polling thread
	Rules   int           // loaded in the control process
	Rate    int           // bytes a second that the control process allocates in every other phase
	Rounds  int           // of an idle phase and a busy one each
	Phase   time.Duration // length of a phase
	Version string
}

// StallPhase is what a polling thread went through in one phase.
type StallPhase struct {
	Allocating  bool    `json:"allocating"`
	WorstGapUs  float64 `json:"worst_gap_us"`
	P999GapUs   float64 `json:"gap_p999_us"`    // of the gaps of 1 µs and more
	TimeOver20  float64 `json:"time_over_20us"` // part of the time spent in gaps above 20 µs
	AllocatedMB float64 `json:"allocated_mb"`
	Collections uint32  `json:"collections"` // of the control process's garbage
}

// MeasureStall starts a datapath process whose thread polls nothing, and is its control
// process: idle and allocating in turns. It needs root.
func MeasureStall(o StallOptions) ([]StallPhase, error) {
	if err := keepOff([]int{o.Core}); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pollux-stall")
	if err != nil {
		return nil, fmt.Errorf("measure stall: %w", err)
	}
	defer os.RemoveAll(dir)
	o.Config.Dirs.Run, o.Config.Dirs.Log = dir, dir
	s := newSwitch(&Options{Config: o.Config, Cores: []int{o.Core}, Bridge: "br0", Version: o.Version}, vlog.New(vlog.Options{}).Module("switch"), clock.System)
	session, _, err := s.launch()
	if err != nil {
		return nil, err
	}
	s.current.Store(session)
	defer s.close(false)
	if err := s.readRules(manyRules(o.Rules)); err != nil {
		return nil, err
	}
	thread := session.link.Region().Thread(0)
	var phases []StallPhase
	for range o.Rounds {
		for _, busy := range []bool{false, true} {
			rate := 0
			if busy {
				rate = o.Rate
			}
			phases = append(phases, stallPhase(thread, rate, o.Phase))
		}
	}
	return phases, nil
}

// manyRules are rules of one table that differ in an IP destination and a TCP port, as text.
func manyRules(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		for i := range n {
			fmt.Fprintf(w, "priority=%d,tcp,nw_dst=%d.%d.%d.%d,tp_dst=%d,actions=output:%d\n",
				1+i%1000, 10+i>>24&63, i>>16&255, i>>8&255, i&255, 1+i%60000, 1+i%8)
		}
		w.Close()
	}()
	return r
}

// stallPhase watches a thread for a while, allocating rate bytes a second beside it.
func stallPhase(t *dpif.Thread, rate int, d time.Duration) StallPhase {
	before, nanos := t.Stats.Gaps, t.Stats.GapNanos20.Load()
	t.ForgetWorstGap()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	collections, allocated := mem.NumGC, mem.TotalAlloc
	start := time.Now()
	allocate(rate, d)
	took := time.Since(start)
	runtime.ReadMemStats(&mem)
	p := StallPhase{
		Allocating: rate > 0, WorstGapUs: float64(t.Stats.WorstGap.Load()) / 1000,
		TimeOver20:  float64(t.Stats.GapNanos20.Load()-nanos) / float64(took),
		AllocatedMB: float64(mem.TotalAlloc-allocated) / 1e6, Collections: mem.NumGC - collections,
	}
	after := t.Stats.Gaps
	for i := range after {
		after[i] -= before[i]
	}
	p.P999GapUs = float64(after.Quantile(0.999)) / 1000
	return p
}

var garbage atomic.Pointer[[]byte] // keeps the compiler from proving that nobody needs it

// allocate allocates rate bytes a second for d, from two goroutines, in pieces of 4 KB.
func allocate(rate int, d time.Duration) {
	if rate == 0 {
		time.Sleep(d)
		return
	}
	const workers, piece = 2, 4096
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			start, made := time.Now(), 0
			for time.Since(start) < d {
				for due := int(time.Since(start).Seconds() * float64(rate/workers)); made < due; made += piece {
					b := make([]byte, piece)
					garbage.Store(&b)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	done.Wait()
}
