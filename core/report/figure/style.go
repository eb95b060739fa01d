package figure

import (
	"fmt"
	"html/template"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// shade is a colour of the figures on light and on dark paper.
type shade struct{ name, light, dark string }

// shades are ink, its lighter kin, and colours that can be told apart by those who see
// red and green alike, in the order in which series take them.
var shades = []shade{
	{"ink", "#22272e", "#e4e7eb"},
	{"muted", "#69707a", "#9aa4b0"},
	{"grid", "#e2e5e9", "#353b44"},
	{"paper", "#ffffff", "#16191d"},
	{"c1", "#2c5f9e", "#7fb0ea"},
	{"c2", "#c8642b", "#f0a070"},
	{"c3", "#3b8a5e", "#7fcf9f"},
	{"c4", "#7d5aa6", "#bd9fe4"},
	{"c5", "#b23a5b", "#ea89a4"},
	{"c6", "#2b8c96", "#6fc9d2"},
	{"c7", "#94742e", "#d3b468"},
	{"c8", "#6b7785", "#aab4c0"},
}

var (
	ink, muted, grid, paper = shades[0].color(), shades[1].color(), shades[2].color(), shades[3].color()
	// colours are named in a page, so that its style sheet can change them.
	colours = func() *strings.Replacer {
		var pairs []string
		for _, s := range shades {
			pairs = append(pairs, strings.ToUpper(s.light), "var(--"+s.name+")", s.light, "var(--"+s.name+")")
		}
		return strings.NewReplacer(pairs...)
	}()
)

// Style declares the colours that inline figures use, on light and dark paper.
func Style() template.CSS {
	var light, dark strings.Builder
	for _, s := range shades {
		fmt.Fprintf(&light, "--%s:%s;", s.name, s.light)
		fmt.Fprintf(&dark, "--%s:%s;", s.name, s.dark)
	}
	return template.CSS(fmt.Sprintf(":root{%s}\n@media screen and (prefers-color-scheme:dark){:root{%s}}", &light, &dark)) //nolint:gosec // constants
}

func (s shade) color() color.RGBA {
	c := color.RGBA{A: 255}
	if _, err := fmt.Sscanf(s.light, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		panic(errShade)
	}
	return c
}

const errShade = "figure: a shade is no colour"

// series is the colour of the i-th series.
func series(i int) color.RGBA { return shades[4+i%(len(shades)-4)].color() }

// SeriesName is the name of the colour of the i-th series in a style sheet.
func SeriesName(i int) string { return shades[4+i%(len(shades)-4)].name }

// faint is a colour that lets the paper through.
func faint(c color.RGBA, opacity float64) color.Color {
	return color.NRGBA{c.R, c.G, c.B, uint8(math.Round(255 * max(0, min(1, opacity))))}
}

const (
	textSize  = 10
	titleSize = 11
	margin    = 6
)

var handler = text.Plain{Fonts: font.DefaultCache}

func textStyle(c color.Color, size vg.Length) draw.TextStyle {
	return draw.TextStyle{Color: c, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size), Handler: handler}
}

// newPlot has quiet axes: a line below, and a grid in place of one at the left.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = handler
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = textStyle(muted, textSize).Font
		axis.Label.TextStyle.Color, axis.Label.TextStyle.Handler = muted, handler
		axis.Label.Padding = 4
		axis.Tick.Label.Font = textStyle(muted, textSize).Font
		axis.Tick.Label.Color, axis.Tick.Label.Handler = muted, handler
		axis.Tick.Length, axis.Tick.Width, axis.Padding = 0, 0, 5
		axis.Tick.Marker = few(5)
		axis.Color, axis.Width = muted, 0.7
	}
	p.Y.Width = 0
	p.X.Label.Text, p.Y.Label.Text = x, y
	lines := plotter.NewGrid()
	lines.Vertical.Width = 0
	lines.Horizontal.Color, lines.Horizontal.Width, lines.Horizontal.Dashes = grid, 0.7, nil
	p.Add(lines)
	return p
}

// few marks an axis at about n round numbers, all with their label.
func few(n int) plot.TickerFunc {
	return func(low, high float64) (ticks []plot.Tick) {
		step := roundStep((high - low) / float64(n))
		decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
		for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
			v := i * step
			ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.*f", decimals, v+0)})
		}
		return ticks
	}
}

// roundStep is the smallest of 1, 2, 5 times a power of ten that is no less than step.
func roundStep(step float64) float64 {
	if !(step > 0) || math.IsInf(step, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= step*(1-1e-9) {
			return factor * power
		}
	}
	return 10 * power
}

// wholeNumbers marks an axis of counts.
func wholeNumbers(low, high float64) (ticks []plot.Tick) {
	step := max(1, roundStep((high-low)/6))
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.0f", v)})
	}
	return ticks
}

// plot makes a figure of a plot, with some air around it and a legend above.
func (f Figure) plot(p *plot.Plot, keys legend) Figure {
	above := keys.height()
	f.height += above
	f.draw = func(c draw.Canvas) {
		keys.draw(c)
		p.Draw(aired(draw.Crop(c, 0, 0, 0, -above)))
	}
	return f
}

func aired(c draw.Canvas) draw.Canvas { return draw.Crop(c, margin, -margin, 2, -margin) }

// line is a path through points.
func line(points plotter.XYs, c color.Color, width vg.Length, dashes ...vg.Length) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: c, Width: width, Dashes: dashes}}
}
