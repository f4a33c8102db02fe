package management_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/testkit"
)

// recordedDefinitions is what a real RabbitMQ of a release has exported:
// scripts/record-definitions recorded it.
func recordedDefinitions(t *testing.T, release string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "definitions-"+release+".json"))
	require.NoError(t, err)
	return string(text)
}

// TestDefinitionsRoundTrip imports what a real RabbitMQ has exported, and exports
// it again: as the same release, nothing must have changed.
func TestDefinitionsRoundTrip(t *testing.T) {
	for _, r := range recordedAs(t, "definitions-") {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(r.Name))
			recorded := recordedDefinitions(t, r.Name)
			for range 2 { // the second time, everything is there
				require.Equal(t, http.StatusNoContent, post(t, b, "/api/definitions", recorded))
			}
			_, exported := request(t, b, http.MethodGet, "/api/definitions", "")
			if diff := cmp.Diff(shopOnly(t, recorded), shopOnly(t, exported)); diff != "" {
				t.Errorf("RabbitMQ's file (-) is not what became of it (+):\n%s", diff)
			}
		})
	}
}

// TestDefinitionsOfOtherReleases can be imported into each, the older into the
// newer and the other way round.
func TestDefinitionsOfOtherReleases(t *testing.T) {
	for _, from := range recordedAs(t, "definitions-") {
		for _, to := range recordedAs(t, "definitions-") {
			t.Run(from.Name+" to "+to.Name, func(t *testing.T) {
				t.Parallel()
				b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(to.Name))
				require.Equal(t, http.StatusNoContent, post(t, b, "/api/definitions", recordedDefinitions(t, from.Name)))
				var queues []struct{ Name string }
				require.NoError(t, json.Unmarshal(send(t, b.ManagementURL(), "GET /api/queues/shop?columns=name&sort=name").Body, &queues))
				require.Len(t, queues, 3)
			})
		}
	}
}

// TestImportedPassword is the one behind the hash that RabbitMQ has exported.
func TestImportedPassword(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	require.Equal(t, http.StatusNoContent, post(t, b, "/api/definitions", recordedDefinitions(t, "4.3")))
	require.Equal(t, http.StatusOK, send(t, b.ManagementURL(), "@shop-clerk:secret GET /api/whoami").Status)
	require.Equal(t, http.StatusUnauthorized, send(t, b.ManagementURL(), "@shop-clerk:other GET /api/whoami").Status)
}

func post(t *testing.T, b *testkit.Broker, path, body string) int {
	t.Helper()
	status, _ := request(t, b, http.MethodPost, path, body)
	return status
}

// request returns the answer as it is, where send makes answers comparable.
func request(t *testing.T, b *testkit.Broker, method, path, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.ManagementURL()+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("guest", "guest")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// shopOnly is what a file says of the virtual host shop and its users, in an order
// of our own; of the node it keeps only which fields tell of it.
func shopOnly(t *testing.T, text string) map[string]any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &all))
	delete(all, "global_parameters") // those of the node
	for name, value := range all {
		list, ok := value.([]any)
		if !ok {
			all[name] = "told"
			continue
		}
		list = slices.DeleteFunc(list, func(v any) bool {
			o := v.(map[string]any)
			own, _ := o["name"].(string)
			return o["vhost"] != "shop" && own != "shop" && !strings.HasPrefix(own, "shop-")
		})
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(asJSON(a), asJSON(b)) })
		all[name] = list
	}
	return all
}

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// recordedAs lists the releases that have a recording of this name in testdata.
func recordedAs(t *testing.T, name string) (all []*release.Release) {
	for _, r := range release.All() {
		if _, err := os.Stat(filepath.Join("testdata", name+r.Name+".json")); err == nil {
			all = append(all, r)
		}
	}
	require.NotEmpty(t, all)
	return all
}
