package testevents

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// events writes a stream of `go test -json` from lines of "action test", a package's own without a test.
func events(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		action, test, _ := strings.Cut(line, " ")
		fmt.Fprintf(&b, `{"Action":%q,"Package":"p","Test":%q,"Output":"%s of %s\n"}`+"\n", action, test, action, test)
	}
	return b.String()
}

func TestParseFindsTheLeaves(t *testing.T) {
	tests := []struct {
		name   string
		lines  []string
		want   []string
		broken []string
	}{
		{"one", []string{"run A", "pass A", "pass"}, []string{"A pass"}, nil},
		{"subtests count, their parent does not",
			[]string{"run A", "run A/x", "run A/y", "pass A/x", "skip A/y", "pass A", "pass"}, []string{"A/x pass", "A/y skip"}, nil},
		{"a failed subtest fails its parent, counted once",
			[]string{"run A", "run A/x", "run A/x/z", "fail A/x/z", "fail A/x", "fail A", "fail"}, []string{"A/x/z fail"}, nil},
		{"a parent that fails by itself counts too",
			[]string{"run A", "run A/x", "pass A/x", "fail A", "fail"}, []string{"A fail", "A/x pass"}, nil},
		{"a name that another begins with is no parent",
			[]string{"run A", "run AB", "pass A", "pass AB", "pass"}, []string{"A pass", "AB pass"}, nil},
		{"a crash leaves tests unfinished",
			[]string{"run A", "pass A", "run B", "fail"}, []string{"A pass", "B unfinished"}, nil},
		{"a package that fails with no test to blame",
			[]string{"run A", "pass A", "fail"}, []string{"A pass"}, []string{"p"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep, err := Parse(strings.NewReader(events(tt.lines...)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rep.Leaves {
				got = append(got, r.Test+" "+string(r.Outcome))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.broken, rep.BrokenPackages()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseKeepsSummariesAndCompilerOutput(t *testing.T) {
	rep, err := Parse(strings.NewReader(`{"ImportPath":"q","Action":"build-output","Output":"q.go:1: syntax error\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
{"Action":"output","Package":"r","Output":"FAIL\tr [build failed]\n"}
{"Action":"fail","Package":"r","FailedBuild":"q"}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{
		Broken:  map[string]string{"q": "q.go:1: syntax error\n", "r": "FAIL\tr [build failed]\n"},
		Summary: []string{"ok  \tp\t0.1s", "FAIL\tr [build failed]"},
	}
	if diff := cmp.Diff(want, rep); diff != "" {
		t.Error(diff)
	}
}

func TestIndentedLeavesOutTheMiddle(t *testing.T) {
	if got, want := Indented("a\nb\n"), "    a\n    b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := Indented("first\n" + strings.Repeat("x\n", 70) + "last\n")
	want := "    first\n" + strings.Repeat("    x\n", 39) + "    (12 lines left out)\n" + strings.Repeat("    x\n", 19) + "    last\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefusesOtherOutput(t *testing.T) {
	if _, err := Parse(strings.NewReader("# p\nundefined: x\n")); err == nil {
		t.Error("no error for a line that is no event")
	}
}
