package gen

import "pollux/internal/clock"

// maxDebt is how far behind its schedule a pacer may fall and still catch up,
// in nanoseconds. What a stall longer than that cost is not made up for: a
// burst of it would measure the burst, not the rate.
const maxDebt = int64(2 * clock.Millisecond)

// pacer tells when packets are due, evenly spread at a rate.
type pacer struct {
	perNs float64 // packets per nanosecond; 0: always
	start int64   // ns; when packet number 0 was due
	sent  uint64  // since start
}

func newPacer(pps float64, now clock.Time) pacer {
	return pacer{perNs: pps / 1e9, start: int64(now)}
}

// due is how many packets, at most most, are to be sent at time now. The
// caller says through took how many of them it sent.
func (p *pacer) due(now clock.Time, most int) int {
	if p.perNs == 0 {
		return most
	}
	ahead := float64(int64(now)-p.start)*p.perNs - float64(p.sent)
	if debt := ahead / p.perNs; debt > float64(maxDebt) && ahead > float64(most) {
		p.start += int64(debt) - maxDebt
		ahead = float64(maxDebt) * p.perNs
	}
	return max(0, min(most, int(ahead)+1))
}

func (p *pacer) took(n int) { p.sent += uint64(n) }
