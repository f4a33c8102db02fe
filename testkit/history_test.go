package testkit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// deadLetters is a queue whose rejected and expired messages go to another.
var deadLetters = testkit.Topology{
	Exchanges: []testkit.Exchange{{Name: "dead", Type: "fanout"}},
	Queues: []testkit.Queue{
		{Name: "tasks", Arguments: amqp.Table{"x-dead-letter-exchange": "dead"}},
		{Name: "graveyard"},
	},
	Bindings: []testkit.Binding{{Source: "dead", Queue: "graveyard"}},
}

func TestHistoryTellsTheStoryOfAMessage(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, deadLetters)
	_, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "worker")
	publish(t, ch, "tasks", "hello")
	require.NoError(t, (<-deliveries).Nack(false, true))
	require.NoError(t, (<-deliveries).Reject(false))
	broker.Queue("graveyard").Take(t, 1)

	history := broker.History(t).Queue("tasks")
	require.Len(t, history, 1)
	require.Equal(t, 2, history[0].Deliveries())
	var story []string
	for _, e := range history[0].Events {
		e.Connection, e.Channel = "", 0
		story = append(story, e.String())
	}
	want := []string{
		`published`,
		`routed queue="tasks"`,
		`delivered queue="tasks" consumer="worker" tag=1`,
		`requeued queue="tasks" consumer="worker" tag=1`,
		`delivered queue="tasks" consumer="worker" tag=2 redelivered`,
		`rejected queue="tasks" consumer="worker" tag=2`,
		`dropped queue="tasks" reason="rejected"`,
		`dead-lettered queue="tasks" reason="rejected" as message 2`,
	}
	if diff := cmp.Diff(want, story); diff != "" {
		t.Errorf("story (-want +got):\n%s", diff)
	}
	require.Equal(t, "client", history[0].Events[0].Connection)

	dead := broker.History(t).Exchange("dead")
	require.Equal(t, 2, dead[0].ID)
	require.Equal(t, []string{"graveyard"}, dead[0].Queues())
	require.Contains(t, dead.String(), `got queue="graveyard" redelivered no-ack`)
	require.Empty(t, broker.History(t).RoutingKey("nothing"))
}

func TestHistoryTellsWhatWasReturned(t *testing.T) {
	broker := testkit.Start(t)
	_, ch := dial(t, broker)
	returns := ch.NotifyReturn(make(chan amqp.Return, 1))
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "nowhere", true, false, amqp.Publishing{}))
	<-returns
	require.Equal(t, 1, broker.History(t).RoutingKey("nowhere")[0].Count(testkit.Returned))
}

func TestHistoryKnowsVirtualTime(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "short", Arguments: amqp.Table{"x-message-ttl": 3_600_000}}}})
	broker.Publish(t, "", "short", []byte("x"))
	broker.FastForward(t, 24*time.Hour)
	m := broker.AwaitMessage(t, func(m testkit.MessageHistory) bool { return m.Count(testkit.Dropped) == 1 })
	last := m.Events[len(m.Events)-1]
	require.Equal(t, "expired", last.Reason)
	require.InDelta(t, time.Hour, last.Time.Sub(m.Events[0].Time), float64(time.Minute))
}

func TestWaits(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	conn, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "worker")
	require.Equal(t, 1, broker.Queue("tasks").AwaitConsumers(t, 1))
	connections := broker.AwaitConnections(t, 1)
	require.Equal(t, "client", connections[0].Name)
	want := []testkit.Consumer{{Tag: "worker", Queue: "tasks", Connection: "client", Channel: 1, Active: true}}
	require.Equal(t, want, connections[0].Channels[0].Consumers)
	require.Equal(t, want, broker.Queue("tasks").Consumers(t))

	go func() {
		for range 3 {
			broker.Publish(t, "", "tasks", []byte("x"))
		}
	}()
	require.Equal(t, 3, broker.Queue("tasks").AwaitUnacked(t, 3))
	for range 2 {
		require.NoError(t, (<-deliveries).Ack(false))
	}
	require.Equal(t, 2, broker.Queue("tasks").AwaitAcked(t, 2))
	require.NoError(t, conn.Close())
	broker.AwaitDisconnected(t, "client")
	left := broker.Queue("tasks").AwaitReady(t, 1)
	require.True(t, left[0].Redelivered)
	require.Equal(t, 1, broker.Queue("tasks").Ready(t), "AwaitReady leaves them there")
}

func TestFailedWaitSaysWhatWasThere(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f)
	broker.Declare(f, tasks)
	_, ch := dial(t, broker)
	consume(t, ch, "tasks", "worker")
	broker.Publish(f, "", "tasks", []byte("hello"))
	f.try(func() { broker.Queue("tasks").Take(testkit.WithContext(f, cancelled(t)), 2) })
	require.True(t, f.Failed())
	require.Contains(t, f.text(), `waited for queue "tasks" to hold 2 ready messages, which did not happen before the context ended (context canceled)`)
	require.Contains(t, f.text(), `queue "tasks": 0 ready, 1 unacked, 1 consumers`)
	require.Contains(t, f.text(), `connection "client"`)
	f.end()
	require.Contains(t, f.text(), `what happened to the messages that are not settled`)
	require.Contains(t, f.text(), `delivered queue="tasks" consumer="worker" tag=1`)
	require.Contains(t, f.text(), `>  basic.consume`)
	require.Contains(t, f.text(), `<  basic.deliver`)
	require.NotContains(t, f.text(), "guest\\x00guest")
}

func TestPassingTestLogsNothing(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f)
	broker.Declare(f, tasks)
	broker.Publish(f, "", "tasks", []byte("hello"))
	broker.Queue("tasks").Take(f, 1)
	f.end()
	require.Empty(t, f.text())
}

func TestTrace(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	_, ch := dial(t, broker)
	publish(t, ch, "tasks", "hello")
	broker.Queue("tasks").Take(t, 1)
	trace := broker.Trace(t)
	require.Regexp(t, `^\d\d:\d\d:\d\d\.\d{3} \S+ -> \S+ #1  >  basic\.publish .*routing-key="tasks".*  5 bytes "hello"$`, trace[len(trace)-1])
	require.Regexp(t, `#0  <  connection\.start `, trace[0])
}

func TestLooks(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, deadLetters)
	require.Equal(t, deadLetters.Exchanges, broker.Exchanges(t))
	require.Equal(t, deadLetters.Bindings, broker.Bindings(t))
	require.Len(t, broker.Queues(t), 2)
	require.Empty(t, broker.Connections(t))
}
