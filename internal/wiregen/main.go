// Command wiregen writes the methods and reply codes of package wire, as Go, from its table of them:
//
//	wiregen -table methods.txt -out .
//
// It writes one file per class, named after it, codes_gen.go with the reply codes and methods_gen.go with what spans
// classes. The same table gives the same bytes.
package main

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
)

func main() {
	table := flag.String("table", "methods.txt", "the `file` that holds the table")
	out := flag.String("out", ".", "the `directory` to write *_gen.go files into")
	flag.Parse()
	if err := run(*table, *out); err != nil {
		fmt.Fprintln(os.Stderr, "wiregen:", err)
		os.Exit(1)
	}
}

func run(tablePath, out string) error {
	text, err := os.ReadFile(tablePath)
	if err != nil {
		return err
	}
	table, err := Parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", tablePath, err)
	}
	for name, source := range Generate(table) {
		formatted, err := format.Source(source)
		if err != nil {
			return fmt.Errorf("generated %s does not parse: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(out, name), formatted, 0o644); err != nil {
			return err
		}
	}
	return nil
}
