package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// writeMarkdown writes the results as tables for a document, one for each network: the
// contenders beside each other, with their ratios to the first one. Of one contender
// by itself the table shows instead how the cost grows.
func writeMarkdown(w io.Writer, results []*result) {
	for _, network := range []string{"TCP", "memory"} {
		var of []*result
		for _, r := range results {
			if r.Network == network {
				of = append(of, r)
			}
		}
		switch {
		case len(of) == 0:
		case len(of[0].Contenders) == 1:
			growthTable(w, network, of)
		default:
			ratioTable(w, network, of)
		}
	}
}

func ratioTable(w io.Writer, network string, results []*result) {
	head := []string{network, "", ""}
	for i, c := range results[0].Contenders {
		head = append(head, c.Name)
		if i > 0 {
			head = append(head, "ratio", "CPU ratio")
		}
	}
	writeHead(w, head)
	for _, r := range results {
		cells := []string{r.Workload, r.value(), r.Unit}
		for i, c := range r.Contenders {
			cells = append(cells, c.cell())
			switch {
			case i == 0:
			case c.Ratio == nil:
				cells = append(cells, "", "")
			default:
				ratio := fmt.Sprintf("%.2f (%.2f–%.2f)", c.Ratio.Median, c.Ratio.Min, c.Ratio.Max)
				cells = append(cells, ratio, fmt.Sprintf("%.2f", r.Contenders[0].CPU/c.CPU))
			}
		}
		writeRow(w, cells)
	}
}

func growthTable(w io.Writer, network string, results []*result) {
	writeHead(w, []string{network, "", "", results[0].Contenders[0].Name, "CPU us", "to the first"})
	workload, first := "", 0.0
	for _, r := range results {
		c := r.Contenders[0]
		if r.Workload != workload {
			workload, first = r.Workload, c.CPU
		}
		writeRow(w, []string{r.Workload, r.value(), r.Unit, c.cell(), fmt.Sprintf("%.2f", c.CPU), fmt.Sprintf("%.2f", c.CPU/first)})
	}
}

// cell is a contender's figure with its range.
func (c *contenderResults) cell() string {
	if c.Error != "" {
		return c.Error
	}
	return fmt.Sprintf("%s (%s–%s)", number(c.Figure.Median), number(c.Figure.Min), number(c.Figure.Max))
}

func writeHead(w io.Writer, cells []string) {
	fmt.Fprintln(w)
	writeRow(w, cells)
	writeRow(w, slices.Repeat([]string{"---"}, len(cells)))
}

func writeRow(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}
