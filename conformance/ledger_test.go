package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLineDiff(t *testing.T) {
	for _, each := range []struct{ was, is, want string }{
		{"a b c", "a b c", ""},
		{"a b c", "a c", "- b"},
		{"a c", "a b c", "+ b"},
		{"a b c", "a x c", "- b,+ x"},
		{"", "a", "+ a"},
		{"a b", "", "- a,- b"},
	} {
		got := strings.Join(lineDiff(strings.Fields(each.was), strings.Fields(each.is)), ",")
		if got != each.want {
			t.Errorf("from %q to %q: got %q, want %q", each.was, each.is, got, each.want)
		}
	}
}

func TestJudge(t *testing.T) {
	a, b := []string{"- a"}, []string{"+ b"}
	for _, each := range []struct {
		name        string
		got, listed []string
		want        string // how the complaint begins
	}{
		{"the same", nil, nil, ""},
		{"as listed", a, a, ""},
		{"not listed", a, nil, "differs from the recording ("},
		{"gone", nil, a, "no longer differs"},
		{"changed", b, a, "differs from the recording, and not as"},
	} {
		got := judge(each.got, each.listed)
		if !strings.HasPrefix(got, each.want) || (got == "") != (each.want == "") {
			t.Errorf("%s: got %q, want it to begin with %q", each.name, got, each.want)
		}
	}
}

func TestParseLedger(t *testing.T) {
	got, err := parseLedger("# Title\n\ntext\n\n## a/b\n\nThe reason.\n\n```diff 3.10 4.0\n- was\n+ is\n```\n```diff 4.3\n+ more\n```\n\n## c/d\n\nUnused.\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Ledger{
		"a/b": {"3.10": {"- was", "+ is"}, "4.0": {"- was", "+ is"}, "4.3": {"+ more"}},
		"c/d": {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, text := range map[string]string{
		"no reason":       "## a/b\n\n```diff 4.3\n+ more\n```\n",
		"no case":         "reason\n\n```diff 4.3\n+ more\n```\n",
		"no release":      "## a/b\nreason\n```diff 4.4\n+ more\n```\n",
		"a release twice": "## a/b\nreason\n```diff 4.3\n+ more\n```\n```diff 4.3\n+ more\n```\n",
		"a case twice":    "## a/b\nreason\n## a/b\nreason\n",
		"no end":          "## a/b\nreason\n```diff 4.3\n+ more\n",
		"no line":         "## a/b\nreason\n```diff 4.3\nmore\n```\n",
	} {
		if got, err := parseLedger(text); err == nil {
			t.Errorf("%s: read as %v, want an error", name, got)
		}
	}
}

// TestLedgerListsDifferences checks that each entry is about a case, and says where it differs, and that every case of
// area difference has an entry. That the differences are there is what TestBroker checks.
func TestLedgerListsDifferences(t *testing.T) {
	ledger, err := ReadLedger("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for id, byRelease := range ledger {
		index := slices.IndexFunc(Cases(), func(c Case) bool { return c.ID == id })
		if index < 0 {
			t.Errorf("differences.md lists %q, and there is no such case", id)
			continue
		}
		if len(byRelease) == 0 {
			t.Errorf("differences.md does not say how the emulator differs in %s", id)
		}
		for release := range byRelease {
			if !Cases()[index].isFor(release) {
				t.Errorf("differences.md says how the emulator differs in %s as %s, which the case is not for", id, release)
			}
		}
	}
	for _, c := range Cases() {
		if areaOf(c.ID) == "difference" && ledger[c.ID] == nil {
			t.Errorf("differences.md does not list %s: a case that does not differ belongs elsewhere", c.ID)
		}
	}
}
