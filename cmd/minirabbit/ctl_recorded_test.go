package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

var recordCtl = flag.Bool("record", false, "record what the rabbitmqctl at RABBITMQCTL prints")

// TestCtlSaysWhatRabbitmqctlSays runs the commands of testdata/ctl.txt and compares what they print with what
// rabbitmqctl of a release printed. With RABBITMQCTL, the path of one that controls a new node, and -record RELEASE as
// an argument behind --, it is recorded.
func TestCtlSaysWhatRabbitmqctlSays(t *testing.T) {
	if tool := os.Getenv("RABBITMQCTL"); *recordCtl {
		require.Len(t, flag.Args(), 1, "the release is wanted")
		text := transcript(t, func(args ...string) (int, string, string) {
			var out, problems bytes.Buffer
			c := exec.CommandContext(t.Context(), tool, args...)
			c.Stdout, c.Stderr = &out, &problems
			err := c.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				require.NoError(t, err)
			}
			return c.ProcessState.ExitCode(), out.String(), problems.String()
		})
		require.NoError(t, os.WriteFile(filepath.Join("testdata", "ctl-"+flag.Arg(0)+".txt"), []byte(text), 0o644))
		return
	}
	recordings, err := filepath.Glob(filepath.Join("testdata", "ctl-*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, recordings)
	for _, recording := range recordings {
		release := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(recording), "ctl-"), ".txt")
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(release))
			want, err := os.ReadFile(recording)
			require.NoError(t, err)
			got := transcript(t, func(args ...string) (int, string, string) { return call(t, b, args...) })
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("- rabbitmqctl, + minirabbit ctl:\n%s", diff)
			}
		})
	}
}

// transcript runs the commands and writes down, for each, its exit code and what it printed.
func transcript(t *testing.T, run func(args ...string) (code int, stdout, stderr string)) string {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "ctl.txt"))
	require.NoError(t, err)
	defer file.Close()
	var text strings.Builder
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		code, stdout, stderr := run(strings.Fields(line)...)
		fmt.Fprintf(&text, "$ %s\nexit %d\n", line, code)
		for _, l := range plainOutput(stdout) {
			fmt.Fprintf(&text, "| %s\n", l)
		}
		for _, l := range plainOutput(stderr) {
			fmt.Fprintf(&text, "! %s\n", l)
		}
	}
	return text.String()
}

var (
	nodeNames = regexp.MustCompile(`\w+@[\w-]+`)
	logLines  = regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d+ \[`)
)

// plainOutput leaves out what differs from node to node or says nothing: names of nodes, empty lines, lines of a log, how a
// command is to be used, and the order of rows and of keys in JSON, which is that of Erlang's tables.
func plainOutput(s string) []string {
	s, _, _ = strings.Cut(nodeNames.ReplaceAllString(s, "NODE"), "Arguments given:")
	var lines, rows []string
	for _, line := range strings.Split(s, "\n") {
		line = strings.TrimRight(line, " ")
		var row map[string]any
		switch {
		case strings.Trim(line, "\t") == "" || logLines.MatchString(line):
		case json.Unmarshal([]byte(strings.TrimPrefix(line, ",")), &row) == nil:
			sorted, _ := json.Marshal(row)
			rows = append(rows, string(sorted))
		case strings.Contains(line, "\t") && len(lines) > 0 && !strings.HasPrefix(lines[len(lines)-1], "Error"):
			rows = append(rows, line)
		default:
			lines = append(lines, line)
		}
	}
	slices.Sort(rows)
	return append(lines, rows...)
}
