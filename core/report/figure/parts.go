package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Parts is what something adds to a prediction, in several ways of telling: NaN where a
// way does not apply.
type Parts struct {
	Name  string
	Parts []float64
}

// Contributions shows parts as bars to the left and right of nothing, one for each way.
func Contributions(name, title, unit, caption string, ways []string, all []Parts) Figure {
	const bar, gap = 8, 7
	row := vg.Length(bar*len(ways) + gap)
	var keys legend
	for i, way := range ways {
		keys = keys.with(way, series(i))
	}
	p := newPlot(unit, "")
	p.Y.Tick.Marker = plot.ConstantTicks(nil)
	p.Y.Min, p.Y.Max = 0, float64(len(all))
	p.X.Min, p.X.Max = 0, 0
	for _, a := range all {
		for _, v := range a.Parts {
			if !math.IsNaN(v) {
				p.X.Min, p.X.Max = min(p.X.Min, v), max(p.X.Max, v)
			}
		}
	}
	widen(&p.X)
	f := Figure{Name: name, Title: title, Caption: caption, height: row*vg.Length(len(all)) + 44 + keys.height()}
	f.draw = func(c draw.Canvas) {
		keys.draw(c)
		inner := aired(draw.Crop(c, names, 0, 0, -keys.height()))
		p.Draw(inner)
		inner = p.DataCanvas(inner)
		x, y := p.Transforms(&inner)
		style := textStyle(ink, textSize)
		style.YAlign = draw.YCenter
		for i, a := range all {
			middle := y(float64(len(all)-i) - 0.5)
			c.FillText(style, vg.Point{X: c.Min.X + margin, Y: middle}, shortened(style, a.Name))
			for k, v := range a.Parts {
				if math.IsNaN(v) {
					continue
				}
				top := middle + bar*(vg.Length(len(ways))/2-vg.Length(k))
				fill(c, series(k), x(min(0, v)), top-bar+1, x(max(0, v)), top)
			}
		}
		c.StrokeLine2(draw.LineStyle{Color: muted, Width: 0.8}, x(0), inner.Min.Y, x(0), inner.Max.Y)
	}
	return f
}

func fill(c draw.Canvas, shade color.Color, left, low, right, high vg.Length) {
	c.SetColor(shade)
	c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: low}, Max: vg.Point{X: max(right, left+0.7), Y: high}}.Path())
}

// Moment is what one observation adds to a prediction.
type Moment struct{ Time, Part float64 }

// Track is a line of moments, one feature's.
type Track struct {
	Name    string
	Moments []Moment
}

// Moments shows when what was observed that mattered: the area of a dot is its part.
func Moments(name, title, unit string, window float64, tracks []Track) Figure {
	const row, radius = 19, 9
	p := newPlot(unit, "")
	p.Y.Tick.Marker = plot.ConstantTicks(nil)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, window, 0, float64(len(tracks))
	p.X.Tick.Marker = plot.TickerFunc(wholeNumbers)
	largest := 0.0
	for i, t := range tracks {
		at := float64(len(tracks)-i) - 0.5
		p.Add(line(plotter.XYs{{X: 0, Y: at}, {X: window, Y: at}}, grid, 0.7))
		for _, m := range t.Moments {
			largest = max(largest, math.Abs(m.Part))
		}
	}
	keys := legend{}.with("raises", series(1)).with("lowers", series(0))
	f := Figure{
		Name: name, Title: title, height: vg.Length(row*len(tracks)) + 44 + keys.height(),
		Caption: fmt.Sprintf("A dot is an observation at its time, its area what it adds to the prediction, by integrated gradients; the largest is %.2g. Features are in the order of what theirs sum to.", largest),
	}
	f.draw = func(c draw.Canvas) {
		keys.draw(c)
		inner := aired(draw.Crop(c, names, 0, 0, -keys.height()))
		p.Draw(inner)
		inner = p.DataCanvas(inner)
		x, y := p.Transforms(&inner)
		style := textStyle(ink, textSize)
		style.YAlign = draw.YCenter
		for i, t := range tracks {
			at := y(float64(len(tracks)-i) - 0.5)
			c.FillText(style, vg.Point{X: c.Min.X + margin, Y: at}, shortened(style, t.Name))
			for _, m := range t.Moments {
				shade := series(1)
				if m.Part < 0 {
					shade = series(0)
				}
				r := vg.Length(radius * math.Sqrt(math.Abs(m.Part)/largest))
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: faint(shade, 0.7), Radius: max(r, 0.6), Shape: draw.CircleGlyph{}}, vg.Point{X: x(m.Time), Y: at})
			}
		}
	}
	return f
}

// Gates shows how one sample's rows were spread over the experts, beside how a cohort's
// are: weight[row][expert], and usual[row][expert], nil for a row without a cohort.
func Gates(name, title string, rows []string, weight, usual [][]float64) Figure {
	const row, radius = 25, 11.5
	experts := len(weight[0])
	f := Figure{
		Name: name, Title: title, height: vg.Length(row*len(rows)) + 2*margin + 16,
		Caption: "The area of a dot is the weight that the sample's gates give an expert, that of a ring what the test split's give it on average. A dot that fills its ring is nothing special.",
	}
	f.draw = func(c draw.Canvas) {
		style := textStyle(ink, textSize)
		style.YAlign = draw.YCenter
		step := (c.Max.X - margin - c.Min.X - names) / vg.Length(experts)
		largest := vg.Length(min(radius, float64(step)/2-0.5))
		area := func(share float64) vg.Length { return largest * vg.Length(math.Sqrt(share)) }
		head := textStyle(muted, textSize)
		head.XAlign, head.YAlign = draw.XCenter, draw.YCenter
		for e := range experts {
			c.FillText(head, vg.Point{X: c.Min.X + names + step*(vg.Length(e)+0.5), Y: c.Max.Y - margin - 5}, fmt.Sprint(e+1))
		}
		for i, of := range rows {
			y := c.Max.Y - margin - 16 - row*(vg.Length(i)+0.5)
			if i%2 == 0 {
				fill(c, faint(grid, 0.5), c.Min.X, y-row/2, c.Max.X, y+row/2)
			}
			c.FillText(style, vg.Point{X: c.Min.X + margin, Y: y}, shortened(style, of))
			for e := range experts {
				at := vg.Point{X: c.Min.X + names + step*(vg.Length(e)+0.5), Y: y}
				if w := weight[i][e]; w > 0 {
					c.DrawGlyphNoClip(draw.GlyphStyle{Color: series(0), Radius: max(area(w), 0.7), Shape: draw.CircleGlyph{}}, at)
				}
				if usual[i] != nil && usual[i][e] > 0 {
					ring(c, at, max(area(usual[i][e]), 0.7))
				}
			}
		}
	}
	return f
}

func ring(c draw.Canvas, at vg.Point, radius vg.Length) {
	var path vg.Path
	path.Move(vg.Point{X: at.X + radius, Y: at.Y})
	path.Arc(at, radius, 0, 2*math.Pi)
	path.Close()
	c.SetLineStyle(draw.LineStyle{Color: series(1), Width: 1.4})
	c.Stroke(path)
}
