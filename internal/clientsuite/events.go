package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// event is one line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// outcome is how a test ended.
type outcome string

const (
	passed     outcome = "pass"
	failed     outcome = "fail"
	skipped    outcome = "skip"
	unfinished outcome = "unfinished" // it began, and the test binary ended before it did
)

// result is one test's end.
type result struct {
	Test    string
	Outcome outcome
	Elapsed time.Duration
	Output  string
}

func (r *result) bad() bool { return r.Outcome == failed || r.Outcome == unfinished }

// report is what one run of go test said.
type report struct {
	Leaves []result // in the order in which they began
	// Broken holds the packages that failed although each of their tests passed or was skipped (they did not build,
	// panicked or leaked a goroutine), with what they printed.
	Broken map[string]string
}

// parseEvents reads the output of `go test -json`. Lines that are not events, such as a compiler's, are an error.
func parseEvents(r io.Reader) (*report, error) {
	type key struct{ pkg, test string }
	var order []key
	tests := map[key]*result{}
	output := map[string]*strings.Builder{} // by package
	broken := map[string]string{}

	decoder := json.NewDecoder(r)
	for {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go test printed something that is not an event of -json: %w", err)
		}
		k := key{e.Package, e.Test}
		if e.Test == "" {
			if output[e.Package] == nil {
				output[e.Package] = &strings.Builder{}
			}
			output[e.Package].WriteString(e.Output)
			if e.Action == "fail" || e.Action == "build-fail" {
				broken[e.Package] = output[e.Package].String()
			}
			continue
		}
		if tests[k] == nil {
			tests[k] = &result{Test: e.Test, Outcome: unfinished}
			order = append(order, k)
		}
		tests[k].Output += e.Output
		switch e.Action {
		case "pass", "fail", "skip":
			tests[k].Outcome = outcome(e.Action)
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
				blamed[above] = blamed[above] || tests[k].bad()
			}
		}
	}
	rep := &report{Broken: broken}
	for _, k := range order {
		if tests[k].bad() {
			delete(rep.Broken, k.pkg) // the test says more than its package
		}
		if !parent[k] || tests[k].bad() && !blamed[k] {
			rep.Leaves = append(rep.Leaves, *tests[k])
		}
	}
	return rep, nil
}
