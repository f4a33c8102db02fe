package testkit_test

import (
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// testUnclaimedTaskExpires would be called TestUnclaimedTaskExpires in your code.
// The 24 hours are exact, and over in a millisecond.
func testUnclaimedTaskExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := testkit.Start(t, testkit.InMemory())
		broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{
			{Name: "tasks", Arguments: amqp.Table{
				"x-message-ttl":             (24 * time.Hour).Milliseconds(),
				"x-dead-letter-exchange":    "",
				"x-dead-letter-routing-key": "expired",
			}},
			{Name: "expired"},
		}})
		conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfigWithoutHeartbeats())
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		require.NoError(t, ch.Publish("", "tasks", false, false, amqp.Publishing{Body: []byte("hello")}))

		time.Sleep(24*time.Hour - time.Second)
		synctest.Wait()
		broker.Queue("tasks").CheckBodies(t, "hello")
		time.Sleep(time.Second)
		synctest.Wait()
		broker.Queue("expired").CheckBodies(t, "hello")
		require.NoError(t, conn.Close()) // a bubble ends when all in it have
	})
}

// A day in a millisecond, in a bubble of testing/synctest.
func ExampleInMemory() {
	var _ func(t *testing.T) = testUnclaimedTaskExpires
}
