package testkit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// RabbitMQ chooses by chance which queue goes on under a channel's limit; here they
// take turns, so that a test of a fair worker passes always.
func TestQueuesTakeTurnsUnderAGlobalLimit(t *testing.T) {
	broker := testkit.Start(t, testkit.WithRelease("3.10"))
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "0"}, {Name: "1"}, {Name: "2"}}})
	for _, q := range broker.Queues(t) {
		for range 3 {
			broker.Publish(t, "", q.Name, nil)
		}
	}
	_, ch := dial(t, broker)
	require.NoError(t, ch.Qos(1, 0, true))
	first, second, third := consume(t, ch, "0", ""), consume(t, ch, "1", ""), consume(t, ch, "2", "")
	order := ""
	for range 9 {
		select {
		case d := <-first:
			order += d.RoutingKey
			require.NoError(t, d.Ack(false))
		case d := <-second:
			order += d.RoutingKey
			require.NoError(t, d.Ack(false))
		case d := <-third:
			order += d.RoutingKey
			require.NoError(t, d.Ack(false))
		}
	}
	require.Equal(t, "012012012", order)
}
