package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/internal/testevents"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("clientsuite", flag.ContinueOnError)
	flags.SetOutput(stderr)
	amqpURL := flags.String("url", "", "AMQP `URL` of the broker under test (required)")
	httpPort := flags.String("http-port", "", "`port` of its management API on this machine; none by default")
	rabbitmqctl := flags.String("rabbitmqctl", "", "`path` of a rabbitmqctl that controls it; none by default")
	excludedFile := flags.String("excluded", "", "`file` that lists the tests that it is known not to pass; none by default")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *amqpURL == "" || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "clientsuite: want -url and no arguments beside the flags")
		return 2
	}
	var excluded []exclusion
	if *excludedFile != "" {
		f, err := os.Open(*excludedFile)
		if err != nil {
			fmt.Fprintln(stderr, "clientsuite:", err)
			return 2
		}
		excluded, err = parseExcluded(*excludedFile, f)
		f.Close()
		if err != nil {
			fmt.Fprintln(stderr, "clientsuite:", err)
			return 2
		}
	}
	dir, err := os.MkdirTemp("", "clientsuite")
	if err != nil {
		fmt.Fprintln(stderr, "clientsuite:", err)
		return 1
	}
	defer os.RemoveAll(dir)

	s, err := newSuite(ctx, dir, *amqpURL, *httpPort, *rabbitmqctl)
	if err != nil {
		fmt.Fprintln(stderr, "clientsuite:", err)
		return 1
	}
	ok, err := judge(ctx, s, excluded, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "clientsuite:", err)
		return 1
	}
	if !ok {
		return 1
	}
	return 0
}

// runner is the part of a suite that judge needs.
type runner interface {
	has(need) bool // whether the broker can meet the need at all
	run(ctx context.Context, args ...string) (*testevents.Report, error)
}

// judge runs the tests that must pass and those that must not, says on w what went against that, and ends with a line
// of counts. It returns whether all went as it should.
func judge(ctx context.Context, s runner, excluded []exclusion, w io.Writer) (bool, error) {
	var args []string
	if len(excluded) > 0 {
		args = []string{"-skip=" + pattern(excluded)}
	}
	began := time.Now()
	required, err := s.run(ctx, args...)
	if err != nil {
		return false, err
	}
	good, bad, complaints := 0, 0, 0
	for _, r := range required.Leaves {
		if r.Outcome == testevents.Passed {
			good++
			continue
		}
		bad++
		fmt.Fprintf(w, "--- %s: %s (%.1fs): it must pass\n%s", strings.ToUpper(string(r.Outcome)), r.Test, r.Elapsed.Seconds(), testevents.Indented(r.Output))
	}
	for _, pkg := range required.BrokenPackages() {
		complaints++
		fmt.Fprintf(w, "--- FAIL: package %s, by no test of its own\n%s", pkg, testevents.Indented(required.Broken[pkg]))
	}
	fmt.Fprintf(w, "%d of the client's leaf tests must pass: %d do, %d do not (%.0fs)\n", good+bad, good, bad, time.Since(began).Seconds())

	// A test whose need nothing here could meet cannot pass, and the client's wait ten seconds each for an API.
	var open []exclusion
	for _, e := range excluded {
		if s.has(e.Need) {
			open = append(open, e)
		}
	}
	if len(open) > 0 {
		known, err := s.run(ctx, "-run="+pattern(open))
		if err != nil {
			return false, err
		}
		for _, e := range open {
			switch outcomeOf(e.Test, known) {
			case "":
				complaints++
				fmt.Fprintf(w, "--- FAIL: %s is excluded, but the client has no such test: strike it off the list\n", e.Test)
			case testevents.Passed:
				complaints++
				fmt.Fprintf(w, "--- FAIL: %s is excluded (%s), but it passes: strike it off the list\n", e.Test, e.Reason)
			}
		}
	}
	if len(excluded) > 0 {
		fmt.Fprintf(w, "%d more are excluded: %d of these were run to see that none passes, %d need what this broker has not\n",
			len(excluded), len(open), len(excluded)-len(open))
	}
	fmt.Fprintf(w, "client-suite: %d passed, %d failed, %d skipped\n", good, bad+complaints, len(excluded))
	return bad+complaints == 0, nil
}

// outcomeOf returns how the named test, or the whole of its subtests, ended: passed only when every leaf of it did;
// nothing when there is none.
func outcomeOf(test string, rep *testevents.Report) testevents.Outcome {
	var all testevents.Outcome
	for _, r := range rep.Leaves {
		if r.Test != test && !strings.HasPrefix(r.Test, test+"/") {
			continue
		}
		if r.Outcome != testevents.Passed {
			return r.Outcome
		}
		all = testevents.Passed
	}
	return all
}
