package worker

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// startNode runs a worker with some tasks, until the test ends. It returns when the worker consumes.
func startNode(t *testing.T, broker *testkit.Broker, more func(w *Worker), options ...Option) *Worker {
	t.Helper()
	options = append([]Option{WithLogger(testLogger(t)), WithBackoff(time.Millisecond, 20*time.Millisecond), WithConcurrency(2)}, options...)
	w, err := New(broker.URL(), options...)
	require.NoError(t, err)
	registerSome(w)
	if more != nil {
		more(w)
	}
	runNode(t, w)
	for _, queue := range w.cfg.queues {
		broker.Queue(queue).AwaitConsumers(t, 1)
	}
	return w
}

// runNode runs a worker until it is stopped, at the end of the test at the latest.
func runNode(t *testing.T, w *Worker) (stop func()) {
	dying := runDying(t, w)
	var once sync.Once
	stop = func() { once.Do(func() { require.NoError(t, dying()) }) }
	t.Cleanup(stop)
	return stop
}

// runDying runs a worker until it is stopped. What Run returned is for the caller to look at.
func runDying(t *testing.T, w *Worker) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// registerWait registers a task that never ends by itself. begun gets a token for each that begins.
func registerWait(w *Worker) (begun <-chan struct{}) {
	tokens := make(chan struct{}, 100)
	Register(w, "tasks.add", func(ctx context.Context, _ Arguments) (any, error) {
		tokens <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	return tokens
}

type sum struct {
	X int `json:"x"`
	Y int `json:"y,omitempty"`
}

func registerSome(w *Worker) {
	Register(w, "tasks.fibonacci", func(_ context.Context, limit int64) (int64, error) { return Fibonacci(limit) }, Parameter("limit"))
	Register(w, "tasks.add", func(_ context.Context, s sum) (int, error) { return s.X + s.Y, nil })
	Register(w, "tasks.fail", func(context.Context, struct{}) (any, error) { return nil, errors.New("broken") })
	Register(w, "tasks.fail_own", func(context.Context, struct{}) (any, error) {
		return nil, celery.NewException("builtins", "ValueError", "own", 17)
	})
	Register(w, "tasks.panic", func(context.Context, struct{}) (any, error) { panic("at the disco") })
	Register(w, "tasks.wait", func(ctx context.Context, _ struct{}) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	Register(w, "tasks.again", func(ctx context.Context, times int) (int, error) {
		if r := FromContext(ctx); r.Retries < times {
			return r.Retries, RetryAfter(time.Millisecond, errors.New("not yet"))
		}
		return FromContext(ctx).Retries, nil
	}, MaxRetries(2))
}

func startClient(t *testing.T, broker *testkit.Broker, options ...Option) *Client {
	options = append([]Option{WithLogger(testLogger(t)), WithBackoff(time.Millisecond, 20*time.Millisecond)}, options...)
	client, err := NewClient(broker.URL(), options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// outcomeText is a result's value, or its error.
func outcomeText(t *testing.T, r *AsyncResult) string {
	t.Helper()
	value, err := Get[json.RawMessage](testContext(t), r)
	if failed, ok := errors.AsType[*TaskFailedError](err); ok {
		return string(failed.State) + " " + failed.Exception.Error()
	}
	require.NoError(t, err)
	return string(value)
}

func TestTasksAndTheirResults(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	startNode(t, broker, nil)
	client := startClient(t, broker)
	for _, c := range []struct {
		call Call
		want string
	}{
		{NewCall("tasks.fibonacci", 1112), "987"},
		{NewCall("tasks.fibonacci").Kwarg("limit", 21), "13"},
		{NewCall("tasks.add", 1, 2), "3"},
		{NewCall("tasks.add", 1), "1"},
		{NewCall("tasks.add").Kwarg("y", 5).Kwarg("x", 4), "9"},
		{NewCall("tasks.add", 1).Countdown(20 * time.Millisecond), "1"},
		{NewCall("tasks.add", 1).ETA(time.Now().Add(10 * time.Millisecond)), "1"},
		{NewCall("tasks.add", 1).Expires(time.Hour).Priority(3).Shadow("x").Header("mine", map[string]any{"a": 1.5}), "1"},
		{NewCall("tasks.fail"), "FAILURE RuntimeError: broken"},
		{NewCall("tasks.fail_own"), "FAILURE ValueError: ('own', 17)"},
		{NewCall("tasks.panic"), "FAILURE RuntimeError: panic: at the disco"},
		{NewCall("tasks.again", 2), "2"},
		{NewCall("tasks.again", 3), "FAILURE RuntimeError: not yet"},
		{NewCall("tasks.unknown"), "FAILURE celery.exceptions.NotRegistered: tasks.unknown"},
		{NewCall("tasks.wait").TimeLimits(time.Millisecond, 0), "FAILURE billiard.exceptions.SoftTimeLimitExceeded"},
		{NewCall("tasks.wait").TimeLimits(0, 10*time.Millisecond), "FAILURE billiard.exceptions.TimeLimitExceeded: 0.01"},
		{NewCall("tasks.fibonacci"), "FAILURE TypeError: fibonacci() missing 1 required positional argument: 'limit'"},
		{NewCall("tasks.fibonacci", 1, 2), "FAILURE TypeError: fibonacci() takes 1 positional argument but 2 were given"},
		{NewCall("tasks.fibonacci", "15"), "FAILURE TypeError: fibonacci() argument limit: '15', expected int64"},
		{NewCall("tasks.fibonacci", nil), "FAILURE TypeError: fibonacci() argument limit: None, expected int64"},
		{NewCall("tasks.fibonacci", 1.5), "FAILURE TypeError: fibonacci() argument limit: 1.5, expected int64"},
		{NewCall("tasks.fibonacci", 1).Kwarg("limit", 1), "FAILURE TypeError: fibonacci() got multiple values for argument 'limit'"},
		{NewCall("tasks.add", 1).Kwarg("z", 1), "FAILURE TypeError: add() got an unexpected keyword argument 'z'"},
		{NewCall("tasks.add", 1, 2, 3), "FAILURE TypeError: add() takes from 1 to 2 positional arguments but 3 were given"},
		{NewCall("tasks.add", 1).Then(NewCall("tasks.add", 2)), "1"},
		{NewCall("tasks.fail").Catch(NewCall("tasks.unknown")), "FAILURE RuntimeError: broken"},
	} {
		result, err := client.Send(testContext(t), c.call)
		require.NoError(t, err)
		require.Equal(t, c.want, outcomeText(t, result), c.call.signature.Task)
	}
	broker.AwaitIdle(t)
}

func TestChainsAndGroups(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	startNode(t, broker, nil, WithQueues("celery", "other"))
	client := startClient(t, broker)
	last, err := client.SendChain(testContext(t), NewCall("tasks.add", 1, 2), NewCall("tasks.add", 4).OnQueue("other"), NewCall("tasks.fibonacci"))
	require.NoError(t, err)
	require.Equal(t, "5", outcomeText(t, last))
	require.Equal(t, "7", outcomeText(t, last.Parent()))
	require.Equal(t, "3", outcomeText(t, last.Parent().Parent()))
	require.Nil(t, last.Parent().Parent().Parent())
	failing, err := client.SendChain(testContext(t), NewCall("tasks.add", 1, 2), NewCall("tasks.fail").Immutable(), NewCall("tasks.add", 4), NewCall("tasks.add", 5))
	require.NoError(t, err)
	require.Equal(t, "FAILURE RuntimeError: broken", outcomeText(t, failing))
	require.Equal(t, "FAILURE RuntimeError: broken", outcomeText(t, failing.Parent()))
	require.Equal(t, "3", outcomeText(t, failing.Parent().Parent().Parent()))
	members, err := client.SendGroup(testContext(t), NewCall("tasks.add", 1), NewCall("tasks.add", 2), NewCall("tasks.fail"))
	require.NoError(t, err)
	for i, want := range []string{"1", "2", "FAILURE RuntimeError: broken"} {
		require.Equal(t, want, outcomeText(t, members[i]))
	}
	broker.AwaitIdle(t)
	history := broker.History(t).Queue("other")
	require.Len(t, history, 1)
}

func TestWhatCannotBeDoneIsRejected(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	ch, _ := dial(t, broker.URL())
	_, err := ch.QueueDeclare("dead", true, false, false, false, nil)
	require.NoError(t, err)
	arguments := amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}
	counters := new(Counters)
	startNode(t, broker, nil, WithQueueArguments(arguments), WithObserver(counters))
	headers := func(eta any) amqp.Table { return amqp.Table{"task": "tasks.add", "id": "bad", "eta": eta} }
	bad := []amqp.Publishing{
		{Body: []byte("Hello")},
		{ContentType: "application/json", Body: []byte("{}")},
		{ContentType: "application/json", Body: []byte("not JSON"), Headers: headers(nil)},
		{ContentType: "application/x-python-serialize", Body: []byte("\x80"), Headers: headers(nil)},
		{ContentType: "application/json", Body: []byte("[[], {}, {}]"), Headers: headers("tomorrow")},
		{ContentType: "application/json", Body: []byte("[[], [], {}]"), Headers: headers(nil)},
		{ContentType: "application/json", Body: []byte("[[], {}, {}]"), Headers: amqp.Table{"task": "tasks.nobody", "id": "1"}},
	}
	results, err := ch.QueueDeclare("", false, true, true, false, nil)
	require.NoError(t, err)
	for _, m := range bad {
		m.ReplyTo = results.Name
		require.NoError(t, ch.PublishWithContext(t.Context(), "", "celery", false, false, m))
	}
	broker.Queue("dead").AwaitReady(t, len(bad))
	told := broker.Queue(results.Name).AwaitReady(t, 5) // those with an id
	require.NotEmpty(t, told)
	client := startClient(t, broker, WithQueueArguments(arguments))
	result, err := client.Delay(testContext(t), "tasks.add", 1)
	require.NoError(t, err)
	require.Equal(t, "1", outcomeText(t, result)) // it still works
	require.Equal(t, len(bad), counters.Counts().Refused)
}

func TestRevokedAndExpiredTasks(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	w := startNode(t, broker, nil)
	client := startClient(t, broker)
	w.revoked.add("revoked")
	result, err := client.Send(testContext(t), NewCall("tasks.add", 1).ID("revoked"))
	require.NoError(t, err)
	require.Equal(t, "REVOKED celery.exceptions.TaskRevokedError: revoked", outcomeText(t, result))
	result, err = client.Send(testContext(t), NewCall("tasks.add", 1).Expires(10*time.Millisecond).Countdown(20*time.Millisecond))
	require.NoError(t, err)
	require.Equal(t, "REVOKED celery.exceptions.TaskRevokedError: expired", outcomeText(t, result))
	broker.AwaitIdle(t)
}

// More tasks wait for their eta than the prefetch allows, and others go past them.
func TestTasksThatWaitDoNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	startNode(t, broker, nil, WithPrefetch(2), WithLogger(slog.New(slog.DiscardHandler)))
	client := startClient(t, broker)
	for range 20 {
		_, err := client.Send(testContext(t), NewCall("tasks.add", 1).Countdown(time.Hour))
		require.NoError(t, err)
	}
	result, err := client.Delay(testContext(t), "tasks.add", 5)
	require.NoError(t, err)
	require.Equal(t, "5", outcomeText(t, result))
	broker.Queue("celery").AwaitAcked(t, 1)
	require.Equal(t, 20, broker.Queue("celery").Unacked(t))
}
