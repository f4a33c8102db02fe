package management_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// importedDocument is a document of definitions, and the requests that come before its import.
type importedDocument struct {
	Name   string
	Before []string
	Body   string
}

// importAnswer is what a RabbitMQ answered to POST /api/definitions with a document, and what it exported afterwards, without
// what a new node has.
type importAnswer struct {
	Name        string
	Status      int
	Body        any
	Definitions map[string][]any
}

// TestImportAnswers imports the documents of testdata/imports, right ones and wrong ones, into the emulator as each release.
// The answer and what exists afterwards must be what the release gave, but for the differences that are listed there.
func TestImportAnswers(t *testing.T) {
	var documents []importedDocument
	readJSON(t, "documents.json", &documents)
	for _, shown := range recordedAs(t, "imports/answers-") {
		t.Run(shown.Name, func(t *testing.T) {
			t.Parallel()
			var answers []importAnswer
			readJSON(t, "answers-"+shown.Name+".json", &answers)
			require.Len(t, answers, len(documents), "record again: documents have been added")
			different := knownDifferences(t, shown.Name)
			for n, d := range documents {
				t.Run(d.Name, func(t *testing.T) {
					diff := cmp.Diff(answers[n], importDocument(t, shown.Name, d))
					switch {
					case diff != "" && !different[d.Name]:
						t.Errorf("%s\nRabbitMQ's answer (-) is not ours (+):\n%s", d.Body, diff)
					case diff == "" && different[d.Name]:
						t.Errorf("testdata/imports/differences.txt lists %s for %s, which does not differ any more", d.Name, shown.Name)
					}
				})
			}
		})
	}
}

func readJSON(t *testing.T, name string, to any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "imports", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, to))
}

// knownDifferences returns the names of the documents that are listed for a release, from lines such as
// "queues-null (3.10, 4.3): reason".
func knownDifferences(t *testing.T, release string) map[string]bool {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "imports", "differences.txt"))
	require.NoError(t, err)
	defer f.Close()
	names := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		what, reason, _ := strings.Cut(lines.Text(), ": ")
		name, releases, _ := strings.Cut(strings.TrimSuffix(what, ")"), " (")
		require.NotEmpty(t, reason, lines.Text())
		if slices.Contains(strings.Split(releases, ", "), release) {
			names[name] = true
		}
	}
	return names
}

// importDocument imports a document into a fresh broker.
func importDocument(t *testing.T, release string, d importedDocument) importAnswer {
	t.Helper()
	b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(release), testkit.WithoutRecording())
	for _, line := range d.Before {
		require.Less(t, send(t, b.ManagementURL(), line).Status, 300, line)
	}
	a := importAnswer{Name: d.Name, Definitions: map[string][]any{}}
	var text string
	a.Status, text = request(t, b, http.MethodPost, "/api/definitions", d.Body)
	if text != "" {
		require.NoError(t, json.Unmarshal([]byte(text), &a.Body))
	}
	_, text = request(t, b, http.MethodGet, "/api/definitions", "")
	var exported map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &exported))
	for key, value := range exported {
		list, _ := value.([]any)
		for _, item := range list {
			o := item.(map[string]any)
			delete(o, "password_hash") // which is salted
			if !isOfFreshNode(key, o) {
				a.Definitions[key] = append(a.Definitions[key], o)
			}
		}
		slices.SortFunc(a.Definitions[key], func(x, y any) int { return strings.Compare(sortKey(x), sortKey(y)) })
	}
	return a
}

// isOfFreshNode says whether an item of an export is there before anything is imported.
func isOfFreshNode(key string, o map[string]any) bool {
	switch key {
	case "users":
		return o["name"] == "guest"
	case "vhosts":
		return o["name"] == "/"
	case "permissions":
		return o["user"] == "guest" && o["vhost"] == "/"
	case "global_parameters":
		return o["name"] == "internal_cluster_id" || o["name"] == "cluster_tags"
	case "exchanges":
		return o["name"] == "amq.rabbitmq.log"
	}
	return false
}

func sortKey(item any) string {
	text, _ := json.Marshal(item)
	return string(text)
}
