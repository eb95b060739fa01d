package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Share shows what each modality is of each expert's gate weight (Han et al., 2024,
// Figure 3c): share[expert][modality], nil for an expert that nothing chose, and use,
// the share of all gate weight that the expert has.
func Share(name, title string, modalities []string, share [][]float64, use []float64) Figure {
	const row, gap = 14, 4
	var keys legend
	for m, modality := range modalities {
		keys = keys.with(modality, series(m))
	}
	f := Figure{
		Name: name, Title: title,
		Caption: "A bar is an expert, its parts what each modality is of the weight that the gates send there; at the right, how much of all weight it gets.",
		height:  vg.Length(len(share)*(row+gap)) + keys.height() + 3*margin,
	}
	f.draw = func(c draw.Canvas) {
		keys.draw(c)
		left, right := c.Min.X+28, c.Max.X-44
		y := c.Max.Y - margin - keys.height()
		label := textStyle(muted, textSize)
		label.YAlign = draw.YCenter
		for e, parts := range share {
			y -= row + gap
			label.XAlign = draw.XRight
			c.FillText(label, vg.Point{X: left - 6, Y: y + row/2}, fmt.Sprint(e+1))
			label.XAlign = draw.XLeft
			c.FillText(label, vg.Point{X: right + 6, Y: y + row/2}, fmt.Sprintf("%.1f %%", 100*use[e]))
			x := left
			for m, part := range parts {
				w := (right - left) * vg.Length(part)
				if w <= 0 {
					continue
				}
				c.SetColor(series(m))
				c.Fill(vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + w - min(0.6, w/2), Y: y + row}}.Path())
				x += w
			}
			if parts == nil {
				c.FillText(label, vg.Point{X: left, Y: y + row/2}, "never chosen")
			}
		}
	}
	return f
}

// Pattern is a combination of modalities and how many samples have just those.
type Pattern struct {
	Present []bool
	Samples int
}

// mostPatterns are as many as are shown; the rest is in one column.
const mostPatterns = 12

// Patterns shows which modalities samples have together, the most frequent combination
// first (after Lex et al., UpSet, 2014).
func Patterns(name string, modalities []string, patterns []Pattern) Figure {
	total, shown := 0, min(len(patterns), mostPatterns)
	for _, p := range patterns {
		total += p.Samples
	}
	rest := total
	for _, p := range patterns[:shown] {
		rest -= p.Samples
	}
	const row, bars = 17, 110
	f := Figure{
		Name: name, Title: "Which modalities samples have", height: vg.Length(bars+row*len(modalities)) + 4*margin,
		Caption: "A column is a combination of modalities, its bar how many samples have exactly those; a ring is a missing one. At the left, the share of samples that have a modality at all.",
	}
	if rest > 0 {
		f.Caption += fmt.Sprintf(" %d rarer combinations, of %d samples, are left out.", len(patterns)-shown, rest)
	}
	f.draw = func(c draw.Canvas) {
		left := drawPresence(c, modalities, patterns, total, row)
		step := min(26, (c.Max.X-margin-left)/vg.Length(shown))
		for i, p := range patterns[:shown] {
			drawPattern(c, p, patterns[0].Samples, left+step*(vg.Length(i)+0.5), min(step*0.62, 14), row, bars)
		}
	}
	return f
}

// drawPresence draws the names of modalities and how many samples have each, and
// returns where the columns begin.
func drawPresence(c draw.Canvas, modalities []string, patterns []Pattern, total int, row vg.Length) vg.Length {
	style := textStyle(ink, textSize)
	widest := vg.Length(0)
	for _, m := range modalities {
		widest = max(widest, style.Width(m))
	}
	names := c.Min.X + margin + min(widest, 120)
	for m, modality := range modalities {
		has := 0
		for _, p := range patterns {
			if p.Present[m] {
				has += p.Samples
			}
		}
		y := c.Min.Y + margin + row*(vg.Length(len(modalities)-m)-0.5)
		if m%2 == 0 {
			c.SetColor(faint(grid, 0.5))
			c.Fill(vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: y - row/2}, Max: vg.Point{X: c.Max.X, Y: y + row/2}}.Path())
		}
		style := textStyle(ink, textSize)
		style.XAlign, style.YAlign = draw.XRight, draw.YCenter
		c.FillText(style, vg.Point{X: names, Y: y}, modality)
		style.Color = muted
		c.FillText(style, vg.Point{X: names + 38, Y: y}, percent(has, total))
	}
	return names + 46
}

// percent rounds neither to none nor to all.
func percent(some, all int) string {
	share := 100 * float64(some) / float64(all)
	switch {
	case some > 0 && share < 1:
		return "< 1 %"
	case some < all && share > 99:
		return fmt.Sprintf("%.1f %%", math.Floor(share*10)/10)
	}
	return fmt.Sprintf("%.0f %%", share)
}

// drawPattern draws one column: its bar and its dots.
func drawPattern(c draw.Canvas, p Pattern, most int, x, w, row, bars vg.Length) {
	n := len(p.Present)
	base := c.Min.Y + margin + row*vg.Length(n) + margin
	top := base + (bars-14)*vg.Length(p.Samples)/vg.Length(most)
	c.SetColor(series(0))
	c.Fill(vg.Rectangle{Min: vg.Point{X: x - w/2, Y: base}, Max: vg.Point{X: x + w/2, Y: max(top, base+0.7)}}.Path())
	style := textStyle(muted, 8.5)
	style.XAlign = draw.XCenter
	c.FillText(style, vg.Point{X: x, Y: max(top, base+0.7) + 3}, fmt.Sprint(p.Samples))
	first, last := -1, -1
	at := func(m int) vg.Point { return vg.Point{X: x, Y: c.Min.Y + margin + row*(vg.Length(n-m)-0.5)} }
	for m, present := range p.Present {
		if present {
			if first < 0 {
				first = m
			}
			last = m
		}
	}
	if last > first {
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1.3}, x, at(first).Y, x, at(last).Y)
	}
	for m, present := range p.Present {
		glyph := draw.GlyphStyle{Color: ink, Radius: 3.6, Shape: draw.CircleGlyph{}}
		if !present {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: 3.4, Shape: draw.CircleGlyph{}}, at(m))
			glyph.Color, glyph.Shape, glyph.Radius = muted, draw.RingGlyph{}, 3.2
		}
		c.DrawGlyphNoClip(glyph, at(m))
	}
}
