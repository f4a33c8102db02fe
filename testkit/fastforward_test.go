package testkit_test

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// Three queues, each of which keeps a message for an hour: after a day of them
// in one step, each message has been in each of them for its hour.
func TestFastForwardGoesFromDeadlineToDeadline(t *testing.T) {
	broker := testkit.Start(t)
	hourThen := func(name, next string) testkit.Queue {
		return testkit.Queue{Name: name, Arguments: amqp.Table{
			"x-message-ttl":             time.Hour.Milliseconds(),
			"x-dead-letter-exchange":    "",
			"x-dead-letter-routing-key": next,
		}}
	}
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{hourThen("first", "second"), hourThen("second", "third"), {Name: "third"}}})
	broker.Publish(t, "", "first", []byte("hello"))

	broker.FastForward(t, time.Hour+59*time.Minute)
	broker.Queue("second").CheckBodies(t, "hello")
	broker.FastForward(t, 22*time.Hour)
	broker.Queue("third").CheckBodies(t, "hello")

	history := broker.History(t)
	require.Len(t, history, 3, "the message and two dead letters")
	for i, m := range history {
		require.Less(t, m.Events[0].Time.Sub(history[0].Events[0].Time)-time.Duration(i)*time.Hour, time.Minute, "when message %d was published: at its own deadline, not at the end of the step", i)
	}
}

// Queues in different virtual hosts share the clock.
func TestFastForwardMovesAllVirtualHosts(t *testing.T) {
	broker := testkit.Start(t)
	broker.ImportDefinitions(t, []byte(`{"vhosts": [{"name": "other"}],
		"permissions": [{"user": "guest", "vhost": "other", "configure": ".*", "write": ".*", "read": ".*"}],
		"queues": [{"name": "temporary", "vhost": "other", "durable": true, "auto_delete": false, "arguments": {"x-expires": 3600000}}]}`))
	conn, err := amqp.Dial(broker.URL() + "other")
	require.NoError(t, err)
	defer conn.Close()
	there := func() error {
		ch, err := conn.Channel()
		require.NoError(t, err)
		_, err = ch.QueueDeclarePassive("temporary", true, false, false, false, nil)
		return err
	}
	broker.FastForward(t, 59*time.Minute)
	require.NoError(t, there())
	broker.FastForward(t, time.Hour)
	require.ErrorContains(t, there(), "no queue 'temporary' in vhost 'other'")
}

// Heartbeats belong to the network, whose time does not move: a client with
// heartbeats of a second is there after a week, and works.
func TestFastForwardLeavesHeartbeatsAlone(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	conn, err := amqp.DialConfig(broker.URL(), amqp.Config{Heartbeat: time.Second})
	require.NoError(t, err)
	defer conn.Close()
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	ch, err := conn.Channel()
	require.NoError(t, err)
	deliveries := consume(t, ch, "tasks", "worker")

	broker.FastForward(t, 7*24*time.Hour)

	publish(t, ch, "tasks", "hello")
	require.NoError(t, (<-deliveries).Ack(false))
	broker.AwaitIdle(t)
	require.Empty(t, closed)
}
