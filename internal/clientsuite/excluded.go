package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// need is what a test wants of a broker beyond the protocol as it stands in the specification.
type need string

const (
	needManagement  need = "management"  // the management API
	needRabbitmqctl need = "rabbitmqctl" // the control command
	needArguments   need = "arguments"   // queue arguments that RabbitMQ adds
)

// exclusion is one line of the list: a test that the broker under test is known not to pass, and why.
type exclusion struct {
	Test   string // as go test names it, subtests after a slash
	Need   need
	Reason string
}

// parseExcluded reads a list: a test's name, what it needs, and the reason, with white space between them. Empty lines
// and lines that begin with a hash are skipped. A line that lacks one of the three, an unknown need, or a name that
// comes twice is an error that names the line.
func parseExcluded(name string, r io.Reader) ([]exclusion, error) {
	var list []exclusion
	seen := map[string]int{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s:%d: %q: want a test's name, what it needs, and the reason", name, n, lines.Text())
		}
		e := exclusion{fields[0], need(fields[1]), strings.Join(fields[2:], " ")}
		switch e.Need {
		case needManagement, needRabbitmqctl, needArguments:
		default:
			return nil, fmt.Errorf("%s:%d: %s needs %q: want management, rabbitmqctl or arguments", name, n, e.Test, e.Need)
		}
		if first, ok := seen[e.Test]; ok {
			return nil, fmt.Errorf("%s:%d: %s is on the list already, at line %d", name, n, e.Test, first)
		}
		seen[e.Test] = n
		list = append(list, e)
	}
	return list, lines.Err()
}

// pattern returns the expression that makes go test's -run or -skip pick exactly the tests of the list.
func pattern(list []exclusion) string {
	var alternatives []string
	for _, e := range list {
		parts := strings.Split(e.Test, "/")
		for i, part := range parts {
			parts[i] = "^" + regexp.QuoteMeta(part) + "$"
		}
		alternatives = append(alternatives, strings.Join(parts, "/"))
	}
	return strings.Join(alternatives, "|")
}
