package main

import (
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	tests := []struct {
		name, events string
		ok           bool
		want         []string
	}{
		{"passes", `{"Action":"run","Package":"p","Test":"T/a"}
{"Action":"pass","Package":"p","Test":"T/a"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}`, true, []string{"ok  \tp\t0.1s\nsuite: 1 passed, 0 failed, 0 skipped\n"}},
		{"fails", `{"Action":"output","Package":"p","Test":"T/a","Output":"want 1\n"}
{"Action":"fail","Package":"p","Test":"T/a","Elapsed":0.5}
{"Action":"pass","Package":"p","Test":"T/b"}
{"Action":"fail","Package":"p"}`, false, []string{"--- FAIL: T/a (0.50s)\n    want 1\n", "suite: 1 passed, 1 failed, 0 skipped\n"}},
		{"nothing but skips", `{"Action":"output","Package":"p","Test":"T","Output":"no broker\n"}
{"Action":"skip","Package":"p","Test":"T"}
{"Action":"pass","Package":"p"}`, false, []string{"no test of suite passed, 1 skipped themselves:\n    no broker\n"}},
		{"does not build", `{"Action":"build-output","ImportPath":"p","Output":"p.go:1: no\n"}
{"Action":"build-fail","ImportPath":"p"}`, false, []string{"package p, by no test of its own\n    p.go:1: no\n", "suite: 0 passed, 1 failed, 0 skipped\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			ok, err := summarize("suite", strings.NewReader(tt.events), &out)
			if err != nil {
				t.Fatal(err)
			}
			if ok != tt.ok {
				t.Errorf("judged %v, want %v", ok, tt.ok)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("printed\n%s\nwithout %q", &out, want)
				}
			}
		})
	}
}

func TestSummarizeRefusesOtherInput(t *testing.T) {
	if _, err := summarize("suite", strings.NewReader("ok p 0.1s"), &strings.Builder{}); err == nil {
		t.Error("no error for what go test prints without -json")
	}
}
