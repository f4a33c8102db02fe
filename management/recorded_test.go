package management_test

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/conformance"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/testkit"
)

var record = flag.Bool("record", false, "record the answers of the RabbitMQ at HTTP_URL instead of comparing them")

// answer is what a request was answered with.
type answer struct {
	Request  string
	Status   int
	Location string          `json:",omitempty"`
	Body     json.RawMessage `json:",omitempty"`
}

// TestRecordedAnswers sends the requests of testdata/requests.txt to the emulator
// as each release and compares its answers with those that the release gave. With
// HTTP_URL it compares, or with -record records, those of the RabbitMQ there.
func TestRecordedAnswers(t *testing.T) {
	if url := os.Getenv("HTTP_URL"); url != "" {
		got := ask(t, strings.TrimSuffix(url, "/"), requests(t))
		release := version(t, url)
		if *record {
			text, err := json.MarshalIndent(got, "", " ")
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(recording(release), append(text, '\n'), 0o644))
			return
		}
		compare(t, recorded(t, release), got)
		return
	}
	for _, r := range release.All() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(r.Name))
			want := recorded(t, r.Name)
			if slices.Contains(conformance.Installable, conformance.Release(r.Name)) {
				require.Len(t, want, len(requests(t)), "record again: requests have been added")
			} // the others were recorded once, and lack the requests that came later
			asked := make([]string, len(want))
			for i := range want {
				asked[i] = want[i].Request
			}
			compare(t, want, ask(t, b.ManagementURL(), asked))
		})
	}
}

func recording(release string) string { return filepath.Join("testdata", "answers-"+release+".json") }

func recorded(t *testing.T, release string) []answer {
	t.Helper()
	text, err := os.ReadFile(recording(release))
	require.NoError(t, err)
	var all []answer
	require.NoError(t, json.Unmarshal(text, &all))
	return all
}

// compare compares answer by answer, so that a difference names its request.
func compare(t *testing.T, want, got []answer) {
	t.Helper()
	require.Equal(t, len(want), len(got), "record again: requests have been added")
	for i := range want {
		if diff := cmp.Diff(decode(want[i]), decode(got[i])); diff != "" {
			t.Errorf("%s: RabbitMQ's answer (-) is not ours (+):\n%s", want[i].Request, diff)
		}
	}
}

func decode(a answer) any {
	var body any
	if len(a.Body) > 0 && json.Unmarshal(a.Body, &body) != nil {
		body = string(a.Body)
	}
	return map[string]any{"request": a.Request, "status": a.Status, "location": a.Location, "body": body}
}

// requests returns the lines of testdata/requests.txt that are requests.
func requests(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "requests.txt"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// ask sends requests and returns the answers.
func ask(t *testing.T, url string, requests []string) (all []answer) {
	t.Helper()
	for _, line := range requests {
		all = append(all, send(t, url, line))
	}
	return all
}

// send sends the request that a line describes.
func send(t *testing.T, url, line string) answer {
	t.Helper()
	a := answer{Request: line}
	login := "guest:guest"
	if rest, ok := strings.CutPrefix(line, "@"); ok {
		login, line, _ = strings.Cut(rest, " ")
	}
	parts := append(strings.SplitN(line, " ", 3), "")
	r, err := http.NewRequestWithContext(t.Context(), parts[0], url+parts[1], strings.NewReader(parts[2]))
	require.NoError(t, err)
	if name, password, ok := strings.Cut(login, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	a.Status, a.Location = response.StatusCode, response.Header.Get("Location")
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		a.Body = normal(body)
	}
	return a
}

var (
	nodeNames = regexp.MustCompile(`[a-z0-9]+@(localhost|vm|minirabbit)`)
	hashes    = regexp.MustCompile(`"password_hash":"[^"]{48}"`)
)

// normal replaces what differs from node to node.
func normal(body []byte) []byte {
	body = nodeNames.ReplaceAll(body, []byte("rabbit@node"))
	return hashes.ReplaceAll(body, []byte(`"password_hash":"HASH"`))
}

func version(t *testing.T, url string) string {
	t.Helper()
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	require.NoError(t, json.Unmarshal(send(t, strings.TrimSuffix(url, "/"), "GET /api/overview").Body, &overview))
	parts := strings.SplitN(overview.Version, ".", 3)
	return parts[0] + "." + parts[1]
}
