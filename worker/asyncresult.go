package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// An AsyncResult is what is known of a task that was sent. It is safe for concurrent use.
type AsyncResult struct {
	id     string
	parent *AsyncResult
	done   chan struct{} // closed when the task is at its end, or nobody will hear of it any more

	mu     sync.Mutex
	latest *celery.Result // guarded by mu; nil as long as nothing is known
	lost   error          // guarded by mu: why nothing will be known any more
}

// ErrClientClosed means that a client was closed before a result came.
var ErrClientClosed = errors.New("worker: the client was closed before the result came")

// A TaskFailedError is the error of a task that did not succeed.
type TaskFailedError struct {
	ID string

	// State is FAILURE or REVOKED.
	State celery.State

	// Exception is what was raised, Traceback where.
	Exception *celery.Exception
	Traceback string
}

var _ error = (*TaskFailedError)(nil)

// Error gives the id, the state and the exception.
func (e *TaskFailedError) Error() string {
	return fmt.Sprintf("worker: task %s: %s: %v", e.ID, e.State, e.Exception)
}

// Unwrap returns the exception, so that errors.Is finds celery.NewException("builtins", "ValueError").
func (e *TaskFailedError) Unwrap() error { return e.Exception }

// expect makes a result that is waited for.
func (c *Client) expect(id string, parent *AsyncResult) *AsyncResult {
	r := &AsyncResult{id: id, parent: parent, done: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending[id] = r
	return r
}

// forget waits no more for a result, because of an error.
func (c *Client) forget(id string, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.pending[id]; r != nil {
		r.abandon(why)
		delete(c.pending, id)
	}
}

// ErrForgotten means that Forget was called before a result came.
var ErrForgotten = errors.New("worker: the result was forgotten before it came")

// Forget has the client keep nothing for this result any more. It need not be called for one that has come.
func (c *Client) Forget(r *AsyncResult) { c.forget(r.id, ErrForgotten) }

func (r *AsyncResult) update(result *celery.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.latest != nil && r.latest.State.Final() {
		return // the first end counts: others are of a task that was done twice
	}
	r.latest = result
	if result.State.Final() {
		close(r.done)
	}
}

// abandon ends the wait.
func (r *AsyncResult) abandon(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.latest == nil || !r.latest.State.Final() {
		r.latest, r.lost = nil, why
		close(r.done)
	}
}

// ID returns the task's id.
func (r *AsyncResult) ID() string { return r.id }

// Parent returns the result of the step before, in a chain; nil for its first, and outside of one.
func (r *AsyncResult) Parent() *AsyncResult { return r.parent }

// State returns how far the task is known to have come: PENDING if nothing was heard.
func (r *AsyncResult) State() celery.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.latest == nil {
		return celery.Pending
	}
	return r.latest.State
}

// Wait waits for the task's end, whatever it is. It fails when ctx ends before, the client is closed, the result is
// forgotten, or the task could not be sent.
func (r *AsyncResult) Wait(ctx context.Context) (*celery.Result, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("worker: result of task %s: %w", r.id, context.Cause(ctx))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.latest == nil {
		return nil, fmt.Errorf("%w: task %s", r.lost, r.id)
	}
	return r.latest, nil
}

// Get waits for the task's end and returns what it returned. The error is a *TaskFailedError if it did not succeed.
func Get[R any](ctx context.Context, r *AsyncResult) (value R, err error) {
	result, err := r.Wait(ctx)
	if err != nil {
		return value, err
	}
	if result.State != celery.Success {
		return value, &TaskFailedError{r.id, result.State, result.Exception, result.Traceback}
	}
	if err := json.Unmarshal(result.Value, &value); err != nil {
		return value, fmt.Errorf("worker: result of task %s: %w", r.id, err)
	}
	return value, nil
}
