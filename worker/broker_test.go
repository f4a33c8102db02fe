package worker

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/minirabbit/minirabbit/testkit"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// startBroker returns the URL of a broker that holds nothing of the topology: one of the test's own, which then runs in
// parallel with others, or the one that WORKER_TEST_AMQP_URL names, a RabbitMQ perhaps.
func startBroker(t *testing.T) string {
	url := os.Getenv("WORKER_TEST_AMQP_URL")
	if url == "" {
		t.Parallel()
		return testkit.Start(t).URL()
	}
	ch, hangUp := dial(t, url)
	defer hangUp()
	for _, queue := range []string{RedQueue, BlueQueue, ResultQueue, DeadLetterQueue} {
		_, err := ch.QueueDelete(queue, false, false, false)
		require.NoError(t, err)
	}
	for _, exchange := range []string{TaskExchange, ResultExchange, DeadLetterExchange} {
		require.NoError(t, ch.ExchangeDelete(exchange, false, false))
	}
	return url
}

// testContext ends with the test, and long before the test binary's own timeout.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// dial opens a channel for the test's own use. hangUp ends it, and with it its connection, before the test does.
func dial(t *testing.T, url string) (ch *amqp.Channel, hangUp func()) {
	conn, err := amqp.Dial(url)
	require.NoError(t, err)
	hangUp = func() { _ = conn.Close() }
	t.Cleanup(hangUp)
	ch, err = conn.Channel()
	require.NoError(t, err)
	return ch, hangUp
}

// consume consumes a queue of the topology without acknowledging.
func consume(t *testing.T, url, queue string) (deliveries <-chan amqp.Delivery, hangUp func()) {
	ch, hangUp := dial(t, url)
	require.NoError(t, DeclareTopology(ch))
	deliveries, err := ch.Consume(queue, "", true, false, false, false, nil)
	require.NoError(t, err)
	return deliveries, hangUp
}

// A runner is a Run on its way.
type runner struct {
	cancel context.CancelFunc
	done   chan error
}

// start runs a worker that logs to the test and reconnects quickly. It ends with the test at the latest.
func start(t *testing.T, url string, options ...Option) *runner {
	ctx, cancel := context.WithCancel(t.Context())
	r := &runner{cancel: cancel, done: make(chan error, 1)}
	options = append([]Option{WithLogger(testLogger(t)), WithBackoff(time.Millisecond, 20*time.Millisecond)}, options...)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.done <- Run(ctx, url, options...)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return r
}

// stop ends the worker's context and returns what Run returned.
func (r *runner) stop(ctx context.Context) error {
	r.cancel()
	return r.wait(ctx)
}

func (r *runner) wait(ctx context.Context) error {
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// notify is a logger that also sends the error of each record with the message to errs.
func notify(l *slog.Logger, message string, errs chan<- error) *slog.Logger {
	return slog.New(notifier{l.Handler(), message, errs})
}

type notifier struct {
	slog.Handler
	message string
	errs    chan<- error
}

func (n notifier) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == n.message {
		r.Attrs(func(a slog.Attr) bool {
			if err, ok := a.Value.Any().(error); ok {
				n.errs <- err
			}
			return true
		})
	}
	return n.Handler.Handle(ctx, r)
}

func testLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// publish hands tasks with the given limits to the broker, by turns with both keys, and returns them with their ids.
func publish(t *testing.T, url string, limits ...int64) []Task {
	producer, err := NewProducer(url, WithLogger(testLogger(t)))
	require.NoError(t, err)
	tasks := make([]Task, len(limits))
	for i, limit := range limits {
		key := []string{RedPill, BluePill}[i%2]
		receipts, err := producer.Publish(testContext(t), key, Task{Limit: limit})
		require.NoError(t, err)
		tasks[i] = receipts[0].Task
	}
	require.NoError(t, producer.Close())
	return tasks
}

// awaitResults consumes results until there is one for each task, and returns how many each task got. The values and
// the text are checked.
func awaitResults(t *testing.T, url string, tasks []Task) map[string]int {
	deliveries, hangUp := consume(t, url, ResultQueue)
	defer hangUp()
	open := make(map[string]Task, len(tasks))
	for _, task := range tasks {
		open[task.ID] = task
	}
	known := make(map[string]int, len(tasks))
	ctx := testContext(t)
	for len(open) > 0 {
		select {
		case d, ok := <-deliveries:
			require.True(t, ok, "results ended with %d tasks open", len(open))
			r, err := ParseResult(d)
			require.NoError(t, err)
			if task, first := open[r.TaskID]; first {
				want, err := Fibonacci(task.Limit)
				require.NoError(t, err)
				require.Equal(t, want, r.Value)
				require.Equal(t, r.String(), string(d.Body))
			}
			delete(open, r.TaskID)
			known[r.TaskID]++
		case <-ctx.Done():
			require.NoError(t, ctx.Err(), "no result for %d of %d tasks: %v", len(open), len(tasks), open)
		}
	}
	return known
}

// awaitResult consumes one result.
func awaitResult(t *testing.T, url string) amqp.Delivery {
	deliveries, hangUp := consume(t, url, ResultQueue)
	defer hangUp()
	select {
	case d := <-deliveries:
		return d
	case <-testContext(t).Done():
		t.Fatal("no result")
		return amqp.Delivery{}
	}
}

// ready returns how many messages wait in a queue.
func ready(t *testing.T, url, queue string) int {
	ch, hangUp := dial(t, url)
	defer hangUp()
	q, err := ch.QueueDeclarePassive(queue, true, false, false, false, nil)
	require.NoError(t, err)
	return q.Messages
}
