package conformance_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/minirabbit/minirabbit/conformance"
	"github.com/minirabbit/minirabbit/testkit"
)

// check holds the emulator as a release against another one, in some areas.
func check(t *testing.T, is, as conformance.Release, areas ...string) *conformance.Report {
	t.Helper()
	broker := testkit.Start(t, testkit.WithRelease(string(is)), testkit.WithManagement())
	calls := 0
	report, err := conformance.Check(t.Context(), conformance.Target{
		URL: broker.URL(), ManagementURL: broker.ManagementURL(), Release: as,
		Only: func(c conformance.Case) bool {
			area, _, _ := strings.Cut(c.ID, "/")
			return slices.Contains(areas, area)
		},
	}, func(done, total int, o conformance.Outcome) {
		if calls++; done != calls || done > total || o.Case.ID == "" {
			t.Errorf("call %d of progress says %d of %d, of case %q", calls, done, total, o.Case.ID)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls != len(report.Outcomes) {
		t.Errorf("progress was told of %d of %d cases", calls, len(report.Outcomes))
	}
	return report
}

func TestCheckFindsTheReleaseThatABrokerIs(t *testing.T) {
	for _, release := range emulated {
		report := check(t, release, release, "quorum.count", "basic.ack", "permission")
		same, different, _ := report.Counts()
		if same == 0 || different != 0 {
			t.Errorf("as %s: %d cases are the same and %d differ", release, same, different)
		}
		nearest := report.Likenesses()[0]
		if nearest.Release != release || nearest.Same != same || nearest.Of != same {
			t.Errorf("as %s: the nearest release is %+v", release, nearest)
		}
	}
}

func TestCheckTellsWhatDiffers(t *testing.T) {
	report := check(t, "3.10", "4.3", "quorum.count", "basic.ack", "alarm")
	same, different, skipped := report.Counts()
	if same == 0 || different == 0 || skipped == 0 {
		t.Fatalf("%d cases are the same, %d differ and %d were skipped, want some of each", same, different, skipped)
	}
	if nearest := report.Likenesses()[0]; nearest.Release != "3.10" {
		t.Errorf("nearest is %+v, want 3.10", nearest)
	}
	var text, page, junit, object bytes.Buffer
	for _, err := range []error{report.WriteText(&text), report.WriteHTML(&page), report.WriteJUnit(&junit), report.WriteJSON(&object)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"quorum.count/", `    - `, `    + `, "It is nearest to RabbitMQ 3.10: it equals 3.10.8 in", "not run: 5 cases: needs to run the broker",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, text.String())
		}
	}
	if !strings.Contains(page.String(), `<span class="got">`) || strings.Contains(page.String(), "src=") {
		t.Errorf("the page lacks differences, or needs other files:\n%.500s", page.String())
	}
	var suites struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Skipped  int `xml:"skipped,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(junit.Bytes(), &suites); err != nil {
		t.Fatal(err)
	}
	tests, failures, skips := 0, 0, 0
	for _, s := range suites.Suites {
		tests, failures, skips = tests+s.Tests, failures+s.Failures, skips+s.Skipped
	}
	if tests != len(report.Outcomes) || failures != different || skips != skipped {
		t.Errorf("JUnit tells of %d tests, %d failures and %d skipped, want %d, %d and %d", tests, failures, skips, len(report.Outcomes), different, skipped)
	}
	var decoded struct {
		As    string
		Cases []struct{ ID, Outcome string }
	}
	if err := json.Unmarshal(object.Bytes(), &decoded); err != nil {
		t.Fatal(err)
	}
	if decoded.As != "4.3" || len(decoded.Cases) != len(report.Outcomes) {
		t.Errorf("JSON tells of %d cases as %s", len(decoded.Cases), decoded.As)
	}
}

func TestCheckNeedsABroker(t *testing.T) {
	report, err := conformance.Check(t.Context(), conformance.Target{URL: "amqp://guest:guest@127.0.0.1:1/"}, func(int, int, conformance.Outcome) {})
	if err == nil || !strings.Contains(err.Error(), "cannot reach the broker") {
		t.Errorf("without a broker: %v, %v", report, err)
	}
}
