package testkit_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

// chaosSeeds is how many seeds the worker must come through: 1,000, fewer with
// -short or as CHAOS_SEEDS says.
func chaosSeeds(t *testing.T) testkit.SeedRange {
	if text := os.Getenv("CHAOS_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return testkit.Seeds(n)
	}
	if testing.Short() {
		return testkit.Seeds(50)
	}
	return testkit.Seeds(1000)
}

const chaosTasks = 12

// runUnderChaos publishes tasks, lets run work on them and returns the IDs of the
// tasks without a result once the broker is idle, or as idle as it gets.
func runUnderChaos(t testkit.Test, broker *testkit.Broker, run func(ctx context.Context) error) (lost []string) {
	broker.Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: worker.TaskExchange}, {Name: worker.ResultExchange}, {Name: worker.DeadLetterExchange, Type: "fanout"}},
		Queues: []testkit.Queue{
			{Name: worker.DeadLetterQueue},
			{Name: worker.ResultQueue},
			{Name: worker.RedQueue, Arguments: amqp.Table{"x-dead-letter-exchange": worker.DeadLetterExchange}},
			{Name: worker.BlueQueue, Arguments: amqp.Table{"x-dead-letter-exchange": worker.DeadLetterExchange}},
		},
		Bindings: []testkit.Binding{
			{Source: worker.DeadLetterExchange, Queue: worker.DeadLetterQueue},
			{Source: worker.ResultExchange, Queue: worker.ResultQueue, RoutingKey: worker.ResultKey},
			{Source: worker.TaskExchange, Queue: worker.RedQueue, RoutingKey: worker.RedPill},
			{Source: worker.TaskExchange, Queue: worker.BlueQueue, RoutingKey: worker.BluePill},
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	missing := make(map[string]bool)
	for i := range chaosTasks {
		id := fmt.Sprint("task ", i)
		missing[id] = true
		broker.PublishMessage(t, worker.TaskExchange, []string{worker.RedPill, worker.BluePill}[i%2], amqp.Publishing{
			MessageId: id, DeliveryMode: amqp.Persistent, Body: fmt.Appendf(nil, `{"limit": %d}`, 1000+i),
		})
		time.Sleep(7 * time.Second) // of the bubble
	}
	broker.Queue(worker.RedQueue).AwaitIdle(t)
	broker.Queue(worker.BlueQueue).AwaitIdle(t)
	cancel()
	<-ended // it may have been cut short in saying goodbye
	for _, r := range broker.Queue(worker.ResultQueue).Messages(t) {
		delete(missing, r.CorrelationId)
	}
	for i := range chaosTasks {
		if id := fmt.Sprint("task ", i); missing[id] {
			lost = append(lost, id)
		}
	}
	return lost
}

// ackedWithoutResult returns the tasks that were acknowledged when no result of
// theirs was in the result queue.
func ackedWithoutResult(h testkit.History) (tasks []string) {
	done := make(map[string]int) // the number of the event
	for _, m := range h.Queue(worker.ResultQueue) {
		for _, e := range m.Events {
			id := m.Message.CorrelationId
			if first, known := done[id]; e.Kind == testkit.Routed && (!known || e.Number < first) {
				done[id] = e.Number
			}
		}
	}
	for _, m := range h.Exchange(worker.TaskExchange) {
		for _, e := range m.Events {
			id := m.Message.MessageId
			if at, known := done[id]; e.Kind == testkit.Acked && (!known || at > e.Number) {
				tasks = append(tasks, id)
			}
		}
	}
	return tasks
}

func TestWorkerUnderChaos(t *testing.T) {
	testkit.Chaos(t, chaosSeeds(t), synctest.Test, func(t *testing.T, broker *testkit.Broker) {
		lost := runUnderChaos(t, broker, func(ctx context.Context) error {
			return worker.Run(ctx, broker.URL(), worker.WithConfig(broker.ClientConfig()), worker.WithConcurrency(2),
				worker.WithMaxPause(10*time.Second), worker.WithLogger(slog.New(slog.DiscardHandler)))
		})
		require.Empty(t, lost, "tasks without a result")
		require.Empty(t, ackedWithoutResult(broker.History(t)), "tasks that were acknowledged before their result was safe")
		require.Empty(t, broker.Queue(worker.DeadLetterQueue).Messages(t))
	})
}

