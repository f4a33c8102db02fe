package testkit_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

// testWorkerLosesNothing would be called TestWorkerLosesNothing in your code. Each
// seed is a bad day of its own; one that makes the test fail is in the name of the
// subtest, and its misfortunes in the log.
func testWorkerLosesNothing(t *testing.T) {
	testkit.Chaos(t, testkit.Seeds(20), synctest.Test, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, testkit.Topology{
			Exchanges: []testkit.Exchange{{Name: worker.TaskExchange}},
			Queues:    []testkit.Queue{{Name: worker.RedQueue, Arguments: amqp.Table{"x-dead-letter-exchange": worker.DeadLetterExchange}}},
			Bindings:  []testkit.Binding{{Source: worker.TaskExchange, Queue: worker.RedQueue, RoutingKey: worker.RedPill}},
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- worker.Run(ctx, broker.URL(), worker.WithConfig(broker.ClientConfig()), worker.WithLogger(discard))
		}()

		for i := range 5 {
			broker.PublishMessage(t, worker.TaskExchange, worker.RedPill, amqp.Publishing{
				MessageId: fmt.Sprint(i), DeliveryMode: amqp.Persistent, Body: []byte(`{"limit": 1112}`),
			})
			time.Sleep(20 * time.Second)
		}
		broker.Queue(worker.RedQueue).AwaitIdle(t)
		stop()
		<-ended

		done := make(map[string]bool)
		for _, result := range broker.Queue(worker.ResultQueue).Messages(t) {
			done[result.CorrelationId] = true
		}
		require.Len(t, done, 5, "tasks with a result")
	})
}

// A worker must survive twenty bad days and lose nothing.
func ExampleChaos() {
	var _ func(t *testing.T) = testWorkerLosesNothing
}
