package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestACaseEndsAsInATest checks that a case outside of a test ends where Fatal and Skip end it, that panics are failures,
// and that what it cleans up is done in any case, last first.
func TestACaseEndsAsInATest(t *testing.T) {
	for name, each := range map[string]struct {
		run               func(r *caseRun)
		failures, skipped string
	}{
		"passes":  {func(*caseRun) {}, "", ""},
		"error":   {func(r *caseRun) { r.Error("a", 1); r.Errorf("b %d", 2) }, "a 1|b 2", ""},
		"fatal":   {func(r *caseRun) { r.Fatalf("c"); r.Error("not reached") }, "c", ""},
		"skipped": {func(r *caseRun) { r.Skip("why"); r.Error("not reached") }, "", "why"},
		"panic":   {func(*caseRun) { panic("boom") }, "panic: boom", ""},
	} {
		r, order := &caseRun{}, []string{}
		r.do(func() {
			r.Cleanup(func() { order = append(order, "first") })
			r.Cleanup(func() {
				order = append(order, "second")
				r.Cleanup(func() { order = append(order, "third") })
			})
			each.run(r)
		})
		got, _, _ := strings.Cut(strings.Join(r.failures, "|"), "\n")
		if got != each.failures || r.skipped != each.skipped || r.Failed() != (each.failures != "") || r.Skipped() != (each.skipped != "") {
			t.Errorf("%s: failures %q, skipped %q, want %q and %q", name, got, r.skipped, each.failures, each.skipped)
		}
		if diff := cmp.Diff([]string{"second", "third", "first"}, order); diff != "" {
			t.Errorf("%s: cleaned up in another order (-want +got):\n%s", name, diff)
		}
	}
}