// hastyWorker acknowledges before it publishes, and reconnects like a good one.
func hastyWorker(ctx context.Context, broker *testkit.Broker) error {
	for ctx.Err() == nil {
		_ = hastySession(ctx, broker)
		timer := time.NewTimer(time.Second)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

func hastySession(ctx context.Context, broker *testkit.Broker) error {
	conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := ch.Qos(2, 0, false); err != nil {
		return err
	}
	var inputs []<-chan amqp.Delivery
	for _, q := range []string{worker.RedQueue, worker.BlueQueue} {
		deliveries, err := ch.Consume(q, "", false, false, false, false, nil)
		if err != nil {
			return err
		}
		inputs = append(inputs, deliveries)
	}
	for {
		var d amqp.Delivery
		ok := false
		select {
		case d, ok = <-inputs[0]:
		case d, ok = <-inputs[1]:
		}
		if !ok {
			return amqp.ErrClosed
		}
		if err := d.Ack(false); err != nil { // the bug
			return err
		}
		time.Sleep(time.Second) // the job
		result := amqp.Publishing{CorrelationId: d.MessageId, DeliveryMode: amqp.Persistent}
		if err := ch.Publish(worker.ResultExchange, worker.ResultKey, false, false, result); err != nil {
			return err
		}
	}
}

// caught is a test whose failure is what is wanted.
type caught struct {
	*testing.T
	failures *[]string // names of failed subtests
	failed   *bool
	log      *strings.Builder
}

func (c caught) Run(name string, f func(c caught)) bool {
	if len(*c.failures) > 0 {
		return true // it was found
	}
	return c.T.Run(name, func(t *testing.T) {
		var failed bool
		c := c
		c.T, c.failed = t, &failed
		f(c)
		if failed {
			*c.failures = append(*c.failures, name)
		}
	})
}

func (c caught) Failed() bool { return *c.failed }
func (c caught) Errorf(format string, args ...any) {
	*c.failed = true
	c.Logf(format, args...)
}
func (c caught) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	c.T.SkipNow()
}
func (c caught) Output() io.Writer               { return c.log }
func (c caught) Logf(format string, args ...any) { fmt.Fprintf(c.log, format+"\n", args...) }

// A worker that acknowledges first loses tasks. Chaos shows it, soon.
func TestChaosCatchesAHastyWorker(t *testing.T) {
	var log strings.Builder
	c := caught{t, new([]string), new(bool), &log}
	inBubble := func(c caught, f func(caught)) {
		synctest.Test(c.T, func(t *testing.T) {
			c.T = t
			f(c)
		})
	}
	testkit.Chaos(c, testkit.Seeds(100), inBubble, func(c caught, broker *testkit.Broker) {
		lost := runUnderChaos(c, broker, func(ctx context.Context) error { return hastyWorker(ctx, broker) })
		if len(lost) > 0 {
			c.Errorf("tasks without a result: %v", lost)
		}
	})
	require.NotEmpty(t, *c.failures, "no seed out of 100 lost a task of a worker that acknowledges first")
	t.Logf("caught by %v", *c.failures)
	require.Contains(t, log.String(), "chaos with seed "+strings.TrimPrefix((*c.failures)[0], "seed="))
}

// Without chaos the same worker looks right.
func TestHastyWorkerPassesWithoutChaos(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		require.Empty(t, runUnderChaos(t, broker, func(ctx context.Context) error { return hastyWorker(ctx, broker) }))
	})
}

// A publisher that waits for confirms and wants nothing returned loses nothing:
// a RabbitMQ confirms what it has taken.
func TestConfirmedIsKeptUnderChaos(t *testing.T) {
	testkit.Chaos(t, testkit.Seeds(200), synctest.Test, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		var conn *amqp.Connection
		var ch *amqp.Channel
		for i := range chaosTasks {
			for !confirmedBy(ch, fmt.Sprint("task ", i)) {
				if conn != nil {
					conn.Close()
				}
				time.Sleep(time.Second)
				conn, ch = openForConfirms(broker)
			}
			time.Sleep(7 * time.Second)
		}
		conn.Close()
		kept := make(map[string]bool)
		for _, m := range broker.Queue("tasks").Messages(t) {
			kept[string(m.Body)] = true
		}
		require.Len(t, kept, chaosTasks)
	})
}

// openForConfirms opens a channel in confirm mode, nil if that fails.
func openForConfirms(broker *testkit.Broker) (*amqp.Connection, *amqp.Channel) {
	conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	if err != nil {
		return nil, nil
	}
	ch, err := conn.Channel()
	if err != nil || ch.Confirm(false) != nil {
		return conn, nil
	}
	return conn, ch
}

// confirmedBy publishes to the queue of tasks and says whether that was confirmed.
func confirmedBy(ch *amqp.Channel, body string) bool {
	if ch == nil {
		return false
	}
	c, err := ch.PublishWithDeferredConfirm("", "tasks", false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body)})
	return err == nil && c.Wait()
}
