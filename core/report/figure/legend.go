package figure

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend names colours above a figure, in as many lines as it takes.
type legend []key

type key struct {
	name   string
	colour color.Color
}

// with adds a name, unless it is empty or there already.
func (l legend) with(name string, colour color.Color) legend {
	if name == "" || slices.ContainsFunc(l, func(k key) bool { return k.name == name }) {
		return l
	}
	return append(l, key{name, colour})
}

const legendLine = 15

// lines fills lines of a figure's width.
func (l legend) lines() (lines []legend) {
	x := vg.Length(0)
	for _, k := range l {
		if x += k.width(); len(lines) == 0 || x > width-2*margin {
			lines, x = append(lines, nil), k.width()
		}
		last := len(lines) - 1
		lines[last] = append(lines[last], k)
	}
	return lines
}

func (k key) width() vg.Length { return 26 + textStyle(ink, textSize).Width(k.name) }

// height is 0 of an empty legend.
func (l legend) height() vg.Length {
	if len(l) == 0 {
		return 0
	}
	return vg.Length(len(l.lines())*legendLine) + margin
}

func (l legend) draw(c draw.Canvas) {
	style := textStyle(ink, textSize)
	style.YAlign = draw.YCenter
	y := c.Max.Y - margin/2 - legendLine/2
	for _, keys := range l.lines() {
		x := c.Min.X + margin
		for _, k := range keys {
			c.SetColor(k.colour)
			c.Fill(vg.Rectangle{Min: vg.Point{X: x, Y: y - 4}, Max: vg.Point{X: x + 9, Y: y + 4}}.Path())
			c.FillText(style, vg.Point{X: x + 13, Y: y}, k.name)
			x += k.width()
		}
		y -= legendLine
	}
}
