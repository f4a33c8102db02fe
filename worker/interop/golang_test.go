//go:build unix

package interop

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/worker"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// goWorker runs the Go side of the tutorial's tasks.py and of more.py, and waits until it consumes.
func (b place) goWorker(t *testing.T, queue string, options ...worker.Option) *worker.Worker {
	t.Helper()
	options = append([]worker.Option{worker.WithLogger(logger(t)), worker.WithQueues(queue), worker.WithDefaultQueue(queue), worker.WithConcurrency(2),
		worker.WithName("go@host"), worker.WithBackoff(10*time.Millisecond, 200*time.Millisecond)}, options...)
	w, err := worker.New(b.url, options...)
	require.NoError(t, err)
	messenger, err := worker.NewMessenger(b.url, worker.WithLogger(logger(t)))
	require.NoError(t, err)
	register(w, messenger)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, messenger.Close())
	})
	b.await(t, queue)
	return w
}

type sum struct {
	X int `json:"x"`
	Y int `json:"y,omitempty"`
}

func register(w *worker.Worker, messenger *worker.Messenger) {
	worker.Register(w, "tasks.wrapped_main", func(ctx context.Context, limit int64) (int64, error) {
		value, err := worker.Fibonacci(limit)
		if err != nil {
			return 0, err
		}
		return value, messenger.Tell(ctx, worker.Result{TaskID: worker.FromContext(ctx).ID, Limit: limit, Value: value})
	})
	worker.Register(w, "tasks.add", func(_ context.Context, s sum) (int, error) { return s.X + s.Y, nil })
	worker.Register(w, "tasks.fail", func(context.Context, struct{}) (any, error) { return nil, errors.New("broken") })
	worker.Register(w, "tasks.fail_own", func(context.Context, struct{}) (any, error) {
		return nil, celery.NewException("builtins", "ValueError", "own", 17)
	})
	worker.Register(w, "tasks.again", func(ctx context.Context, times int) (int, error) {
		if r := worker.FromContext(ctx); r.Retries < times {
			return 0, worker.RetryAfter(50*time.Millisecond, errors.New("not yet"))
		}
		return worker.FromContext(ctx).Retries, nil
	}, worker.MaxRetries(2))
	worker.Register(w, "tasks.sleep", func(ctx context.Context, seconds float64) (float64, error) {
		select {
		case <-time.After(time.Duration(seconds * float64(time.Second))):
			return seconds, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}, worker.TrackStarted())
}

// goClient makes the Go side of create_request.py and others.
func (b place) goClient(t *testing.T, queue string) *worker.Client {
	t.Helper()
	client, err := worker.NewClient(b.url, worker.WithLogger(logger(t)), worker.WithDefaultQueue(queue))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}
