package testkit_test

import (
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// What a client holds for too long, in a bubble, where half an hour is exact.

const timedOut = "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms. " +
	"This timeout value can be configured, see consumers doc guide to learn more"

func TestChannelIsClosedAfterHalfAnHour(t *testing.T) {
	for _, release := range []string{"3.10", "4.0"} {
		t.Run(release, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broker := testkit.Start(t, testkit.InMemory(), testkit.WithRelease(release))
				broker.Declare(t, tasks)
				conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfigWithoutHeartbeats())
				require.NoError(t, err)
				ch, err := conn.Channel()
				require.NoError(t, err)
				closed := ch.NotifyClose(make(chan *amqp.Error, 1))
				consume(t, ch, "tasks", "c")
				broker.Publish(t, "", "tasks", []byte("a"))
				broker.Queue("tasks").AwaitUnacked(t, 1)
				began := time.Now()

				time.Sleep(10 * time.Minute)
				broker.Publish(t, "", "tasks", []byte("b"))
				reason := <-closed
				require.Equal(t, testkit.DefaultConsumerTimeout, time.Since(began))
				require.Equal(t, timedOut, reason.Reason)
				require.Equal(t, amqp.PreconditionFailed, reason.Code)
				require.Equal(t, 2, broker.Queue("tasks").Ready(t))
				require.NoError(t, conn.Close())
			})
		})
	}
}

func TestSettledInTimeIsNotLate(t *testing.T) {
	for _, release := range []string{"3.10", "4.0", "4.3"} {
		t.Run(release, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broker := testkit.Start(t, testkit.InMemory(), testkit.WithRelease(release))
				broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks", Arguments: amqp.Table{"x-queue-type": "quorum"}}}})
				conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfigWithoutHeartbeats())
				require.NoError(t, err)
				ch, err := conn.Channel()
				require.NoError(t, err)
				deliveries := consume(t, ch, "tasks", "c")
				for range 10 { // each holds for a time that in sum is hours
					broker.Publish(t, "", "tasks", []byte("a"))
					d := <-deliveries
					time.Sleep(testkit.DefaultConsumerTimeout - time.Millisecond)
					require.NoError(t, d.Ack(false))
				}
				synctest.Wait()
				require.False(t, ch.IsClosed())
				broker.AwaitIdle(t)
				require.NoError(t, conn.Close())
			})
		})
	}
}

func TestQuorumQueueTakesBackWhatIsLate(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks", Arguments: amqp.Table{"x-queue-type": "quorum"}}}})
		conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfigWithoutHeartbeats())
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		cancelled := ch.NotifyCancel(make(chan string, 1))
		deliveries := consume(t, ch, "tasks", "slow")
		broker.Publish(t, "", "tasks", []byte("a"))
		late := <-deliveries
		began := time.Now()

		require.Equal(t, "slow", <-cancelled)
		require.Equal(t, 30*time.Minute, time.Since(began))
		broker.Queue("tasks").AwaitReady(t, 1)
		other, err := conn.Channel()
		require.NoError(t, err)
		again := <-consume(t, other, "tasks", "quick")
		require.True(t, again.Redelivered)
		require.NoError(t, again.Ack(false))
		require.NoError(t, late.Ack(false)) // which has no effect, and is no error
		broker.AwaitIdle(t)
		require.False(t, ch.IsClosed())
		require.NoError(t, conn.Close())
	})
}

func TestFastForwardOverConsumerTimeout(t *testing.T) {
	broker := testkit.Start(t, testkit.WithRelease("4.0"), testkit.WithConsumerTimeout(time.Hour))
	broker.Declare(t, tasks)
	_, ch := dial(t, broker)
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	deliveries := consume(t, ch, "tasks", "c")
	broker.Publish(t, "", "tasks", []byte("a"))
	<-deliveries

	broker.FastForward(t, 59*time.Minute)
	require.Equal(t, 1, broker.Queue("tasks").Unacked(t))
	broker.FastForward(t, time.Minute)
	require.Contains(t, (<-closed).Reason, "Timeout value used: 3600000 ms.")
	require.Equal(t, 1, broker.Queue("tasks").Ready(t))
}

func TestConsumerTimeoutCanBeOff(t *testing.T) {
	broker := testkit.Start(t, testkit.WithRelease("4.0"), testkit.WithConsumerTimeout(-1))
	broker.Declare(t, tasks)
	_, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "c")
	broker.Publish(t, "", "tasks", []byte("a"))
	d := <-deliveries
	broker.FastForward(t, 10000*time.Hour)
	require.NoError(t, d.Ack(false))
	broker.AwaitIdle(t)
}
