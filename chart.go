package main

import (
	"fmt"
	"slices"

	"github.com/go-analyze/charts"

	"github.com/signpost-bot/signpost/bot"
)

// How a picture is laid out, in pixels, and its letters in points of 96 an inch.
// A phone shows it 360 wide or more, so the smallest letters are 12 pixels high
// there.
const (
	chartWidth  = 900
	chartHeight = 720
	chartTitle  = 28.0
	chartText   = 23.0
)

// The colours of a picture. It has a ground of its own, since nobody can tell
// whether the chat where it stands is light or dark. The parts of a bar, from
// below, stand out from the ground by 3:1, as the guidelines ask of what is no
// text, and neighbours differ in blue, which those who see no red or green do.
// Source: https://www.w3.org/TR/WCAG22/#non-text-contrast
var (
	chartPaper = charts.ColorFromHex("#f6f8fa")
	chartInk   = charts.ColorFromHex("#1f2328")
	chartLines = charts.ColorFromHex("#d0d7de")
	chartParts = []charts.Color{
		charts.ColorFromHex("#0a3d8f"), charts.ColorFromHex("#4a90e2"), charts.ColorFromHex("#b07d10"), charts.ColorFromHex("#8f1d1d"),
	}
)

// draw makes a PNG of a picture.
func draw(p bot.Picture) ([]byte, error) {
	var values [][]float64
	var names []string
	heights := make([]int, len(p.Labels))
	for _, s := range p.Series {
		row := make([]float64, len(s.Values))
		for i, n := range s.Values {
			row[i] = float64(n)
			heights[i] += n
		}
		values, names = append(values, row), append(names, s.Name)
	}
	text := charts.FontStyle{FontSize: chartText, FontColor: chartInk}
	o := charts.NewBarChartOptionWithData(values)
	o.Theme = charts.GetTheme(charts.ThemeLight).WithBackgroundColor(chartPaper).WithSeriesColors(chartParts).
		WithXAxisColor(chartLines).WithYAxisColor(chartLines).WithAxisSplitLineColor(chartLines)
	o.Padding = charts.NewBox(28, 24, 28, 20)
	o.StackSeries = charts.Ptr(true)
	o.Title = charts.TitleOption{Text: p.Title, FontStyle: charts.FontStyle{FontSize: chartTitle, FontColor: chartInk}}
	o.Legend = charts.LegendOption{SeriesNames: names, FontStyle: text, Offset: charts.OffsetStr{Top: "64"}}
	o.CategoryAxis.Labels, o.CategoryAxis.LabelFontStyle = p.Labels, text
	step, count := scale(slices.Max(append(heights, 1)))
	o.ValueAxis = []charts.ValueAxisOption{{
		LabelFontStyle: text, Min: charts.Ptr(0.0), Max: charts.Ptr(float64(step * count)), LabelCount: count + 1,
	}}
	painter := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputPNG, Width: chartWidth, Height: chartHeight})
	if err := painter.BarChart(o); err != nil {
		return nil, fmt.Errorf("draw %q: %w", p.Title, err)
	}
	return painter.Bytes()
}

// scale is how far apart the lines are behind bars up to a height of at least 1,
// and how many there are above 0: ten at most, and none at half a question.
func scale(height int) (step, count int) {
	for ten := 1; ; ten *= 10 {
		for _, n := range []int{1, 2, 5} {
			step = n * ten
			if count = (height + step - 1) / step; count <= 10 {
				return step, count
			}
		}
	}
}
