package testkit_test

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/minirabbit/minirabbit/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPublishAndConsume(t *testing.T) {
	for name, options := range map[string][]testkit.Option{"TCP": nil, "in memory": {testkit.InMemory()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := testkit.Start(t, options...)
			conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
			require.NoError(t, err)
			ch, err := conn.Channel()
			require.NoError(t, err)
			_, err = ch.QueueDeclare("tasks", false, false, false, false, nil)
			require.NoError(t, err)
			require.NoError(t, ch.PublishWithContext(t.Context(), "", "tasks", false, false, amqp.Publishing{Body: []byte("hello")}))
			deliveries, err := ch.Consume("tasks", "", false, false, false, false, nil)
			require.NoError(t, err)
			d := <-deliveries
			require.Equal(t, "hello", string(d.Body))
			require.Equal(t, 1, broker.Queue("tasks").Unacked(t))
			require.NoError(t, d.Ack(false))
			broker.AwaitIdle(t)
			require.NoError(t, conn.Close())
		})
	}
}
