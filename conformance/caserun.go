package conformance

import (
	"fmt"
	"runtime"
	"strings"
)

// The methods of testing.TB that cases use. Messages end without a line break.

func (r *caseRun) Helper()      {}
func (r *caseRun) Name() string { return r.name }

func (r *caseRun) Log(...any)          {}
func (r *caseRun) Logf(string, ...any) {}

func (r *caseRun) fail(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	if message != "" {
		r.failures = append(r.failures, strings.TrimSuffix(message, "\n"))
	}
}

func (r *caseRun) Error(values ...any)                 { r.fail(fmt.Sprintln(values...)) }
func (r *caseRun) Errorf(format string, values ...any) { r.fail(fmt.Sprintf(format, values...)) }
func (r *caseRun) Fail()                               { r.fail("") }

func (r *caseRun) FailNow() {
	r.fail("")
	runtime.Goexit()
}

func (r *caseRun) Fatal(values ...any) {
	r.Error(values...)
	runtime.Goexit()
}

func (r *caseRun) Fatalf(format string, values ...any) {
	r.Errorf(format, values...)
	runtime.Goexit()
}

func (r *caseRun) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *caseRun) Skip(values ...any) { r.skip(fmt.Sprintln(values...)) }

func (r *caseRun) Skipf(format string, values ...any) { r.skip(fmt.Sprintf(format, values...)) }

func (r *caseRun) SkipNow() { r.skip("skipped") }

func (r *caseRun) skip(reason string) {
	r.mu.Lock()
	r.skipped = strings.TrimSuffix(reason, "\n")
	r.mu.Unlock()
	runtime.Goexit()
}

func (r *caseRun) Skipped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.skipped != ""
}

func (r *caseRun) Cleanup(cleanup func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, cleanup)
}
