package traffic

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxReplay bounds the packets of a file that are kept, in bytes and number.
const (
	maxReplayBytes   = 1 << 30
	maxReplayPackets = MaxFlows
)

// replay makes the plan of a capture file: its packets, as they are and in
// their order. Packets that were cut short by the capture are refused, for
// they would be sent malformed.
func replay(path string) (*Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read capture: %w", err)
	}
	defer f.Close()
	p, offset, err := readPlan(f)
	if err != nil {
		return nil, fmt.Errorf("read capture %s: at byte %d: %w", path, offset, err)
	}
	return p, nil
}

// readPlan collects the packets of r. offset is where the record starts that
// err speaks of.
func readPlan(r io.Reader) (p *Plan, offset int64, err error) {
	c, err := openCapture(r)
	if err != nil {
		return nil, 0, err
	}
	p = &Plan{}
	total := 0
	for {
		frame, cut, err := c.next()
		switch {
		case err == io.EOF && len(p.Frames) == 0:
			return nil, c.start, errors.New("no packets in the file")
		case err == io.EOF:
			return p, 0, nil
		case err != nil:
			return nil, c.start, err
		case cut:
			return nil, c.start, fmt.Errorf("packet %d was cut to %d bytes when it was captured", len(p.Frames)+1, len(frame))
		case len(frame) < 14 || len(frame) > MaxSize:
			return nil, c.start, fmt.Errorf("packet %d has %d bytes: must be 14 to %d", len(p.Frames)+1, len(frame), MaxSize)
		}
		if total += len(frame); total > maxReplayBytes || len(p.Frames) == maxReplayPackets {
			return nil, c.start, fmt.Errorf("more than %d packets or %d bytes of them", maxReplayPackets, maxReplayBytes)
		}
		p.Order = append(p.Order, uint32(len(p.Frames)))
		p.Frames = append(p.Frames, frame)
	}
}
