package testkit_test

import (
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

func TestDeadLetterIsTriedAgainAfterThreeMinutes(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{
			{Name: "tasks", Arguments: amqp.Table{"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-message-ttl": 1000,
				"x-dead-letter-exchange": "dead", "x-dead-letter-strategy": "at-least-once"}},
			{Name: "expired"},
		}})
		broker.Publish(t, "", "tasks", []byte("a"))
		died := time.Now().Add(time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 0, broker.Queue("tasks").Ready(t))
		broker.Declare(t, testkit.Topology{
			Exchanges: []testkit.Exchange{{Name: "dead", Type: "fanout"}},
			Bindings:  []testkit.Binding{{Source: "dead", Queue: "expired"}},
		})
		broker.Queue("expired").AwaitReady(t, 1)
		require.Equal(t, testkit.DefaultDeadLetterRetry, time.Since(died))
	})
}

func TestDeadLetterOutlivesRestart(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{
		{Name: "tasks", Arguments: amqp.Table{"x-queue-type": "quorum", "x-overflow": "reject-publish",
			"x-dead-letter-exchange": "dead", "x-dead-letter-strategy": "at-least-once"}},
		{Name: "rejected"},
	}})
	broker.Publish(t, "", "tasks", []byte("a"))
	_, ch := dial(t, broker)
	d := <-consume(t, ch, "tasks", "c")
	require.NoError(t, d.Reject(false))
	broker.AwaitIdle(t)
	broker.Restart(t)
	broker.Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "dead", Type: "fanout"}},
		Bindings:  []testkit.Binding{{Source: "dead", Queue: "rejected"}},
	})
	broker.FastForward(t, testkit.DefaultDeadLetterRetry)
	require.Equal(t, 1, broker.Queue("rejected").Ready(t))
}
