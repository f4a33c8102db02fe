package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseExcluded(t *testing.T) {
	tests := []struct {
		name, text string
		want       []exclusion
		err        string
	}{
		{"empty", "", nil, ""},
		{"comments", "# why\n\n  # more\n", nil, ""},
		{"aligned", "TestA   management  lists x\nTestB/sub\targuments y\n", []exclusion{{"TestA", "management", "lists x"}, {"TestB/sub", "arguments", "y"}}, ""},
		{"no reason", "TestA management x\nTestB arguments \n", nil, `list:2: "TestB arguments ": want a test's name`},
		{"unknown need", "TestA luck x\n", nil, `list:1: TestA needs "luck": want management, rabbitmqctl or arguments`},
		{"twice", "TestA management x\n\nTestA arguments y\n", nil, "list:3: TestA is on the list already, at line 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseExcluded("list", strings.NewReader(tt.text))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error is %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPatternPicksOnlyTheWholeName(t *testing.T) {
	got := pattern([]exclusion{{Test: "TestA"}, {Test: "TestB/a.b"}})
	if want := `^TestA$|^TestB$/^a\.b$`; got != want {
		t.Errorf("pattern is %q, want %q", got, want)
	}
	if regexp.MustCompile(strings.Split(got, "|")[0]).MatchString("TestAll") {
		t.Error("TestAll is picked by TestA")
	}
}
