package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// History is a figure that changed from epoch to epoch: Values begins with epoch 1 and
// is NaN where there is none.
type History struct {
	Name   string
	Values []float64
	// Series chooses the colour, so that the same thing of several seeds looks the same.
	Series int
	// Best marks an epoch; 0 none.
	Best int
}

const historyHeight = 210

// Progress draws histories over epochs.
func Progress(name, title, y string, histories []History) Figure {
	p := newPlot("epoch", y)
	var keys legend
	for _, h := range histories {
		var through plotter.XYs
		for i, v := range h.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				through = append(through, plotter.XY{X: float64(i + 1), Y: v})
			}
		}
		if len(through) == 0 {
			continue
		}
		colour := series(h.Series)
		p.Add(line(through, faint(colour, 0.9), 1.4))
		if len(through) == 1 || h.Best > 0 && h.Best <= len(h.Values) && !math.IsNaN(h.Values[h.Best-1]) {
			at := through[0]
			if h.Best > 0 {
				at = plotter.XY{X: float64(h.Best), Y: h.Values[h.Best-1]}
			}
			p.Add(&plotter.Scatter{XYs: plotter.XYs{at}, GlyphStyle: draw.GlyphStyle{Color: colour, Radius: 3, Shape: draw.CircleGlyph{}}})
		}
		keys = keys.with(h.Name, colour)
	}
	p.X.Tick.Marker = plot.TickerFunc(wholeNumbers)
	widen(&p.Y)
	return Figure{Name: name, Title: title, height: historyHeight}.plot(p, keys)
}

// widen leaves some air above and below what is drawn.
func widen(a *plot.Axis) {
	if a.Min > a.Max {
		return
	}
	air := 0.06 * (a.Max - a.Min)
	if air == 0 {
		air = max(0.05*math.Abs(a.Max), 1e-3)
	}
	if a.Min != 0 {
		a.Min -= air
	}
	a.Max += air
}

// ExpertUse shows the share of the gate weight of every expert over the epochs, one
// row an expert: use[epoch][expert].
func ExpertUse(name, title string, use [][]float64) Figure {
	experts := len(use[0])
	p := newPlot("epoch", "expert")
	p.X.Min, p.X.Max = 0.5, float64(len(use))+0.5
	p.Y.Min, p.Y.Max = 0.5, float64(experts)+0.5
	p.X.Padding, p.Y.Padding = 0, 2
	p.X.Tick.Marker = plot.TickerFunc(wholeNumbers)
	p.Y.Tick.Marker = expertTicks(experts)
	p.Y.Scale = plot.InvertedScale{Normalizer: plot.LinearScale{}}
	p.Add(heat(use))
	top := 0.0
	for _, row := range use {
		for _, v := range row {
			top = max(top, v)
		}
	}
	return Figure{
		Name: name, Title: title, height: vg.Length(54 + 12*experts),
		Caption: fmt.Sprintf("The darker, the more of the gate weight an expert gets; darkest is %.0f %%. A row that stays empty is a dead expert.", 100*top),
	}.plot(p, legend{})
}

// expertTicks marks experts from 1 on, every one or every other.
func expertTicks(experts int) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	step := 1 + (experts-1)/16
	for e := 1; e <= experts; e += step {
		ticks = append(ticks, plot.Tick{Value: float64(e), Label: fmt.Sprint(e)})
	}
	return ticks
}

// heat is a cell for each epoch and expert.
type heat [][]float64

func (h heat) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	top := 0.0
	for _, row := range h {
		for _, v := range row {
			top = max(top, v)
		}
	}
	for t, row := range h {
		for e, v := range row {
			if v <= 0 {
				continue
			}
			box := vg.Rectangle{
				Min: vg.Point{X: x(float64(t) + 0.5), Y: y(float64(e)+1.5) + 1},
				Max: vg.Point{X: x(float64(t) + 1.5), Y: y(float64(e)+0.5) - 1},
			}
			c.SetColor(faint(series(0), 0.06+0.94*v/top))
			c.Fill(box.Path())
		}
	}
}
