package testkit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// The tests of this file, too, run on the emulator and on a real RabbitMQ.

func TestSameLooksAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	topology := testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "dead", Type: "fanout", Internal: true}, {Name: "events", Type: "topic", AutoDelete: true}},
		Queues: []testkit.Queue{
			{Name: "graveyard", Arguments: amqp.Table{"x-queue-type": "quorum"}},
			{Name: "tasks", Arguments: amqp.Table{"x-queue-type": "classic", "x-dead-letter-exchange": "dead", "x-max-length": 10}},
		},
		Bindings: []testkit.Binding{
			{Source: "dead", Queue: "graveyard"},
			{Source: "events", Queue: "tasks", RoutingKey: "task.#", Arguments: amqp.Table{"priority": 1}},
			{Source: "events", Exchange: "dead", RoutingKey: "lost"},
		},
	}
	broker.Declare(t, topology)
	broker.CheckTopology(t, topology)

	broker.PublishMessage(t, "events", "task.red", amqp.Publishing{MessageId: "1", Headers: amqp.Table{"n": int32(7)}, Body: []byte("one")})
	broker.Publish(t, "events", "task.blue", []byte("two"))
	all := broker.Queue("tasks").AwaitReady(t, 2)
	require.Equal(t, "1", all[0].MessageId)
	require.Equal(t, amqp.Table{"n": int32(7)}, all[0].Headers)
	require.Equal(t, "events", all[0].Exchange)
	broker.Queue("tasks").CheckBodies(t, "one", "two")
	broker.Queue("tasks").CheckCounts(t, testkit.Counts{Ready: 2})
	require.Empty(t, broker.Queue("nobody").Messages(t))
}

func TestSameConnectionsAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	conn, ch := dial(t, broker)
	require.NoError(t, ch.Qos(2, 0, false))
	deliveries := consume(t, ch, "tasks", "worker")
	for range 3 {
		broker.Publish(t, "", "tasks", []byte("hello"))
	}
	require.NoError(t, (<-deliveries).Ack(false))
	require.Equal(t, 1, broker.Queue("tasks").AwaitAcked(t, 1))
	require.Equal(t, 2, broker.Queue("tasks").AwaitUnacked(t, 2))

	all := broker.AwaitConnections(t, 1)
	require.Len(t, all, 1)
	require.Equal(t, "client", all[0].Name)
	require.Equal(t, "golang", all[0].ClientProperties["platform"])
	consumer := testkit.Consumer{Tag: "worker", Queue: "tasks", Connection: "client", Channel: 1, Active: true}
	want := []testkit.Channel{{Number: 1, Consumers: []testkit.Consumer{consumer}, Unacked: 2}}
	if diff := cmp.Diff(want, all[0].Channels, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}
	require.Equal(t, []testkit.Consumer{consumer}, broker.Queue("tasks").Consumers(t))
	require.NoError(t, conn.Close())
	broker.AwaitDisconnected(t, "client")
	require.Empty(t, broker.Connections(t))
}
