package fault

import (
	"fmt"
	"slices"
	"strings"
)

// World tells what there is in a broker.
type World interface {
	VHosts() []string
	HasQueue(vhost, queue string) bool
}

// Idle tells of each fault in force that has never struck, in a line of its own, what it waits
// for and why it may wait in vain.
func (e *Engine) Idle(w World) (lines []string) {
	for _, in := range e.Injected() {
		if s := in.State(); s.Strikes == 0 {
			lines = append(lines, fmt.Sprintf("%s: %s", in, strings.Join(whyIdle(&in.fault.When, s, w), ", ")))
		}
	}
	return lines
}

// whyIdle returns what is known of why a fault has not struck.
func whyIdle(when *When, s State, w World) (why []string) {
	why = append(why, fmt.Sprintf("%s has passed %s", when.Method, times(s.Passed)))
	if s.Passed > 0 {
		why = append(why, fmt.Sprintf("%s as it waits for", times(s.Matched)))
	}
	vhosts := w.VHosts()
	if when.VHost != nil {
		if !slices.Contains(vhosts, *when.VHost) {
			return append(why, fmt.Sprintf("there is no virtual host %q", *when.VHost))
		}
		vhosts = []string{*when.VHost}
	}
	if q := when.Queue; q != nil && !slices.ContainsFunc(vhosts, func(vhost string) bool { return w.HasQueue(vhost, *q) }) {
		why = append(why, fmt.Sprintf("there is no queue %q", *q))
	}
	return why
}
