package queue

import (
	"cmp"
	"slices"
)

// The quorum queues of RabbitMQ 4.3 can hold back for a while what comes back to
// them, so that a message that cannot be handled now is not tried again at once. It
// is not ready until then, but counts against the limits of the queue. Its time to
// live goes on, and is looked at when it is back.

// Retry says which messages that come back are held back.
type Retry string

// The values of x-delayed-retry-type that delay; any other does not.
const (
	RetryAll      Retry = "all"
	RetryFailed   Retry = "failed"   // those whose delivery counts as failed
	RetryReturned Retry = "returned" // the others
)

// longestRetry keeps the delay within what an Instant can hold: ten years, in
// milliseconds.
const longestRetry = 315_360_000_000

// delayed is an entry that is held back.
type delayed struct {
	Entry
	delay Instant
	until Instant // zero until Dispatch has seen it
}

// retryDelay returns for how long an entry is held back that came back after so
// many failures, zero for not at all. Without a maximum the delay is always the
// minimum; with one it grows with the failures.
func (s *Settings) retryDelay(failures uint32, failed bool) Instant {
	switch {
	case s.Retry != RetryAll && !(s.Retry == RetryFailed && failed) && !(s.Retry == RetryReturned && !failed):
		return 0
	case !s.RetryMin.Set || s.RetryMin.Value <= 0:
		return 0
	}
	ms := min(s.RetryMin.Value, longestRetry)
	if s.RetryMax.Set && s.RetryMax.Value > 0 {
		ms = min(ms*int64(max(failures, 1)), s.RetryMax.Value, longestRetry)
	}
	return Instant(ms) * Millisecond
}

// holdBack keeps an entry that comes back from the ready ones.
func (q *Queue) holdBack(e *Entry, delay Instant) {
	q.delayed = append(q.delayed, delayed{Entry: *e, delay: delay})
	q.delayedBytes += q.ready.size(e.Message)
}

// bringBack makes those entries ready whose delay is over, and says whether there
// were any.
func (q *Queue) bringBack(now Instant) (any bool) {
	if len(q.delayed) == 0 {
		return false
	}
	for i := range q.delayed {
		if d := &q.delayed[i]; d.until == 0 {
			d.until = now + d.delay
		}
	}
	slices.SortStableFunc(q.delayed, func(a, b delayed) int { return cmp.Compare(a.until, b.until) })
	for len(q.delayed) > 0 && q.delayed[0].until <= now {
		e := q.delayed[0].Entry
		q.delayed = slices.Delete(q.delayed, 0, 1)
		q.delayedBytes -= q.ready.size(e.Message)
		q.ready.pushReturned(e)
		any = true
	}
	return any
}

// backAt returns when the next entry comes back, zero for never.
func (q *Queue) backAt() Instant {
	if len(q.delayed) == 0 {
		return 0
	}
	return q.delayed[0].until
}

// Delayed returns how many messages are held back.
func (q *Queue) Delayed() int { return len(q.delayed) }
