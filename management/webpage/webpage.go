package webpage

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed assets
var embedded embed.FS

// policy lets the page load what is embedded here and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// Handler serves the page at / and its parts at /page/NAME. What there is not is
// not found.
func Handler() http.Handler {
	assets, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic("webpage: the assets are not embedded: " + err.Error())
	}
	files := http.FileServerFS(assets)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, part := strings.CutPrefix(r.URL.Path, "/page/")
		switch {
		case r.URL.Path == "/":
			name = ""
		case !part || name == "" || strings.HasSuffix(name, "/") || name == "index.html":
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		inside := r.Clone(r.Context())
		inside.URL.Path = "/" + name
		files.ServeHTTP(w, inside)
	})
}
