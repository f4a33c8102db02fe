package testkit_test

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

func TestRestartKeepsWhatIsDurable(t *testing.T) {
	broker := testkit.Start(t, testkit.WithRelease("4.0")) // 4.3 keeps transient exchanges
	durable := testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "events", Type: "topic"}},
		Queues:    []testkit.Queue{{Name: "tasks"}},
		Bindings:  []testkit.Binding{{Source: "events", Queue: "tasks", RoutingKey: "task.#"}},
	}
	broker.Declare(t, durable)
	broker.Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "gossip", Type: "fanout", Transient: true}},
		Queues:    []testkit.Queue{{Name: "rumours", Transient: true}},
		Bindings: []testkit.Binding{{Source: "gossip", Queue: "tasks"}, {Source: "gossip", Queue: "rumours"},
			{Source: "events", Queue: "rumours", RoutingKey: "#"}},
	})
	conn, ch := dial(t, broker)
	_, err := ch.QueueDeclare("mine", true, false, true, false, nil)
	require.NoError(t, err)
	publish(t, ch, "tasks", "persistent")
	publish(t, ch, "tasks", "persistent and delivered")
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "tasks", false, false, amqp.Publishing{Body: []byte("transient")}))
	broker.Queue("tasks").AwaitReady(t, 3)
	require.NoError(t, ch.Qos(1, 0, false))
	<-consume(t, ch, "tasks", "worker")

	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	url := broker.URL()
	broker.Restart(t)
	reason := <-closed
	require.Equal(t, 320, reason.Code)
	require.Equal(t, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", reason.Reason)

	require.Equal(t, url, broker.URL())
	if diff := cmp.Diff(durable, testkit.Topology{Exchanges: broker.Exchanges(t), Queues: broker.Queues(t), Bindings: broker.Bindings(t)}); diff != "" {
		t.Errorf("topology after restart (-want +got):\n%s", diff)
	}
	var bodies []string
	for _, m := range broker.Queue("tasks").Take(t, 2) {
		bodies = append(bodies, string(m.Body))
	}
	require.Equal(t, []string{"persistent", "persistent and delivered"}, bodies)
	require.Equal(t, 1, broker.History(t).Where(func(m testkit.MessageHistory) bool {
		last := m.Events[len(m.Events)-1]
		return string(m.Message.Body) == "transient" && last.Reason == "lost in restart"
	})[0].Count(testkit.Dropped))
	dial(t, broker)
}

func TestStopRefusesClientsUntilRestart(t *testing.T) {
	broker := testkit.Start(t)
	broker.Stop(t)
	broker.Stop(t)
	_, err := amqp.Dial(broker.URL())
	require.True(t, errors.Is(err, syscall.ECONNREFUSED), "%v", err)
	broker.Restart(t)
	dial(t, broker)
}

func TestKillSaysNothing(t *testing.T) {
	broker := testkit.Start(t)
	conn, _ := dial(t, broker)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	broker.Kill(t)
	reason := <-closed
	require.False(t, reason != nil && reason.Server && reason.Code == 320, "%v", reason)
}

func TestResetLeavesNothing(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, deadLetters)
	broker.Publish(t, "", "tasks", []byte("x"))
	broker.Reset(t)
	require.Empty(t, broker.Queues(t))
	require.Empty(t, broker.Exchanges(t))
	_, ch := dial(t, broker)
	require.NoError(t, ch.ExchangeDeclarePassive("amq.topic", "topic", true, false, false, false, nil))
}

func TestPauseAndResume(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	broker.Pause(t)
	confirm := confirmed(t, ch, "tasks", "x")
	select {
	case <-confirm.Done():
		t.Fatal("a paused broker confirmed")
	case <-cancelled(t).Done():
	}
	require.Zero(t, broker.Queue("tasks").Ready(t))
	broker.Resume(t)
	require.True(t, confirm.Wait())
	require.Equal(t, 1, broker.Queue("tasks").Ready(t))
}

