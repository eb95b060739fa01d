// Package figure draws a report's plots, each as SVG and PNG from one description.
//
//	f := figure.ROC("roc", []figure.Curve{{Points: detail.ROC}})
//	f.WriteSVG(file)
//	f.WritePNG(file)
package figure

import (
	"bytes"
	"fmt"
	"html/template"
	"image/png"
	"io"
	"regexp"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is one plot.
type Figure struct {
	// Name is that of its files, without a suffix.
	Name string
	// Title says what is shown; Caption how to read it.
	Title, Caption string

	height vg.Length
	draw   func(draw.Canvas)
}

// width is that of every figure, in points or pixels: that of a phone, so that text
// keeps its size there, and of half a page.
const width = 350

// titleHeight is what a title takes above a figure in a file of its own; in a page it
// stands outside.
const titleHeight = 22

// WriteSVG writes the figure as a file of its own.
func (f Figure) WriteSVG(w io.Writer) error {
	c := vgsvg.New(width, f.height+titleHeight)
	f.drawTitled(draw.New(c))
	_, err := c.WriteTo(w)
	return err
}

// dotsPerInch gives three pixels a point, enough for a slide or a printed column.
const dotsPerInch = 216

// WritePNG writes the figure as an image on white.
func (f Figure) WritePNG(w io.Writer) error {
	c := vgimg.NewWith(vgimg.UseWH(width, f.height+titleHeight), vgimg.UseDPI(dotsPerInch))
	f.drawTitled(draw.New(c))
	// A run waits for its figures: their size matters less than the time.
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	return e.Encode(w, c.Image())
}

func (f Figure) drawTitled(c draw.Canvas) {
	c.SetColor(paper)
	c.Fill(c.Path())
	style := textStyle(ink, titleSize)
	style.YAlign = draw.YTop
	c.FillText(style, vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin}, f.Title)
	f.draw(draw.Crop(c, 0, 0, 0, -titleHeight))
}

// Inline is the figure as an element of a page, whose style sheet sets its colours and
// its font: see Style.
func (f Figure) Inline() template.HTML {
	c := vgsvg.New(width, f.height)
	f.draw(draw.New(c))
	var text bytes.Buffer
	if _, err := c.WriteTo(&text); err != nil {
		panic(errBuffer)
	}
	_, body, _ := strings.Cut(text.String(), "xlink\">")
	body = fonts.ReplaceAllString(body, "")
	body = colours.Replace(strings.TrimSpace(body))
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %d %g" role="img" aria-label="%s">%s`, //nolint:gosec // drawn above, texts are escaped
		width, float64(f.height), template.HTMLEscapeString(f.Title), body))
}

const errBuffer = "figure: a buffer cannot be written to"

// fonts are what vgsvg says of a font; the page has its own.
var fonts = regexp.MustCompile(`font-family:[^;"]*;font-variant:[^;"]*;font-weight:[^;"]*;font-style:[^;"]*;?`)
