package testkit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/internal/record"
)

// defaultPatience is how long a wait lasts before it fails the test, unless
// WithPatience says otherwise.
const defaultPatience = 10 * time.Second

// patience waits for done. It returns the empty string when done is closed, or
// else for how long it has waited.
func (b *Broker) patience(t T, done <-chan struct{}) (why string) {
	ctx := contextOf(t)
	var expired <-chan time.Time
	if _, own := t.(bounded); !own || !hasDeadline(ctx) {
		timeout := time.NewTimer(b.config.patience)
		defer timeout.Stop()
		expired = timeout.C
	}
	select {
	case <-done:
		return ""
	case <-expired:
		why = "within " + b.config.patience.String()
	case <-ctx.Done():
		why = fmt.Sprintf("before the context ended (%v)", context.Cause(ctx))
	}
	select {
	case <-done: // at the last moment
		return ""
	default:
		return why
	}
}

func hasDeadline(ctx context.Context) bool {
	_, ok := ctx.Deadline()
	return ok
}

// counted says how many there are of a thing.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// quoted lists names.
func quoted(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(all, ", ")
}

// inVHost is what follows the name of something in a virtual host: nothing for "/",
// nor for all of them.
func inVHost(vhost string) string {
	if vhost == "" || vhost == "/" {
		return ""
	}
	return fmt.Sprintf(" in virtual host %q", vhost)
}

// visit calls f with the virtual hosts, one after the other, or with the one of a
// name.
func (b *Broker) visit(vhostName string, f func(name string, vh vhost) error) error {
	names := []string{vhostName}
	if vhostName == "" {
		names = b.node.vhosts()
	}
	for _, name := range names {
		if err := b.node.enter(name, func(vh vhost) error { return f(name, vh) }); err != nil {
			return err
		}
	}
	return nil
}

// await waits until enough is seen, and fails the test with what is there instead if
// that does not happen in time.
func (b *Broker) await(t T, what string, w wait) {
	t.Helper()
	done, forget := b.node.watch(w)
	why := b.patience(t, done)
	if err := forget(); err != nil {
		fail(t, fmt.Errorf("waited for %s: %w", what, err))
	}
	select {
	case <-done:
		return
	default:
	}
	hint := ""
	if w.vhost != "" && !slices.Contains(b.node.vhosts(), w.vhost) {
		hint = fmt.Sprintf(": %v", &noVHost{w.vhost, b.node.vhosts()})
	} else if w.hint != nil {
		if text := w.hint(); text != "" {
			hint = ": " + text
		}
	}
	t.Fatalf("testkit: waited for %s, which did not happen %s%s. There is:\n%s", what, why, hint, b.summary())
}

// everywhere says whether all that was seen is true.
func everywhere(seen []any) bool { return !slices.Contains(seen, any(false)) }

// AwaitIdle waits until everything is settled: no queue of any virtual host holds a
// message, ready or unacked.
func (b *Broker) AwaitIdle(t T) {
	t.Helper()
	b.awaitIdle(t, "")
}

func (b *Broker) awaitIdle(t T, vhostName string) {
	t.Helper()
	w := wait{vhost: vhostName, lasting: true, see: func(vh vhost) (any, error) { return vh.idle() }, enough: everywhere}
	if vhostName != "" {
		w.enough = func(seen []any) bool { return len(seen) > 0 && everywhere(seen) }
	}
	b.await(t, "the broker to be idle"+inVHost(vhostName), w)
}

// AwaitMessage waits until the history of a message, in whatever virtual host, makes
// holds true, and returns that history. holds is called for messages to which
// something happened; it must be quick and must not call the broker.
func (b *Broker) AwaitMessage(t T, holds func(MessageHistory) bool) MessageHistory {
	t.Helper()
	e := b.needRecording(t, "the history of messages")
	var story record.Story
	seen, found := 0, false
	b.await(t, "a message with a certain history", wait{
		see: func(vhost) (any, error) {
			if !found {
				story, seen, found = e.recorder.Find(seen, func(s record.Story) bool { return holds(toMessageHistory(s)) })
			}
			return found, nil
		},
		enough: func([]any) bool { return found },
	})
	return toMessageHistory(story)
}
