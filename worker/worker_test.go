package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/minirabbit/minirabbit/wire"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// withJob puts another job in the place of Fibonacci.
func withJob(j job) Option { return func(cfg *config) { cfg.job = j } }

func TestRunAnswersTasks(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	began := time.Now()
	worker := start(t, url)
	tasks := publish(t, url, 1112)

	result := awaitResult(t, url)
	require.Equal(t, "Job finished! Result is 987", string(result.Body))
	require.Equal(t, ResultExchange, result.Exchange)
	require.Equal(t, ResultKey, result.RoutingKey)
	r, err := ParseResult(result)
	require.NoError(t, err)
	require.Equal(t, tasks[0].ID, r.TaskID)
	require.Equal(t, tasks[0].Limit, r.Limit)
	require.NotEmpty(t, r.Host)
	require.WithinRange(t, r.Time, began, time.Now())
	require.NoError(t, worker.stop(ctx))
	require.Zero(t, ready(t, url, RedQueue))
}

func TestRunRejectsWhatIsNotATask(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	dead, _ := consume(t, url, DeadLetterQueue)
	ch, _ := dial(t, url)
	worker := start(t, url, WithConcurrency(2))
	for _, c := range notTasks {
		require.NoError(t, ch.PublishWithContext(ctx, TaskExchange, BluePill, false, false, amqp.Publishing{Body: []byte(c.body)}))
	}
	for range notTasks {
		select {
		case d := <-dead:
			require.Equal(t, BluePill, d.RoutingKey)
			death := d.Headers["x-death"].([]any)[0].(amqp.Table)
			require.Equal(t, "rejected", death["reason"])
			require.Equal(t, BlueQueue, death["queue"])
		case <-ctx.Done():
			t.Fatal("not everything was dead-lettered")
		}
	}
	awaitResults(t, url, publish(t, url, 12)) // it still works
	require.NoError(t, worker.stop(ctx))
	require.Zero(t, ready(t, url, BlueQueue))
}

func TestRunWorksOnAsManyTasksAsItMay(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	tasks := publish(t, url, 12, 21, 34, 55, 89, 144, 233, 377)
	const concurrency = 3
	running := make(chan struct{}, len(tasks))
	release := make(chan struct{})
	worker := start(t, url, WithConcurrency(concurrency), WithPrefetch(len(tasks)), withJob(
		func(ctx context.Context, task Task) (int64, error) {
			running <- struct{}{}
			select {
			case <-release:
				return Fibonacci(task.Limit)
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			}
		}))
	for range concurrency {
		<-running
	}
	// The broker has sent every task by the time that it answers for a message behind them; none of them may begin.
	require.Zero(t, ready(t, url, RedQueue)+ready(t, url, BlueQueue))
	require.Empty(t, running)
	close(release)
	awaitResults(t, url, tasks)
	require.NoError(t, worker.stop(ctx))
}

func TestRunConsumesOnlyItsQueues(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	tasks := publish(t, url, 12, 21)
	worker := start(t, url, WithQueues(BlueQueue))
	awaitResults(t, url, tasks[1:])
	require.NoError(t, worker.stop(ctx))
	require.Equal(t, 1, ready(t, url, RedQueue))
}

