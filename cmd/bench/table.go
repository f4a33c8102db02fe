package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
)

// writeTable writes the results for people.
func writeTable(w io.Writer, results []*result) {
	last := ""
	for _, r := range results {
		if title := r.Workload + ", " + r.Network; title != last {
			fmt.Fprintf(w, "\n%s (%s)\n", title, r.Unit)
			last = title
		}
		for i, c := range r.Contenders {
			label := ""
			if i == 0 {
				label = r.value()
			}
			if c.Error != "" {
				fmt.Fprintf(w, "  %-16s %-16s %s\n", label, c.Name, c.Error)
				continue
			}
			fmt.Fprintf(w, "  %-16s %-16s %9s  %-19s  %8.2f us CPU", label, c.Name, number(c.Figure.Median),
				number(c.Figure.Min)+" - "+number(c.Figure.Max), c.CPU)
			if c.Ratio != nil {
				fmt.Fprintf(w, "   ratio %5.2f  %.2f - %.2f", c.Ratio.Median, c.Ratio.Min, c.Ratio.Max)
				if r.Goal > 0 && c.local && c.Ratio.Median < r.Goal {
					fmt.Fprintf(w, "  below %.2f", r.Goal)
				}
			}
			fmt.Fprintln(w)
		}
	}
}

// number writes three or four significant digits.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 10_000_000:
		return fmt.Sprintf("%.1f M", v/1e6)
	case a >= 1_000_000:
		return fmt.Sprintf("%.2f M", v/1e6)
	case a >= 100_000:
		return fmt.Sprintf("%.0f k", v/1e3)
	case a >= 10_000:
		return fmt.Sprintf("%.1f k", v/1e3)
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
