package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// The measures of the chart, in pixels.
const (
	plotLabels = 430
	plotBars   = 460
	plotRow    = 16
	plotTop    = 60
)

var plotColours = []string{"#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee"}

// plot draws the ratios to the first contender as bars, with whiskers from minimum
// to maximum. Growth is drawn as a figure relative to the first parameter.
func plot(w io.Writer, results []*result) error {
	var rows strings.Builder
	y, base := plotTop, ""
	bar := func(label, value string, s spread, colour string, figure string) {
		x := func(v float64) float64 { return plotLabels + math.Min(v, 2)/2*plotBars }
		fmt.Fprintf(&rows, `<text x="%d" y="%d" text-anchor="end">%s</text>`, plotLabels-8, y+12, escape(label+value))
		fmt.Fprintf(&rows, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, plotLabels, y+3, x(s.Median)-plotLabels, plotRow-6, colour)
		fmt.Fprintf(&rows, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#333"/>`, x(s.Min), x(s.Max), y+8, y+8)
		fmt.Fprintf(&rows, `<text x="%d" y="%d">%.2f  (%s)</text>`+"\n", plotLabels+plotBars+8, y+12, s.Median, escape(figure))
		y += plotRow
	}
	last, first := "", 0.0
	for _, r := range results {
		title := r.Workload + ", " + r.Network
		if title != last {
			y += plotRow / 2
			last, first = title, 0
		}
		for i, c := range r.Contenders {
			figure := number(c.Figure.Median) + " " + r.Unit
			switch {
			case c.Error != "":
			case r.Group == "growth" && i == len(r.Contenders)-1:
				if first == 0 {
					first = c.Figure.Median
				}
				base = "the first row of each workload"
				bar(title, ", "+r.value(), spread{c.Figure.Median / first, c.Figure.Min / first, c.Figure.Max / first}, plotColours[0], figure)
			case r.Group != "growth" && c.Ratio != nil:
				base = r.Contenders[0].Name
				label := title
				if len(r.Contenders) > 2 {
					label = c.Name + ": " + title
				}
				value := r.value()
				if value != "" {
					value = ", " + value
				}
				bar(label, value, *c.Ratio, plotColours[(i-1)%len(plotColours)], figure)
			}
		}
	}
	width, height := plotLabels+plotBars+190, y+20
	one := plotLabels + plotBars/2
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="white"/>
<text x="10" y="24" font-size="15">Ratio to %s: more is better. Bars are medians, whiskers minimum and maximum; bars end at 2.</text>
<line x1="%d" x2="%d" y1="%d" y2="%d" stroke="#999" stroke-dasharray="4 3"/><text x="%d" y="%d" text-anchor="middle">1.00</text>
%s</svg>
`, width, height, escape(base), one, one, plotTop-6, height-10, one, plotTop-10, rows.String())
	return err
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
