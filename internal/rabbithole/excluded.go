package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// exclusion is one line of the list: a test that the broker under test is known not to pass, and why.
type exclusion struct {
	module string // v2 or v3, empty for both
	reason string
	name   string // as Ginkgo names it: all containers and the leaf
}

func (e *exclusion) covers(module, name string) bool {
	return (e.module == "" || e.module == module) && e.name == name
}

// parseExcluded reads a list: the module (v2, v3 or both), the reason in one word, and the test's name, with white
// space between them. Empty lines and lines that begin with a hash are skipped.
func parseExcluded(file string, r io.Reader) ([]exclusion, error) {
	var list []exclusion
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s:%d: %q: want a module, a reason and a test's name", file, n, lines.Text())
		}
		e := exclusion{fields[0], fields[1], strings.Join(fields[2:], " ")}
		switch e.module {
		case "both":
			e.module = ""
		case "v2", "v3":
		default:
			return nil, fmt.Errorf("%s:%d: module %q: want v2, v3 or both", file, n, fields[0])
		}
		list = append(list, e)
	}
	return list, lines.Err()
}
