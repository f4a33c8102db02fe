package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// A definition is a task that a Worker knows: its function and how to run it.
type definition struct {
	name string
	call func(ctx context.Context, arguments Arguments) (json.RawMessage, error)

	parameter            string // the name of a single argument; empty if it has none
	early                bool
	softLimit, hardLimit time.Duration
	maxRetries           int // negative: no end
	autoFirst, autoMax   time.Duration
	trackStarted         bool
	ignoreResult         bool
}

// A TaskOption changes how one task is done.
type TaskOption func(*definition)

// Early acknowledges the task's messages when it begins instead of when its result is safe: a worker that dies loses
// what it was doing. It is Celery's default (acks_late=False), for tasks that must not be done twice.
func Early() TaskOption { return func(d *definition) { d.early = true } }

// TimeLimits bounds the task's runs whose message does not. When soft has passed, the context ends with a cause that
// becomes the exception SoftTimeLimitExceeded if the function returns an error then. When hard has passed, the task
// has failed with TimeLimitExceeded and nobody waits for the function any more. Zero means none.
func TimeLimits(soft, hard time.Duration) TaskOption {
	return func(d *definition) { d.softLimit, d.hardLimit = soft, hard }
}

// MaxRetries sets how often a task that asks for it is tried again: 3 times if never set, without end if n is negative.
func MaxRetries(n int) TaskOption { return func(d *definition) { d.maxRetries = n } }

// AutoRetry tries again whatever error the function returns, after a wait of first, doubled each time up to longest and
// shortened at random, at most MaxRetries times.
func AutoRetry(first, longest time.Duration) TaskOption {
	return func(d *definition) { d.autoFirst, d.autoMax = first, longest }
}

// TrackStarted sends a result of state STARTED when the task begins.
func TrackStarted() TaskOption { return func(d *definition) { d.trackStarted = true } }

// NoResult never sends a result, whatever the message asks for.
func NoResult() TaskOption { return func(d *definition) { d.ignoreResult = true } }

// Parameter gives a name to the argument of a function that takes one value which is no struct, so that it can be
// passed by keyword.
func Parameter(name string) TaskOption { return func(d *definition) { d.parameter = name } }

// Register tells a worker how to do a task: the function is called, for each message with the task's name, with the
// message's arguments, and what it returns is the task's result. It must be told before the worker runs. Register
// panics if the name is empty or taken.
//
// If A is a struct, its exported fields are the parameters in their order, by the names of their json tags, optional
// where a tag says omitempty; struct{} takes none. If A is Arguments, the function gets all arguments as they came. Any
// other A is one argument. Arguments that do not fit fail the task with a TypeError, as they do in Python.
//
// An error fails the task: as the exception itself if it is a *celery.Exception, otherwise as builtins.RuntimeError with
// the error's text. A panic fails it, too. See RetryAfter, ErrIgnore and Reject for other ends. The context is
// cancelled when the task's time is up, when it is terminated by remote control, and when the worker loses its
// connection or runs out of time to stop, whereupon the task is done again elsewhere; FromContext gets the request.
func Register[A, R any](w *Worker, name string, do func(ctx context.Context, arguments A) (R, error), options ...TaskOption) {
	d := &definition{name: name, maxRetries: 3}
	for _, option := range options {
		option(d)
	}
	bind := binder[A](name, d.parameter)
	d.call = func(ctx context.Context, arguments Arguments) (json.RawMessage, error) {
		bound, err := bind(arguments)
		if err != nil {
			return nil, err
		}
		result, err := do(ctx, bound)
		if err != nil {
			return nil, err
		}
		encoded, err := json.Marshal(result)
		if err != nil {
			return nil, fmt.Errorf("result is not JSON: %w", err)
		}
		return encoded, nil
	}
	w.register(d)
}

// ErrIgnore ends a task without a result: it is acknowledged, and nobody is told.
var ErrIgnore = errors.New("worker: ignore the result")

// A RejectError rejects a task's message: it goes to the queue's dead-letter exchange, if that has one, and nobody is
// told.
type RejectError struct{ Cause error }

var _ error = (*RejectError)(nil)

// Reject rejects the task's message because of cause.
func Reject(cause error) error { return &RejectError{cause} }

// Error gives the cause.
func (e *RejectError) Error() string { return fmt.Sprintf("worker: task rejects itself: %v", e.Cause) }

// Unwrap returns the cause.
func (e *RejectError) Unwrap() error { return e.Cause }

// A RetryError asks for a task to be tried again.
type RetryError struct {
	After time.Duration
	Cause error
}

var _ error = (*RetryError)(nil)

// RetryAfter asks for the task to be tried again after a while, because of cause. The same task with one more retry is
// sent to the queue that it came from. Past the task's MaxRetries it fails with cause.
func RetryAfter(after time.Duration, cause error) error { return &RetryError{after, cause} }

// Error gives the wait and the cause, as Celery does.
func (e *RetryError) Error() string { return fmt.Sprintf("Retry in %v: %v", e.After, e.Cause) }

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Cause }

// retry decides whether an error of a run means another one.
func (d *definition) retry(err error, retries int, random randomDuration) (*RetryError, bool) {
	asked, ok := errors.AsType[*RetryError](err)
	if !ok {
		if d.autoFirst <= 0 {
			return nil, false
		}
		wait := d.autoFirst
		for range min(retries, math.MaxInt8) {
			if wait > d.autoMax/2 {
				wait = d.autoMax
				break
			}
			wait *= 2
		}
		asked = &RetryError{After: wait - random(wait/2), Cause: err}
	}
	return asked, d.maxRetries < 0 || retries < d.maxRetries
}
