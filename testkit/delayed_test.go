package testkit_test

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

func TestDelayedMessagesOutliveRestart(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "later", Type: "x-delayed-message", Arguments: amqp.Table{"x-delayed-type": "direct"}}},
		Queues:    []testkit.Queue{{Name: "tasks"}},
		Bindings:  []testkit.Binding{{Source: "later", Queue: "tasks", RoutingKey: "k"}},
	})
	broker.PublishMessage("later", "k", amqp.Publishing{Headers: amqp.Table{"x-delay": int32(60_000)}, Body: []byte("a")})
	broker.Restart()
	broker.FastForward(time.Minute - time.Second)
	require.Equal(t, 0, broker.Queue("tasks").Ready())
	broker.FastForward(time.Second)
	require.Equal(t, "a", string(broker.Queue("tasks").Await(t, 1)[0].Body))
}
