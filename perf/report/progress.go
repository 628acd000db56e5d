package report

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows how far a run is. On anything but a terminal it shows
// nothing. It is not for use by several goroutines at once.
type Progress struct {
	bar   *progressbar.ProgressBar
	start int64
	last  Tick
}

// NewProgress starts a bar on f for a run of length total; 0 is a run without
// end, which gets a spinner.
func NewProgress(f *os.File, total time.Duration) *Progress {
	if !term.IsTerminal(int(f.Fd())) {
		return &Progress{}
	}
	length := total.Milliseconds()
	if length <= 0 {
		length = -1
	}
	return &Progress{bar: progressbar.NewOptions64(length,
		progressbar.OptionSetWriter(f),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
	)}
}

// Tick moves the bar to the time of t and shows the rate since the last call.
func (p *Progress) Tick(t Tick) {
	if p.bar == nil {
		return
	}
	if p.start == 0 {
		p.start, p.last = t.At, t
		return
	}
	p.bar.Describe(fmt.Sprintf("%12s", Rate(perSecond(t.Packets-p.last.Packets, seconds(p.last.At, t.At)))))
	ms := (t.At - p.start) / 1e6
	if limit := p.bar.GetMax64(); limit > 0 {
		ms = min(ms, limit-1) // a full bar ends itself
	}
	p.bar.Set64(ms)
	p.last = t
}

// Done takes the bar off the screen.
func (p *Progress) Done() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
