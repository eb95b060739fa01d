package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/fusemoe/fusemoe/core/eval"
)

// Curve is one line of a figure. Its name stands in the legend; without one it has none.
type Curve struct {
	Name   string
	Points []eval.Point
}

const curveHeight = 290

func points(all []eval.Point) plotter.XYs {
	xys := make(plotter.XYs, len(all))
	for i, p := range all {
		xys[i].X, xys[i].Y = p.X, p.Y
	}
	return xys
}

// addCurves draws curves in the colours of series, and returns their legend.
func addCurves(p *plot.Plot, curves []Curve) (keys legend) {
	for i, c := range curves {
		p.Add(line(points(c.Points), series(i), 1.6))
		keys = keys.with(c.Name, series(i))
	}
	return keys
}

func unit(p *plot.Plot) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
}

// ROC is sensitivity over 1 - specificity.
func ROC(name string, curves []Curve) Figure {
	p := newPlot("1 − specificity", "sensitivity")
	p.Add(line(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}, muted, 0.7, 3, 3))
	keys := addCurves(p, curves)
	unit(p)
	return Figure{
		Name: name, Title: "Receiver operating characteristic", height: curveHeight,
		Caption: "Sensitivity at every rate of false alarms; the dashed line is chance.",
	}.plot(p, keys)
}

// PrecisionRecall is positive predictive value over sensitivity; base is the share of
// positives of each curve, what chance would have.
func PrecisionRecall(name string, curves []Curve, base []float64) Figure {
	p := newPlot("sensitivity", "positive predictive value")
	for i, b := range base {
		p.Add(line(plotter.XYs{{X: 0, Y: b}, {X: 1, Y: b}}, faint(series(i), 0.8), 0.7, 3, 3))
	}
	keys := addCurves(p, curves)
	unit(p)
	return Figure{
		Name: name, Title: "Precision and recall", height: curveHeight,
		Caption: "How many alarms are right at every sensitivity; dashed: the share of positives, which is chance.",
	}.plot(p, keys)
}

// Calibrated is one reliability curve.
type Calibrated struct {
	Name string
	Bins []eval.ReliabilityBin
}

// Calibration compares scores with what came true, in tenths of the samples.
func Calibration(name string, curves []Calibrated) Figure {
	p := newPlot("predicted probability", "observed share")
	p.Add(line(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}, muted, 0.7, 3, 3))
	top := 0.0
	var keys legend
	for i, c := range curves {
		colour := series(i)
		var through plotter.XYs
		for _, b := range c.Bins {
			through = append(through, plotter.XY{X: b.Mean, Y: b.Observed})
			top = max(top, b.Mean, b.High)
			if len(curves) <= 2 {
				p.Add(line(plotter.XYs{{X: b.Mean, Y: b.Low}, {X: b.Mean, Y: b.High}}, faint(colour, 0.45), 1))
			}
		}
		l := line(through, faint(colour, 0.7), 1.1)
		dots := &plotter.Scatter{XYs: through, GlyphStyle: draw.GlyphStyle{Color: colour, Radius: 2.6, Shape: draw.CircleGlyph{}}}
		p.Add(l, dots)
		keys = keys.with(c.Name, colour)
	}
	unit(p)
	p.X.Max = min(1, max(0.1, top*1.02))
	p.Y.Max = p.X.Max
	return Figure{
		Name: name, Title: "Calibration", height: curveHeight,
		Caption: "Each dot is a tenth of the test samples, with its 95 % interval; on the dashed line probabilities can be taken at their word.",
	}.plot(p, keys)
}

// DecisionCurve is the net benefit of acting on the model at every threshold, beside
// acting on everybody and on nobody.
func DecisionCurve(name string, benefit []eval.NetBenefit, prevalence float64) Figure {
	p := newPlot("threshold probability", "net benefit")
	var model, all plotter.XYs
	highest := prevalence
	for _, b := range benefit {
		model = append(model, plotter.XY{X: b.Threshold, Y: b.Model})
		if b.All > -prevalence/2 {
			all = append(all, plotter.XY{X: b.Threshold, Y: b.All})
		}
		highest = max(highest, b.Model)
	}
	none := line(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 0}}, muted, 1)
	everybody := line(all, series(1), 1.2, 4, 2)
	acting := line(model, series(0), 1.6)
	p.Add(none, everybody, clipped{acting})
	keys := legend{}.with("model", series(0)).with("act on everybody", series(1)).with("act on nobody", muted)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, -0.35*highest, 1.1*highest
	return Figure{
		Name: name, Title: "Decision curve", height: curveHeight,
		Caption: "Right alarms per sample less wrong ones, weighed by the odds of the threshold. The model is of use where it lies above both others.",
	}.plot(p, keys)
}

// clipped keeps a line within the axes.
type clipped struct{ *plotter.Line }

func (l clipped) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var path []vg.Point
	for _, q := range l.XYs {
		path = append(path, vg.Point{X: x(q.X), Y: y(q.Y)})
	}
	c.StrokeLines(l.LineStyle, c.ClipLinesXY(path)...)
}

// DataRange is empty: the axes are set.
func (l clipped) DataRange() (xmin, xmax, ymin, ymax float64) {
	return l.XYs[0].X, l.XYs[0].X, l.XYs[0].Y, l.XYs[0].Y
}
