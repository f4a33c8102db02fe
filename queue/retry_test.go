package queue_test

import (
	"testing"

	"github.com/minirabbit/minirabbit/queue"
)

// TestRetryDelay checks when a message is back that a client has given back three
// times. RabbitMQ's own times are in the conformance suite, to a tenth of a second.
func TestRetryDelay(t *testing.T) {
	const ms = queue.Millisecond
	none := queue.Optional{}
	for _, test := range []struct {
		name        string
		retry       queue.Retry
		least, most queue.Optional
		why         queue.Cause
		want        [3]queue.Instant
	}{
		{"disabled", "", queue.Some(200), none, queue.Refused, [3]queue.Instant{}},
		{"no minimum", queue.RetryAll, none, queue.Some(500), queue.Refused, [3]queue.Instant{}},
		{"all, refused", queue.RetryAll, queue.Some(200), none, queue.Refused, [3]queue.Instant{200 * ms, 200 * ms, 200 * ms}},
		{"grows", queue.RetryAll, queue.Some(200), queue.Some(500), queue.Refused, [3]queue.Instant{200 * ms, 400 * ms, 500 * ms}},
		{"grows when abandoned", queue.RetryFailed, queue.Some(200), queue.Some(500), queue.Abandoned, [3]queue.Instant{200 * ms, 400 * ms, 500 * ms}},
		{"does not grow without failures", queue.RetryReturned, queue.Some(200), queue.Some(500), queue.Released, [3]queue.Instant{200 * ms, 200 * ms, 200 * ms}},
		{"failed only", queue.RetryFailed, queue.Some(200), none, queue.Released, [3]queue.Instant{}},
		{"returned only", queue.RetryReturned, queue.Some(200), none, queue.Abandoned, [3]queue.Instant{}},
		{"maximum below", queue.RetryAll, queue.Some(300), queue.Some(100), queue.Refused, [3]queue.Instant{100 * ms, 100 * ms, 100 * ms}},
		{"no end", queue.RetryAll, queue.Some(1 << 62), queue.Some(1 << 62), queue.Refused,
			[3]queue.Instant{315_360_000_000 * ms, 315_360_000_000 * ms, 315_360_000_000 * ms}},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := queue.New("q", queue.Settings{Kind: queue.Quorum, Retry: test.retry, RetryMin: test.least, RetryMax: test.most}, &host{}, 1)
			fill(q, "a")
			now := queue.Instant(1)
			for _, want := range test.want {
				e, ok := q.Get(now, false)
				if !ok {
					t.Fatal("nothing to get")
				}
				q.Requeue(&e, test.why)
				q.Dispatch(now)
				if want == 0 {
					check(t, q, "a")
					continue
				}
				check(t, q, "")
				if at := q.Deadline(); at != now+want {
					t.Errorf("back after %d ms, want %d", (at-now)/ms, want/ms)
				}
				q.Expire(now + want - 1)
				check(t, q, "")
				now += want
				q.Expire(now)
				check(t, q, "a")
			}
		})
	}
}

func TestRetryPurge(t *testing.T) {
	q := queue.New("q", queue.Settings{Kind: queue.Quorum, Retry: queue.RetryAll, RetryMin: queue.Some(200)}, &host{}, 1)
	fill(q, "a b")
	e, _ := q.Get(1, false)
	q.Requeue(&e, queue.Released)
	q.Dispatch(1)
	check(t, q, "b")
	if got := q.Delayed(); got != 1 {
		t.Errorf("%d held back, want 1", got)
	}
	if n := q.Purge(1); n != 2 {
		t.Errorf("purged %d, want 2", n)
	}
	check(t, q, "")
	if at := q.Deadline(); at != 0 {
		t.Errorf("a deadline of %d after the purge", at)
	}
}
