package ui

import "strconv"

// Chart is a row of numbers over days or the like.
type Chart struct {
	ID    string // in the page
	Title string // "Tokens issued per day"
	Text  string // what it shows in words: "412 in the last 30 days, most on 3 Oct"
	Bars  []Bar
}

// Bar is one number of a chart.
type Bar struct {
	Label string // "3 Oct"
	Value int64
}

// The drawing's size, in its own units; the page scales it.
const (
	chartWidth  = 720
	chartHeight = 96
	chartGap    = 4
)

// shape is the drawing of a bar.
type shape struct{ X, Y, Width, Height, Title string }

// shapes returns the bars as drawn. A value above zero is never invisible.
func (c Chart) shapes() []shape {
	var most int64 = 1
	for _, bar := range c.Bars {
		most = max(most, bar.Value)
	}
	step := float64(chartWidth) / float64(max(len(c.Bars), 1))
	shapes := make([]shape, len(c.Bars))
	for i, bar := range c.Bars {
		height := float64(chartHeight) * float64(bar.Value) / float64(most)
		if height < 2 {
			height = 2
		}
		shapes[i] = shape{
			X:      number(float64(i)*step + chartGap/2),
			Y:      number(chartHeight - height),
			Width:  number(step - chartGap),
			Height: number(height),
			Title:  bar.Label + ": " + strconv.FormatInt(bar.Value, 10),
		}
	}
	return shapes
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
