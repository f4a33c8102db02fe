package conformance

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

// atOnce is how many cases that wait run at the same time.
const atOnce = 32

// Outcome is how a case ended that [Check] ran.
type Outcome struct {
	Case     Case
	Duration time.Duration
	// Skipped says why the case was not run; it is empty if it was.
	Skipped string
	// Failures are the checks that failed, each with what was expected and what came.
	Failures []string
	// Difference is how the answers differ from those recorded of the release, with a line "- …" for each that was expected
	// and did not come, and "+ …" for each that came instead.
	Difference []string

	transcript []string
}

// Same tells whether the case ran and the broker answered as the release does.
func (o Outcome) Same() bool {
	return o.Skipped == "" && len(o.Failures) == 0 && len(o.Difference) == 0
}

// Check runs the cases against a broker, outside of a test. It calls progress after each case, one call at a time, with
// how many have ended of how many. The broker is compared with target.Recordings, or with [Recorded] if they are nil. When
// ctx ends, no further case begins, and Check returns the context's error.
func Check(ctx context.Context, target Target, progress func(done, total int, o Outcome)) (*Report, error) {
	if target.Recordings == nil {
		recordings, err := Recorded()
		if err != nil {
			return nil, err
		}
		target.Recordings = recordings
	}
	recordings := target.Recordings
	target.Recordings, target.Observe = nil, nil // the report compares
	version, err := AskVersion(target.URL)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the broker: %w", err)
	}
	s, err := newSuite(target)
	if err != nil {
		return nil, err
	}
	cases := s.cases()
	report := &Report{Version: version, As: s.target.Release, Outcomes: make([]Outcome, len(cases)), recordings: recordings}
	var mu sync.Mutex
	done := 0
	check := func(i int) {
		o := s.check(cases[i], recordings)
		mu.Lock()
		defer mu.Unlock()
		report.Outcomes[i] = o
		done++
		progress(done, len(cases), o)
	}
	var waiting sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i, c := range cases {
		if !c.Waits && ctx.Err() == nil {
			check(i)
		}
	}
	for i, c := range cases {
		if c.Waits && ctx.Err() == nil {
			places <- struct{}{}
			waiting.Go(func() {
				defer func() { <-places }()
				check(i)
			})
		}
	}
	waiting.Wait()
	return report, ctx.Err()
}

// check runs one case and compares it.
func (s *suite) check(c Case, recordings Recordings) Outcome {
	o := Outcome{Case: c}
	start := time.Now()
	reason, err := s.whySkipped(c)
	switch {
	case err != nil:
		o.Failures = []string{err.Error()}
	case reason != "":
		o.Skipped = reason
	default:
		run := &caseRun{name: c.ID}
		run.do(func() {
			t := &T{TB: run, target: s.target, uri: s.uri, transcript: transcript{racy: c.Racy != ""}}
			defer func() { o.transcript = t.lines }()
			runCase(t, c)
		})
		o.Failures, o.Skipped = run.failures, run.skipped
	}
	o.Duration = time.Since(start)
	if recorded, ok := recordings.Of(s.target.Release, c.ID); ok && o.Skipped == "" && err == nil {
		o.Difference = lineDiff(recorded, o.transcript)
	}
	return o
}

// caseRun is the testing.TB of a case that does not run in a test.
type caseRun struct {
	testing.TB // nil: for the method that only package testing can implement
	name       string

	mu       sync.Mutex
	failures []string
	failed   bool
	skipped  string
	cleanups []func()
}

// do runs a case, and after it what it left to clean up. It returns when both are done.
func (r *caseRun) do(run func()) {
	r.guarded(run)
	for {
		r.mu.Lock()
		n := len(r.cleanups)
		if n == 0 {
			r.mu.Unlock()
			return
		}
		cleanup := r.cleanups[n-1]
		r.cleanups = r.cleanups[:n-1]
		r.mu.Unlock()
		r.guarded(cleanup)
	}
}

// guarded runs a function that may end its goroutine, as Fatal does, or panic.
func (r *caseRun) guarded(run func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			if fault := recover(); fault != nil {
				r.Errorf("panic: %v\n%s", fault, debug.Stack())
			}
		}()
		run()
	}()
	<-ended
}