func TestAlarmBlocksPublishersOnly(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	publisher, ch := dial(t, broker)
	blocked := publisher.NotifyBlocked(make(chan amqp.Blocking, 2))
	require.NoError(t, ch.Confirm(false))
	require.True(t, confirmed(t, ch, "tasks", "1").Wait())
	consumer, other := dial(t, broker)
	consumerBlocked := consumer.NotifyBlocked(make(chan amqp.Blocking, 2))

	broker.RaiseAlarm(t, testkit.Memory)
	confirm := confirmed(t, ch, "tasks", "2")
	require.Equal(t, amqp.Blocking{Active: true, Reason: "low on memory"}, <-blocked)
	broker.RaiseAlarm(t, testkit.Disk)

	deliveries := consume(t, other, "tasks", "worker")
	require.NoError(t, (<-deliveries).Ack(false), "who only consumes is not blocked")
	broker.Queue("tasks").AwaitIdle(t)

	broker.ClearAlarm(t, testkit.Memory)
	broker.ClearAlarm(t, testkit.Disk)
	require.Equal(t, amqp.Blocking{Active: false}, <-blocked)
	require.True(t, confirm.Wait())
	require.Empty(t, consumerBlocked)
}

func TestAlarmBlocksAtTheFirstPublish(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.RaiseAlarm(t, testkit.Disk)
	publisher, ch := dial(t, broker)
	blocked := publisher.NotifyBlocked(make(chan amqp.Blocking, 2))
	publish(t, ch, "tasks", "1")
	require.Equal(t, amqp.Blocking{Active: true, Reason: "low on disk"}, <-blocked)
	require.Equal(t, 0, broker.Queue("tasks").Ready(t))
	publish(t, ch, "tasks", "2")
	broker.ClearAlarm(t, testkit.Disk)
	require.Equal(t, amqp.Blocking{}, <-blocked)
	broker.Queue("tasks").AwaitReady(t, 2)
}

func TestWorkerSurvivesRestarts(t *testing.T) {
	broker := testkit.Start(t)
	go worker.Run(t.Context(), broker.URL(), worker.WithBackoff(time.Millisecond, 5*time.Millisecond))
	broker.Queue("test-queue1").AwaitConsumers(t, 1)
	for _, end := range []func(testkit.T){broker.Restart, broker.Kill, func(testkit.T) {}} {
		broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 12}`))
		broker.Queue("results").AwaitReady(t, 1)
		end(t)
		broker.Restart(t)
	}
	broker.Queue("test-queue1").AwaitIdle(t)
}

func TestCloseWhileAllIsStuck(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f)
	broker.Declare(f, tasks)
	_, ch := dial(t, broker)
	broker.Inject(f, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.Delay(time.Hour)})
	broker.Inject(f, testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.Delay(time.Hour)})
	_, other := dial(t, broker)
	consume(t, other, "tasks", "worker")
	broker.Publish(f, "", "tasks", []byte("x"))
	publish(t, ch, "tasks", "hello")
	broker.RaiseAlarm(f, testkit.Memory)
	broker.Pause(f)
	f.end() // before the clients' end
	require.Empty(t, f.text())
}

// Stopping takes until clients have answered, or a moment for those that do not.
// Whoever dials meanwhile is refused at once, and time goes on.
func TestDialWhileTheBrokerStops(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		deaf, err := broker.Dial("", "")
		require.NoError(t, err)
		_, err = deaf.Write([]byte("AMQP\x00\x00\x09\x01"))
		require.NoError(t, err)
		synctest.Wait()
		began := time.Now()
		stopped := make(chan time.Duration, 1)
		go func() {
			broker.Stop(t)
			stopped <- time.Since(began)
		}()
		synctest.Wait()
		_, err = broker.Dial("", "")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Zero(t, time.Since(began))
		broker.DropConnections(t) // waits for its turn
		require.Positive(t, <-stopped)
		require.NoError(t, deaf.Close())
	})
}

func TestDialWhileTheBrokerRestarts(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.GoSilent})
		_, ch := dial(t, broker)
		publish(t, ch, "tasks", "hello")
		synctest.Wait()
		restarted := make(chan struct{})
		go func() {
			broker.Restart(t)
			close(restarted)
		}()
		synctest.Wait()
		_, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		<-restarted
		dial(t, broker)
	})
}