// The topology is taken away under a running worker, in each way that its channels notice.
func TestRunSurvivesTheLossOfTopology(t *testing.T) {
	for _, c := range []struct {
		name string
		lose func(ch *amqp.Channel) error
	}{
		{"task queue deleted: consumer cancelled", func(ch *amqp.Channel) error {
			_, err := ch.QueueDelete(RedQueue, false, false, false)
			return err
		}},
		{"result exchange deleted: channel closed with 404", func(ch *amqp.Channel) error {
			return ch.ExchangeDelete(ResultExchange, false, false)
		}},
		{"result queue unbound: result returned", func(ch *amqp.Channel) error {
			return ch.QueueUnbind(ResultQueue, ResultKey, ResultExchange, nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := startBroker(t)
			ctx := testContext(t)
			p := startProxy(t, url, fault{})
			worker := start(t, p.url)
			awaitResults(t, url, publish(t, url, 12, 12))
			// Publishing declares the topology: connect before it is lost.
			producer, err := NewProducer(url, WithLogger(testLogger(t)))
			require.NoError(t, err)
			defer producer.Close()
			first, err := producer.Publish(ctx, BluePill, Task{Limit: 12})
			require.NoError(t, err)
			tasks := []Task{first[0].Task}
			awaitResults(t, url, tasks)

			ch, _ := dial(t, url)
			require.NoError(t, c.lose(ch))
			for len(tasks) < 3 {
				receipts, _ := producer.Publish(ctx, RedPill, Task{Limit: 1112})
				if receipts[0].Err == nil {
					tasks = append(tasks, receipts[0].Task)
				}
				require.NoError(t, ctx.Err())
			}
			require.NoError(t, p.audit.awaitAcked(ctx, tasks))
			require.Empty(t, p.audit.complaints())
			require.NoError(t, worker.stop(ctx))
			require.Zero(t, ready(t, url, RedQueue))
		})
	}
}

// A result that the broker refuses is published again, without doing the job again.
func TestRunPublishesARefusedResultAgain(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	p := startProxy(t, url, fault{from: broker, method: wire.IDBasicAck, replace: func(f wire.Frame) wire.Frame {
		nack := wire.BasicNack{DeliveryTag: 1}
		return wire.Frame{Type: wire.FrameMethod, Channel: f.Channel, Payload: nack.Append(nil)}
	}})
	tasks := publish(t, url, 12)
	g := newGate()
	close(g.opened)
	worker := start(t, p.url, withJob(g.job))
	require.NoError(t, p.audit.awaitAcked(ctx, tasks))
	require.Empty(t, p.audit.complaints())
	require.NoError(t, worker.stop(ctx))
	require.Len(t, g.begun, 1)
	require.Equal(t, 2, ready(t, url, ResultQueue)) // the refusal was the proxy's: the broker took both
}

func TestRunIsRefused(t *testing.T) {
	t.Run("virtual host", func(t *testing.T) {
		uri, err := amqp.ParseURI(startBroker(t))
		require.NoError(t, err)
		uri.Vhost = "nowhere"
		var refusal *amqp.Error
		require.ErrorAs(t, start(t, uri.String()).wait(testContext(t)), &refusal)
		require.Equal(t, amqp.NotAllowed, refusal.Code)
	})
	t.Run("topology", func(t *testing.T) {
		url := startBroker(t)
		ch, _ := dial(t, url)
		_, err := ch.QueueDeclare(RedQueue, true, false, false, false, nil)
		require.NoError(t, err)
		var refusal *TopologyError
		require.ErrorAs(t, start(t, url).wait(testContext(t)), &refusal)
		require.Equal(t, `queue "test-queue1" (durable, x-dead-letter-exchange "test-dead-letters")`, refusal.Declaration)
	})
}

// A refusal ends a worker that never worked; one that did goes on trying until it is set right.
func TestRunOutlivesARefusalOnceItHasWorked(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	refused := make(chan error, 100)
	logger := testLogger(t)
	worker := start(t, url, WithLogger(notify(logger, "worker disconnected", refused)))
	awaitResults(t, url, publish(t, url, 12))

	ch, _ := dial(t, url)
	// The worker declares the queue as soon as it notices that it is gone. Delete it until ours is first.
	var err error
	for {
		_, err = ch.QueueDelete(RedQueue, false, false, false)
		require.NoError(t, err)
		if _, err = ch.QueueDeclare(RedQueue, true, false, false, false, nil); err == nil {
			break
		}
		require.NoError(t, ctx.Err())
		ch, _ = dial(t, url)
	}
	for {
		select {
		case err := <-refused:
			if _, ok := errors.AsType[*TopologyError](err); !ok {
				continue
			}
		case <-ctx.Done():
			t.Fatal("the worker was never refused")
		}
		break
	}
	_, err = ch.QueueDelete(RedQueue, false, false, false)
	require.NoError(t, err)
	awaitResults(t, url, publish(t, url, 21))
	require.NoError(t, worker.stop(ctx))
}

// Run returns as soon as its context ends, whatever it waits for.
func TestRunEndsWithItsContext(t *testing.T) {
	t.Run("between attempts", func(t *testing.T) {
		dials := make(chan struct{}, 1)
		worker := start(t, "amqp://localhost", WithBackoff(time.Hour, time.Hour), WithConfig(amqp.Config{
			Dial: func(string, string) (net.Conn, error) {
				dials <- struct{}{}
				return nil, fmt.Errorf("nobody there")
			},
		}))
		<-dials
		require.NoError(t, worker.stop(testContext(t)))
	})
	t.Run("in a handshake with a broker that says nothing", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		worker := start(t, "amqp://"+listener.Addr().String())
		conn, err := listener.Accept()
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, worker.stop(testContext(t)))
	})
	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, Run(ctx, "amqp://localhost", WithLogger(testLogger(t))))
	})
}

func TestTopologyErrorNamesTheWayOut(t *testing.T) {
	url := startBroker(t)
	ch, _ := dial(t, url)
	_, err := ch.QueueDeclare(BlueQueue, true, false, false, false, amqp.Table{"x-max-length": 3})
	require.NoError(t, err)
	err = DeclareTopology(ch)
	require.Error(t, err)
	for _, part := range []string{
		`worker: declare queue "test-queue2" (durable, x-dead-letter-exchange "test-dead-letters")`,
		"406", "PRECONDITION_FAILED", "inequivalent arg",
		"it exists with other properties: delete it",
	} {
		require.True(t, strings.Contains(err.Error(), part), "%q lacks %q", err, part)
	}
}

func TestDeclareTopologyTwice(t *testing.T) {
	ch, _ := dial(t, startBroker(t))
	require.NoError(t, DeclareTopology(ch))
	require.NoError(t, DeclareTopology(ch))
}
