package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// A screen writes lines, and a progress line below them: redrawn in place on a terminal, elsewhere a line of its own
// every tenth of the way. Errors of the writer are not looked at: the demonstration is in the tally, not on the screen.
type screen struct {
	w        io.Writer
	terminal bool
	shown    string // the progress line on the terminal's last row
	tenths   int    // shown so far, if not a terminal
}

func newScreen(w io.Writer) *screen {
	s := &screen{w: w}
	if file, ok := w.(*os.File); ok {
		info, err := file.Stat()
		s.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	return s
}

const eraseLine = "\r\x1b[K" // to the row's beginning, then erase to its end

// printf writes a line above the progress line.
func (s *screen) printf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if s.shown != "" {
		line = eraseLine + line
	}
	fmt.Fprintf(s.w, "%s\n%s", line, s.shown)
}

// progress shows how far the messages have come.
func (s *screen) progress(t Tally, messages int) {
	const width = 20
	done := t.Processed + t.DeadLettered
	filled := width * done / messages
	line := fmt.Sprintf("[%s%s] %d/%d  published %d  processed %d  dead-lettered %d",
		strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, messages,
		t.Published, t.Processed, t.DeadLettered)
	if s.terminal {
		s.shown = line
		fmt.Fprint(s.w, eraseLine+line)
		return
	}
	if tenths := 10 * done / messages; tenths > s.tenths {
		s.tenths = tenths
		fmt.Fprintln(s.w, line)
	}
}

// finish writes the tally in the place of the progress line.
func (s *screen) finish(t Tally) {
	if s.shown != "" {
		fmt.Fprintln(s.w)
		s.shown = ""
	}
	fmt.Fprintln(s.w, t)
	if t.Repeated > 0 {
		fmt.Fprintf(s.w, "(%d results came more than once)\n", t.Repeated)
	}
}
