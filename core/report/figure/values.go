package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/fusemoe/fusemoe/core/eval"
)

// Values shows predicted over observed values of a regression.
func Values(name string, pairs []eval.Point) Figure {
	p := newPlot("observed", "predicted")
	dots := &plotter.Scatter{XYs: points(pairs), GlyphStyle: dot(len(pairs))}
	p.Add(dots)
	low, high := min(p.X.Min, p.Y.Min), max(p.X.Max, p.Y.Max)
	p.Add(line(plotter.XYs{{X: low, Y: low}, {X: high, Y: high}}, muted, 0.7, 3, 3))
	return Figure{
		Name: name, Title: "Predicted and observed values", height: curveHeight,
		Caption: "A dot is a test sample; on the dashed line the prediction is right.",
	}.plot(p, legend{})
}

// Errors shows the error of a regression over what was predicted, with the mean error
// and the limits between which 95 % of errors would lie if they were normal (Bland and
// Altman, 1986).
func Errors(name string, pairs []eval.Point) Figure {
	p := newPlot("predicted", "predicted − observed")
	var through plotter.XYs
	mean, squares := 0.0, 0.0
	for _, q := range pairs {
		through = append(through, plotter.XY{X: q.Y, Y: q.Y - q.X})
		mean += (q.Y - q.X) / float64(len(pairs))
	}
	for _, q := range through {
		squares += (q.Y - mean) * (q.Y - mean)
	}
	spread := 1.96 * math.Sqrt(squares/max(1, float64(len(pairs)-1)))
	p.Add(&plotter.Scatter{XYs: through, GlyphStyle: dot(len(pairs))})
	low, high := p.X.Min, p.X.Max
	for i, y := range []float64{mean, mean - spread, mean + spread} {
		l := line(plotter.XYs{{X: low, Y: y}, {X: high, Y: y}}, series(1), 1)
		if i > 0 {
			l.Dashes = []vg.Length{4, 2}
		}
		p.Add(l)
	}
	return Figure{
		Name: name, Title: "Errors", height: curveHeight,
		Caption: fmt.Sprintf("Mean error %.3g; dashed: 1.96 standard deviations around it.", mean),
	}.plot(p, legend{})
}

// dot is fainter the more of them there are.
func dot(n int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: faint(series(0), max(0.15, min(0.8, 60/float64(n)))), Radius: 2.4, Shape: draw.CircleGlyph{}}
}

// Interval is a figure of one group of samples; Low and High are NaN without one.
type Interval struct {
	Name             string
	Value, Low, High float64
	// Heading starts a group of its own and has no value.
	Heading bool
}

// Forest shows one metric in groups of samples. The vertical line is at all of them.
func Forest(name, metric string, all float64, groups []Interval) Figure {
	const row = 16
	f := Figure{
		Name: name, Title: metric + " by subgroup", height: vg.Length(row*len(groups)) + 44,
		Caption: "A dot is a group's figure with its 95 % interval; the line is at the figure of all test samples. A wide interval says that the group is too small to tell.",
	}
	p := newPlot(metric, "")
	p.Y.Tick.Marker = plot.ConstantTicks(nil)
	forest := forest{groups}
	p.Add(line(plotter.XYs{{X: all, Y: 0.5}, {X: all, Y: float64(len(groups)) + 0.5}}, muted, 0.8))
	p.Add(forest)
	p.Y.Min, p.Y.Max = 0.5, float64(len(groups))+0.5
	widen(&p.X)
	f.draw = func(c draw.Canvas) {
		style := textStyle(ink, textSize)
		inner := aired(draw.Crop(c, names, 0, 0, 0))
		p.Draw(inner)
		inner = p.DataCanvas(inner)
		style.YAlign = draw.YCenter
		_, y := p.Transforms(&inner)
		for i, g := range groups {
			style.Color = ink
			at := vg.Point{X: c.Min.X + margin + 8, Y: y(float64(len(groups) - i))}
			if g.Heading {
				style.Color = muted
				at.X -= 8
			}
			c.FillText(style, at, shortened(style, g.Name))
		}
	}
	return f
}

// names is the width of a column of names at the left of a figure.
const names = 136

// shortened cuts a name to the width of its column.
func shortened(style draw.TextStyle, text string) string {
	letters := []rune(text)
	for n := len(letters); n > 1; n-- {
		short := string(letters[:n])
		if n < len(letters) {
			short += "…"
		}
		if style.Width(short) <= names-10 {
			return short
		}
	}
	return text
}

type forest struct{ groups []Interval }

// DataRange is that of the intervals.
func (f forest) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax = math.Inf(1), math.Inf(-1)
	for _, g := range f.groups {
		for _, v := range []float64{g.Value, g.Low, g.High} {
			if !g.Heading && !math.IsNaN(v) {
				xmin, xmax = min(xmin, v), max(xmax, v)
			}
		}
	}
	return xmin, xmax, 0.5, float64(len(f.groups)) + 0.5
}

func (f forest) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, g := range f.groups {
		if g.Heading || math.IsNaN(g.Value) {
			continue
		}
		at := y(float64(len(f.groups) - i))
		if !math.IsNaN(g.Low) {
			c.StrokeLine2(draw.LineStyle{Color: series(0), Width: 1.2}, x(g.Low), at, x(g.High), at)
		}
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: series(0), Radius: 3, Shape: draw.CircleGlyph{}}, vg.Point{X: x(g.Value), Y: at})
	}
}
