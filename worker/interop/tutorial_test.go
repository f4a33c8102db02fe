//go:build unix

package interop

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/worker"
)

// The tutorial, with a producer and a worker of each language.
func TestTutorial(t *testing.T) {
	for _, c := range []struct{ producer, worker string }{{"python", "python"}, {"python", "go"}, {"go", "python"}, {"go", "go"}} {
		t.Run(c.producer+" to "+c.worker, func(t *testing.T) {
			b := start(t)
			b.output(t, "topology")
			told := b.listen(t)
			if c.worker == "python" {
				b.pythonWorker(t, "tasks", "test-queue1")
			} else {
				b.goWorker(t, "test-queue1")
			}
			began := time.Now()
			if c.producer == "python" {
				lines := b.output(t, "create_request", "--wait")
				require.Len(t, lines, 2)
				require.Regexp(t, `^[0-9a-f-]{36}$`, lines[0])
				require.Equal(t, "13", lines[1])
			} else {
				result, err := b.goClient(t, "test-queue1").Delay(patience(t), "tasks.wrapped_main", 15)
				require.NoError(t, err)
				value, err := worker.Get[int64](patience(t), result)
				require.NoError(t, err)
				require.EqualValues(t, 13, value)
			}
			select {
			case d := <-told:
				require.Equal(t, "Job finished! Result is 13", string(d.Body))
				require.Equal(t, worker.ResultKey, d.RoutingKey)
				require.NotEmpty(t, d.Headers["host"])
				at, err := time.Parse(time.RFC3339Nano, d.Headers["time"].(string))
				require.NoError(t, err)
				require.WithinRange(t, at, began, time.Now())
			case <-patience(t).Done():
				t.Fatal("the messenger said nothing")
			}

			// A plain message in a Celery queue is rejected, by either worker, and the next task is done.
			b.output(t, "publish", "hello", "redpill")
			result, err := b.goClient(t, "test-queue1").Delay(patience(t), "tasks.wrapped_main", 1112)
			require.NoError(t, err)
			value, err := worker.Get[int64](patience(t), result)
			require.NoError(t, err)
			require.EqualValues(t, 987, value)
			require.Equal(t, "Job finished! Result is 987", string((<-told).Body))
		})
	}
}

// listen consumes what the messenger tells.
func (b place) listen(t *testing.T) <-chan amqp.Delivery {
	t.Helper()
	conn, err := amqp.Dial(b.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	require.NoError(t, err)
	told, err := ch.Consume(worker.ResultQueue, "", true, false, false, false, nil)
	require.NoError(t, err)
	return told
}

// Where the tutorial's own steps clash, the broker says what RabbitMQ says.
func TestClashesOfTheTutorial(t *testing.T) {
	b := start(t)
	b.output(t, "topology")
	vhost := b.host[len(b.host)-1:]
	lines := b.output(t, "clashes")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "queue_declare 406 PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'test-queue1' in vhost '")
	require.Contains(t, lines[0], vhost+"': received 'false' but current is 'true'")
	require.Contains(t, lines[1], "basic_publish 404 NOT_FOUND - no exchange 'nobody-declared-this' in vhost '")

	b.output(t, "publish", "by the blue pill")
	conn, err := amqp.Dial(b.url)
	require.NoError(t, err)
	defer conn.Close()
	ch, err := conn.Channel()
	require.NoError(t, err)
	d, ok, err := ch.Get("test-queue2", true)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "by the blue pill", string(d.Body))
	require.NotEmpty(t, d.Headers["host"])
	require.NotEmpty(t, d.Headers["time"])
}
