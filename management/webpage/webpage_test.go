package webpage_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/management/webpage"
)

func get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	webpage.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestPageAndItsParts(t *testing.T) {
	for path, want := range map[string]struct {
		status int
		kind   string
	}{
		"/":                 {200, "text/html; charset=utf-8"},
		"/page/app.js":      {200, "text/javascript; charset=utf-8"},
		"/page/base.css":    {200, "text/css; charset=utf-8"},
		"/page/icon.svg":    {200, "image/svg+xml"},
		"/page/":            {404, "text/plain; charset=utf-8"},
		"/page/nothing.js":  {404, "text/plain; charset=utf-8"},
		"/page/../page.go":  {404, "text/plain; charset=utf-8"},
		"/page/index.html":  {404, "text/plain; charset=utf-8"},
		"/elsewhere/app.js": {404, "text/plain; charset=utf-8"},
	} {
		w := get(path)
		require.Equal(t, want.status, w.Code, path)
		require.Equal(t, want.kind, w.Header().Get("Content-Type"), path)
		if w.Code == http.StatusOK {
			require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'", path)
		}
	}
}

// TestOnlyItself: the page names no other host, makes no HTML of data, and imports
// only modules that are there.
func TestOnlyItself(t *testing.T) {
	imports := regexp.MustCompile(`(?m)^import .* from '(.*)'$`)
	hosts := regexp.MustCompile(`(https?:)?//[a-z0-9.-]+\.[a-z]+`)
	files := 0
	require.NoError(t, filepath.WalkDir("assets", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		text := strings.ReplaceAll(string(content), "http://www.w3.org/2000/svg", "") // a name, not an address
		require.NoError(t, err)
		require.Empty(t, hosts.FindAllString(text, -1), path)
		for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="} {
			require.NotContains(t, text, word, path)
		}
		for _, m := range imports.FindAllStringSubmatch(text, -1) {
			require.Equal(t, http.StatusOK, get("/page/"+strings.TrimPrefix(m[1], "./")).Code, "%s imports %s", path, m[1])
		}
		return nil
	}))
	require.Greater(t, files, 20)
}
