// Package browsertest tests the management page in a real browser: Chromium without
// a window, driven by chromedp.
//
// It is a module of its own, so that nobody who uses minirabbit gets chromedp into
// their module graph. Without Chromium its tests skip themselves; with the
// environment variable MINIRABBIT_BROWSER, the path of a Chromium, they do not.
//
//	go test ./...
//	go test -run TestScreenshots -screenshots ../../docs/page
package browsertest
