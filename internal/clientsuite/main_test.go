package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/internal/testevents"
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

// fakeSuite answers the run of the tests that must pass and the run of the excluded ones.
type fakeSuite struct {
	required, excluded []string
	lacks              need
	args               []string
}

func (s *fakeSuite) has(n need) bool { return n != s.lacks }

func (s *fakeSuite) run(_ context.Context, args ...string) (*testevents.Report, error) {
	s.args = append(s.args, args...)
	if len(args) > 0 && strings.HasPrefix(args[0], "-run=") {
		return testevents.Parse(strings.NewReader(events(s.excluded...)))
	}
	return testevents.Parse(strings.NewReader(events(s.required...)))
}

func TestJudge(t *testing.T) {
	list := []exclusion{{"TestHTTP", needManagement, "lists connections"}}
	tests := []struct {
		name     string
		suite    fakeSuite
		excluded []exclusion
		ok       bool
		want     []string // lines that are printed, or parts of them
	}{
		{"all pass", fakeSuite{required: []string{"run A", "pass A", "pass"}}, nil, true,
			[]string{"client-suite: 1 passed, 0 failed, 0 skipped"}},
		{"one fails", fakeSuite{required: []string{"run A", "pass A", "run B", "fail B", "fail"}}, nil, false,
			[]string{"--- FAIL: B (0.0s): it must pass", "    fail of B", "client-suite: 1 passed, 1 failed, 0 skipped"}},
		{"one skips itself", fakeSuite{required: []string{"run A", "skip A", "pass"}}, nil, false,
			[]string{"--- SKIP: A (0.0s): it must pass"}},
		{"the package fails", fakeSuite{required: []string{"run A", "pass A", "fail"}}, nil, false,
			[]string{"--- FAIL: package p, by no test of its own", "client-suite: 1 passed, 1 failed, 0 skipped"}},
		{"the excluded one fails", fakeSuite{
			required: []string{"run A", "pass A", "pass"}, excluded: []string{"run TestHTTP", "fail TestHTTP", "fail"}}, list, true,
			[]string{"1 more are excluded: 1 of these", "client-suite: 1 passed, 0 failed, 1 skipped"}},
		{"the excluded one passes", fakeSuite{
			required: []string{"run A", "pass A", "pass"}, excluded: []string{"run TestHTTP", "pass TestHTTP", "pass"}}, list, false,
			[]string{"TestHTTP is excluded (lists connections), but it passes"}},
		{"the excluded one is gone", fakeSuite{
			required: []string{"run A", "pass A", "pass"}, excluded: []string{"pass"}}, list, false,
			[]string{"TestHTTP is excluded, but the client has no such test"}},
		{"the excluded one cannot be met", fakeSuite{required: []string{"run A", "pass A", "pass"}, lacks: needManagement}, list, true,
			[]string{"1 more are excluded: 0 of these were run to see that none passes, 1 need what this broker has not"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			ok, err := judge(t.Context(), &tt.suite, tt.excluded, &out)
			if err != nil {
				t.Fatal(err)
			}
			if ok != tt.ok {
				t.Errorf("judged %v, want %v", ok, tt.ok)
			}
			for _, line := range tt.want {
				if !strings.Contains(out.String(), line) {
					t.Errorf("printed\n%s\nwithout %q", &out, line)
				}
			}
			if tt.excluded != nil {
				want := []string{"-skip=^TestHTTP$", "-run=^TestHTTP$"}
				if tt.suite.lacks != "" {
					want = want[:1]
				}
				if diff := cmp.Diff(want, tt.suite.args); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestCopyModuleMovesTheManagementPort(t *testing.T) {
	src, dst := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	files := map[string]string{"a_test.go": "port 15672", "sub/b.go": "15672", "README.md": "15672"}
	for name, text := range files {
		path := filepath.Join(src, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyModule(dst, src, "1"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a_test.go": "port 1", "sub/b.go": "1", "README.md": "15672"}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dst, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text {
			t.Errorf("%s holds %q, want %q", name, got, text)
		}
	}
}

func TestRunRefusesBadFlags(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("TestA\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no url", nil, "want -url"},
		{"stray argument", []string{"-url", "amqp://x", "y"}, "no arguments"},
		{"unknown flag", []string{"-no"}, "-no"},
		{"no such list", []string{"-url", "amqp://x", "-excluded", list + "x"}, "no such file"},
		{"bad list", []string{"-url", "amqp://x", "-excluded", list}, `:1: "TestA": want a test's name`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs strings.Builder
			if code := run(t.Context(), tt.args, &out, &errs); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if !strings.Contains(errs.String(), tt.want) {
				t.Errorf("said %q, want %q", errs.String(), tt.want)
			}
		})
	}
}
