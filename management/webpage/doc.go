// Package webpage is the management page: HTML, style and scripts, embedded as they
// are written. It needs no build, no framework and no other host.
//
//	http.Handle("/", webpage.Handler())
//
// The page is a client of the HTTP API of package management, which serves it at
// its root. assets/index.html is all its HTML; app.js begins; each view is a module
// of its own.
package webpage
