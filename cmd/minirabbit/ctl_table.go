package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ctlFormatters are the output formats.
var ctlFormatters = []string{"table", "pretty_table", "json", "csv"}

// row is one line of a listing: the values of its columns.
type row []any

// erlangArguments is a table of arguments, which prints as Erlang's.
type erlangArguments map[string]any

// MarshalJSON implements json.Marshaler: a list of key, type and value.
func (a erlangArguments) MarshalJSON() ([]byte, error) {
	list := [][]any{}
	for _, key := range slices.Sorted(maps.Keys(a)) {
		list = append(list, []any{key, erlangType(a[key]), plain(a[key])})
	}
	return asJSON(list)
}

// asJSON leaves angle brackets as they are.
func asJSON(v any) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

func erlangType(v any) string {
	switch n := v.(type) {
	case string:
		return "longstr"
	case bool:
		return "bool"
	case json.Number:
		if _, err := n.Int64(); err == nil {
			return "long"
		}
		return "float"
	case []any:
		return "array"
	}
	return "table"
}

func (a erlangArguments) String() string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(a)) {
		parts = append(parts, fmt.Sprintf("{%q,%s}", key, erlangTerm(a[key])))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func erlangTerm(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case map[string]any:
		return erlangArguments(v).String()
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = erlangTerm(item)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Sprint(v)
}

// cell writes a value for a table.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		words := make([]string, len(v))
		for i, word := range v {
			words[i] = fmt.Sprint(word)
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// print writes a listing in the format that was asked for.
func (c *ctl) print(columns []string, rows []row) error {
	switch c.formatter {
	case "json":
		return c.printJSON(columns, rows)
	case "csv":
		return c.printCSV(columns, rows)
	case "pretty_table":
		c.printPretty(columns, rows)
		return nil
	}
	if len(rows) > 0 && !c.bare {
		fmt.Fprintln(c.stdout, strings.Join(columns, "\t"))
	}
	for _, r := range rows {
		fmt.Fprintln(c.stdout, strings.Join(cells(r), "\t"))
	}
	return nil
}

func cells(r row) []string {
	all := make([]string, len(r))
	for i, v := range r {
		all[i] = cell(v)
	}
	return all
}

// printJSON writes objects with their keys in the order of the columns, one to a
// line, as rabbitmqctl does.
func (c *ctl) printJSON(columns []string, rows []row) error {
	lines := make([]string, len(rows))
	for i, r := range rows {
		fields := make([]string, len(r))
		for j, v := range r {
			if v == nil {
				v = ""
			}
			text, err := asJSON(v)
			if err != nil {
				return err
			}
			fields[j] = fmt.Sprintf("%q:%s", columns[j], text)
		}
		lines[i] = "{" + strings.Join(fields, ",") + "}"
	}
	fmt.Fprintf(c.stdout, "[\n%s\n]\n", strings.Join(lines, "\n,"))
	return nil
}

func (c *ctl) printCSV(columns []string, rows []row) error {
	quote := func(values []string) string {
		for i, v := range values {
			values[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		return strings.Join(values, ",")
	}
	if !c.bare {
		fmt.Fprintln(c.stdout, quote(slices.Clone(columns)))
	}
	for _, r := range rows {
		fmt.Fprintln(c.stdout, quote(cells(r)))
	}
	return nil
}

// printPretty draws a table.
func (c *ctl) printPretty(columns []string, rows []row) {
	widths := make([]int, len(columns))
	lines := [][]string{columns}
	for _, r := range rows {
		lines = append(lines, cells(r))
	}
	for _, line := range lines {
		for i, v := range line {
			widths[i] = max(widths[i], len([]rune(v)))
		}
	}
	rule := func(left, middle, right string) {
		parts := make([]string, len(widths))
		for i, w := range widths {
			parts[i] = strings.Repeat("─", w+2)
		}
		fmt.Fprintln(c.stdout, left+strings.Join(parts, middle)+right)
	}
	rule("┌", "┬", "┐")
	for n, line := range lines {
		if n > 0 {
			rule("├", "┼", "┤")
		}
		parts := make([]string, len(line))
		for i, v := range line {
			parts[i] = " " + v + strings.Repeat(" ", widths[i]-len([]rune(v))+1)
		}
		fmt.Fprintln(c.stdout, "│"+strings.Join(parts, "│")+"│")
	}
	rule("└", "┴", "┘")
}
