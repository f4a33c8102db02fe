// Command testreport reads what `go test -json` prints, says which tests failed and how, and ends with a line of counts:
//
//	go test -json ./conformance | go run ./internal/testreport conformance
//
// It fails when a test failed or did not end, when a package failed, and when no test passed: a suite that found
// nothing to run has shown nothing. The argument names the suite in the line of counts.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/minirabbit/minirabbit/internal/testevents"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "testreport: want one argument, the name of the suite, and the output of go test -json as standard input")
		os.Exit(2)
	}
	ok, err := summarize(os.Args[1], os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// summarize reads events from r, writes the summary of the named suite to w, and returns whether the suite ran and
// passed.
func summarize(name string, r io.Reader, w io.Writer) (bool, error) {
	report, err := testevents.Parse(r)
	if err != nil {
		return false, err
	}
	counts := map[testevents.Outcome]int{}
	for _, test := range report.Leaves {
		counts[test.Outcome]++
		if test.Bad() {
			fmt.Fprintf(w, "--- %s: %s (%.2fs)\n%s", strings.ToUpper(string(test.Outcome)), test.Test, test.Elapsed.Seconds(), testevents.Indented(test.Output))
		}
	}
	for _, pkg := range report.BrokenPackages() {
		fmt.Fprintf(w, "--- FAIL: package %s, by no test of its own\n%s", pkg, testevents.Indented(report.Broken[pkg]))
	}
	if counts[testevents.Passed] == 0 {
		fmt.Fprintf(w, "no test of %s passed, %d skipped themselves:\n", name, counts[testevents.Skipped])
		for _, test := range report.Leaves {
			if test.Outcome == testevents.Skipped {
				fmt.Fprint(w, testevents.Indented(test.Output))
			}
		}
	}
	for _, line := range report.Summary {
		fmt.Fprintln(w, line)
	}
	bad := counts[testevents.Failed] + counts[testevents.Unfinished] + len(report.Broken)
	fmt.Fprintf(w, "%s: %d passed, %d failed, %d skipped\n", name, counts[testevents.Passed], bad, counts[testevents.Skipped])
	return bad == 0 && counts[testevents.Passed] > 0, nil
}
