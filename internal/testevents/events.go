package testevents

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// event is one line of `go test -json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // instead of Package, on what the compiler prints
	Test       string
	Output     string
	Elapsed    float64
}

// Outcome is how a test ended.
type Outcome string

// The outcomes, as go test names them, and one that it has no name for.
const (
	Passed     Outcome = "pass"
	Failed     Outcome = "fail"
	Skipped    Outcome = "skip"
	Unfinished Outcome = "unfinished" // it began, and the test binary ended before it did
)

// Result is one test's end.
type Result struct {
	Test    string
	Outcome Outcome
	Elapsed time.Duration
	Output  string
}

// Bad tells whether the test failed or did not end.
func (r *Result) Bad() bool { return r.Outcome == Failed || r.Outcome == Unfinished }

// Report is what one run of go test said.
type Report struct {
	Leaves []Result // in the order in which they began
	// Broken holds the packages that failed although each of their tests passed or was skipped (they did not build,
	// panicked or leaked a goroutine), with what they printed.
	Broken map[string]string
	// Summary holds go test's own closing lines, one for each package: "ok", the import path and the time.
	Summary []string
}

// BrokenPackages returns the keys of Broken in order.
func (r *Report) BrokenPackages() []string { return slices.Sorted(maps.Keys(r.Broken)) }

// Indented returns the output of a test or package set off by four spaces. Of a long one it leaves out the middle: tests
// say what went wrong first and what led there, or what panicked, last.
func Indented(output string) string {
	const first, last = 40, 20
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	if n := len(lines) - first - last; n > 1 {
		lines = slices.Concat(lines[:first], []string{fmt.Sprintf("(%d lines left out)", n)}, lines[first+n:])
	}
	return "    " + strings.Join(lines, "\n    ") + "\n"
}

// Parse reads the output of `go test -json`. Lines that are not events, such as a compiler's, are an error.
func Parse(r io.Reader) (*Report, error) {
	type key struct{ pkg, test string }
	var order []key
	tests := map[key]*Result{}
	output := map[string]*strings.Builder{} // by package
	rep := &Report{Broken: map[string]string{}}

	decoder := json.NewDecoder(r)
	for {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go test printed something that is not an event of -json: %w", err)
		}
		if e.Package == "" {
			e.Package = e.ImportPath
		}
		k := key{e.Package, e.Test}
		if e.Test == "" {
			if output[e.Package] == nil {
				output[e.Package] = &strings.Builder{}
			}
			output[e.Package].WriteString(e.Output)
			if strings.HasPrefix(e.Output, "ok  \t") || strings.HasPrefix(e.Output, "FAIL\t") {
				rep.Summary = append(rep.Summary, strings.TrimSpace(e.Output))
			}
			if e.Action == "fail" || e.Action == "build-fail" {
				rep.Broken[e.Package] = output[e.Package].String()
			}
			continue
		}
		if tests[k] == nil {
			tests[k] = &Result{Test: e.Test, Outcome: Unfinished}
			order = append(order, k)
		}
		tests[k].Output += e.Output
		switch e.Action {
		case "pass", "fail", "skip":
			tests[k].Outcome = Outcome(e.Action)
			tests[k].Elapsed = time.Duration(e.Elapsed * float64(time.Second))
		}
	}

	// A test with subtests is no leaf, unless it failed while none of these did: then the failure is its own.
	parent, blamed := map[key]bool{}, map[key]bool{}
	for _, k := range order {
		for i, c := range k.test {
			if c == '/' {
				above := key{k.pkg, k.test[:i]}
				parent[above] = true
				blamed[above] = blamed[above] || tests[k].Bad()
			}
		}
	}
	for _, k := range order {
		if tests[k].Bad() {
			delete(rep.Broken, k.pkg) // the test says more than its package
		}
		if !parent[k] || tests[k].Bad() && !blamed[k] {
			rep.Leaves = append(rep.Leaves, *tests[k])
		}
	}
	return rep, nil
}
