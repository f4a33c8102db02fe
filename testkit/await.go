package testkit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/queue"
)

// defaultPatience is how long a wait lasts before it fails the test, unless
// WithPatience says otherwise.
const defaultPatience = 10 * time.Second

// bounded is a test whose waits a context bounds.
type bounded struct {
	T
	ctx context.Context
}

func (b bounded) Context() context.Context { return b.ctx }

// WithContext returns t with another context, to bound a wait by:
//
//	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
//	defer cancel()
//	broker.AwaitIdle(testkit.WithContext(t, ctx))
//
// A deadline of the context replaces the broker's patience, whether it is
// shorter or longer.
func WithContext(t T, ctx context.Context) T { return bounded{t, ctx} }

// patience waits for done. It returns the empty string when done is closed, or
// else for how long it has waited.
func (b *Broker) patience(t T, done <-chan struct{}) (why string) {
	ctx := t.Context()
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

// await waits until check is true, woken by the broker, and fails the test with
// what is there instead if it does not come true in time. check is called with
// the vhost's lock held, and not again once it was true.
func (b *Broker) await(t T, what string, check func() bool) {
	t.Helper()
	b.vhost.Lock()
	done, forget := b.vhost.Await(check)
	b.vhost.Unlock()
	why := b.patience(t, done)
	if why == "" {
		return
	}
	forget()
	select {
	case <-done:
		return
	default:
	}
	t.Fatalf("testkit: waited for %s, which did not happen %s. There is:\n%s", what, why, b.summary())
}

// AwaitIdle waits until everything is settled: no queue of the broker holds a
// message, ready or unacked.
func (b *Broker) AwaitIdle(t T) {
	t.Helper()
	if b.real != nil {
		b.real.await(t, "the broker to be idle", true, b.real.idle)
		return
	}
	b.await(t, "the broker to be idle", func() bool {
		for _, q := range b.vhost.Queues() {
			if !idle(q) {
				return false
			}
		}
		return true
	})
}

// AwaitConnections waits until n clients or more are connected, and returns what
// connections there are.
func (b *Broker) AwaitConnections(t T, n int) (all []Connection) {
	t.Helper()
	if b.real != nil {
		b.real.await(t, counted(n, "connection"), false, func() bool {
			all = b.real.look(t)
			return len(all) >= n
		})
		return all
	}
	b.await(t, counted(n, "connection"), func() bool {
		connections := b.vhost.Connections()
		if len(connections) < n {
			return false
		}
		all = describeConnections(connections)
		return true
	})
	return all
}

// AwaitDisconnected waits until no connection of this name is there: the name
// that the client gave it, or its address. The empty name stands for all.
func (b *Broker) AwaitDisconnected(t T, name string) {
	t.Helper()
	what := fmt.Sprintf("connection %q to be gone", name)
	if name == "" {
		what = "all connections to be gone"
	}
	if b.real != nil {
		b.real.await(t, what, true, func() bool {
			return !slices.ContainsFunc(b.real.look(t), func(c Connection) bool { return name == "" || c.Address == name || c.Name == name })
		})
		return
	}
	b.await(t, what, func() bool {
		for _, c := range b.vhost.Connections() {
			if name == "" || c.Name == name || record.ClientName(c) == name {
				return false
			}
		}
		return true
	})
}

// AwaitMessage waits until the history of a message makes holds true, and returns
// that history. holds is called for messages to which something happened; it must
// be quick and must not call the broker.
func (b *Broker) AwaitMessage(t T, holds func(MessageHistory) bool) MessageHistory {
	t.Helper()
	b.needRecording("the history of messages")
	var story record.Story
	seen := 0
	b.await(t, "a message with a certain history", func() bool {
		var ok bool
		story, seen, ok = b.recorder.Find(seen, func(s record.Story) bool { return holds(toMessageHistory(s)) })
		return ok
	})
	return toMessageHistory(story)
}

// idle says whether nothing is left to do in a queue. What a stream keeps does not
// count, once its consumers have had it.
func idle(q *queue.Queue) bool { return q.CaughtUp() && q.Unacked() == 0 }

func describeConnections(all []*broker.Connection) []Connection {
	described := make([]Connection, len(all))
	for i, c := range all {
		described[i] = describeConnection(c)
	}
	return described
}
