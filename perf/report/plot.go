package report

import (
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	plotWidth  = 22 * vg.Centimeter
	plotHeight = 14 * vg.Centimeter
)

// WritePlot draws the run as SVG: above, packets per second sent and received
// over time in seconds; below, the part of the packets that was lost in each
// interval, in percent. It needs the ticks of at least one end.
func (r Result) WritePlot(w io.Writer) error {
	if len(r.TxTicks) < 2 && len(r.RxTicks) < 2 {
		return fmt.Errorf("draw plot: the run was too short for two samples")
	}
	rates := plot.New()
	rates.Title.Text = r.Traffic
	rates.Y.Label.Text = "million packets per second"
	rates.Y.Min = 0
	rates.Legend.Top = true
	start := plotStart(r)
	for _, end := range []struct {
		name  string
		ticks []Tick
		color color.RGBA
	}{
		{"sent", r.TxTicks, color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}},
		{"received", r.RxTicks, color.RGBA{R: 0xd6, G: 0x60, B: 0x0e, A: 0xff}},
	} {
		if len(end.ticks) < 2 {
			continue
		}
		if err := addLine(rates, end.name, ratePoints(end.ticks, start), end.color); err != nil {
			return err
		}
	}
	rates.Y.Max *= 1.15 // room for the legend
	loss := plot.New()
	loss.X.Label.Text = "seconds"
	loss.Y.Label.Text = "lost, %"
	loss.Y.Min, loss.Y.Max = 0, 1
	if err := addLine(loss, "", lossPoints(r.TxTicks, r.RxTicks, start), color.RGBA{R: 0xb0, A: 0xff}); err != nil {
		return err
	}
	loss.X.Min, loss.X.Max = rates.X.Min, rates.X.Max
	return drawBoth(w, rates, loss)
}

func drawBoth(w io.Writer, upper, lower *plot.Plot) error {
	c := vgsvg.New(plotWidth, plotHeight)
	tiles := draw.Tiles{Rows: 2, Cols: 1, PadTop: vg.Millimeter, PadBottom: vg.Millimeter, PadRight: 4 * vg.Millimeter, PadY: 3 * vg.Millimeter}
	canvases := plot.Align([][]*plot.Plot{{upper}, {lower}}, tiles, draw.New(c))
	upper.Draw(canvases[0][0])
	lower.Draw(canvases[1][0])
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	return nil
}

func addLine(p *plot.Plot, name string, pts plotter.XYs, c color.Color) error {
	if len(pts) == 0 {
		return nil
	}
	l, err := plotter.NewLine(pts)
	if err != nil {
		return fmt.Errorf("draw plot: %w", err)
	}
	l.Color, l.Width = c, vg.Points(1.2)
	p.Add(l)
	if name != "" {
		p.Legend.Add(name, l)
	}
	return nil
}

// plotStart is time zero of the drawing: the earliest tick.
func plotStart(r Result) int64 {
	start := int64(math.MaxInt64)
	for _, ticks := range [][]Tick{r.TxTicks, r.RxTicks} {
		if len(ticks) > 0 {
			start = min(start, ticks[0].At)
		}
	}
	return start
}

// ratePoints are seconds and Mpps, one point in the middle of each interval.
func ratePoints(ticks []Tick, start int64) plotter.XYs {
	var pts plotter.XYs
	for i := 1; i < len(ticks); i++ {
		a, b := ticks[i-1], ticks[i]
		if b.At > a.At {
			pts = append(pts, plotter.XY{X: seconds(start, (a.At+b.At)/2), Y: perSecond(b.Packets-a.Packets, seconds(a.At, b.At)) / 1e6})
		}
	}
	return pts
}

// lossPoints are seconds and percent. What was received at the moment of a
// sample of the sender is read off the line between the two samples of the
// receiver around it.
func lossPoints(tx, rx []Tick, start int64) plotter.XYs {
	var pts plotter.XYs
	if len(rx) < 2 {
		return pts
	}
	for i := 1; i < len(tx); i++ {
		a, b := tx[i-1], tx[i]
		sent := float64(b.Packets - a.Packets)
		if sent == 0 {
			continue
		}
		got := packetsAt(rx, b.At) - packetsAt(rx, a.At)
		pts = append(pts, plotter.XY{X: seconds(start, (a.At+b.At)/2), Y: 100 * max(0, 1-got/sent)})
	}
	return pts
}

func packetsAt(ticks []Tick, at int64) float64 {
	for i := 1; i < len(ticks); i++ {
		a, b := ticks[i-1], ticks[i]
		if at <= b.At && b.At > a.At {
			part := max(0, float64(at-a.At)/float64(b.At-a.At))
			return float64(a.Packets) + part*float64(b.Packets-a.Packets)
		}
	}
	return float64(ticks[len(ticks)-1].Packets)
}
