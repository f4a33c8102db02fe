package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// TestConformance holds an emulated 3.10 against releases: the exit code tells whether it is the one that it was said to be.
func TestConformance(t *testing.T) {
	broker := testkit.Start(t, testkit.WithRelease("3.10"), testkit.WithManagement())
	dir := t.TempDir()
	base := []string{"conformance", "--amqp", broker.URL(), "--http", broker.ManagementURL()}
	for name, test := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"its own release":    {[]string{"--only", "quorum", "--as", "3.10.8"}, exitOK, []string{"It is nearest to RabbitMQ 3.10: it equals 3.10.8 in"}},
		"another release":    {[]string{"--only", "quorum.count", "--as", "4.3"}, exitFailed, []string{"    - ", "    + ", "held against RabbitMQ 4.3", "nearest to RabbitMQ 3.10"}},
		"as it calls itself": {[]string{"--only", "basic.ack,quorum.count"}, exitOK, []string{"The broker calls itself 3.10.", "basic.ack "}},
		"skipped":            {[]string{"--only", "basic.ack", "--skip", "basic.ack/twice", "--as", "4.3"}, exitOK, []string{"all                               8      0"}},
		"nothing is left":    {[]string{"--only", "basic.ack", "--skip", "basic.ack"}, exitFailed, nil},
		"files": {[]string{"--only", "text", "--junit", filepath.Join(dir, "r.xml"), "--json", filepath.Join(dir, "r.json"),
			"--html", filepath.Join(dir, "r.html")}, exitOK, nil},
		"no such directory": {[]string{"--only", "text", "--html", filepath.Join(dir, "none", "r.html")}, exitFailed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, test.code, run(t.Context(), append(base, test.args...), &stdout, &stderr), "%s%s", &stdout, &stderr)
			for _, want := range test.want {
				require.Contains(t, stdout.String(), want)
			}
		})
	}
	for name, want := range map[string]string{"r.xml": `name="cut-at-255"`, "r.json": `"text/cut-at-255"`, "r.html": "<td>text</td>"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Contains(t, string(text), want, name)
	}
}
