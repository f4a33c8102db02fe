package worker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Fibonacci returns the largest Fibonacci number (0, 1, 1, 2, 3, 5, 8, …) that is less than limit. It fails for a limit
// below 1, which none is less than.
func Fibonacci(limit int64) (int64, error) {
	if limit < 1 {
		return 0, fmt.Errorf("worker: no Fibonacci number is less than %d", limit)
	}
	// next wraps around just past the largest Fibonacci number of 63 bits, hence the second condition.
	last, next := int64(0), int64(1)
	for next < limit && next > 0 {
		last, next = next, last+next
	}
	return last, nil
}

// A job answers a task. It returns early, with an error, when its context ends.
type job func(ctx context.Context, task Task) (int64, error)

// slowFibonacci is the tutorial's job: a pause of random length below maxPause, then the answer.
func slowFibonacci(maxPause time.Duration, random randomDuration) job {
	return func(ctx context.Context, task Task) (int64, error) {
		if err := pause(ctx, random(maxPause)); err != nil {
			return 0, err
		}
		return Fibonacci(task.Limit)
	}
}

// randomDuration returns a duration of at least zero and less than limit, or zero if the limit is.
type randomDuration func(limit time.Duration) time.Duration

func uniform(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	return rand.N(limit)
}

// pause waits for d, or returns the cause of the context's end if that comes first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
