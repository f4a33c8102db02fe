package testkit_test

import (
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// stream declares a stream with more arguments, on a channel with a prefetch.
func stream(t *testing.T, broker *testkit.Broker, more amqp.Table) *amqp.Channel {
	t.Helper()
	_, ch := dial(t, broker)
	arguments := amqp.Table{"x-queue-type": "stream"}
	for key, value := range more {
		arguments[key] = value
	}
	_, err := ch.QueueDeclare("log", true, false, false, false, arguments)
	require.NoError(t, err)
	require.NoError(t, ch.Qos(10, 0, false))
	return ch
}

// A stream is looked at like any queue. It is idle when its consumers have read and
// settled all of it.
func TestStreamIsWatched(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	ch := stream(t, broker, nil)
	broker.Publish(t, "", "log", []byte("a"))
	broker.Publish(t, "", "log", []byte("b"))
	log := broker.Queue("log")
	require.Len(t, log.Messages(t), 2)
	require.Equal(t, 2, log.Ready(t))
	broker.AwaitIdle(t) // there is nobody to read it

	deliveries, err := ch.Consume("log", "reader", false, false, false, false, amqp.Table{"x-stream-offset": "first"})
	require.NoError(t, err)
	for i, body := range []string{"a", "b"} {
		d := <-deliveries
		require.Equal(t, body, string(d.Body))
		require.Equal(t, int64(i), d.Headers["x-stream-offset"])
		require.Equal(t, 2-i, log.Unacked(t))
		require.NoError(t, d.Ack(false))
		log.AwaitAcked(t, i+1)
	}
	log.AwaitIdle(t)
	broker.AwaitIdle(t)
	require.Equal(t, 2, log.Ready(t))
}

// What cannot be done to a stream fails the test that tries.
func TestStreamIsNotTakenFrom(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	stream(t, broker, nil)
	broker.Publish(t, "", "log", []byte("a"))
	require.Len(t, broker.Queue("log").Messages(t), 1)
	f := &fakeT{T: t}
	f.try(func() { broker.Queue("log").Take(f, 1) })
	require.Contains(t, f.text(), `queue "log" is a stream, from which nothing can be taken`)
	require.Equal(t, 1, broker.Queue("log").Ready(t))
}

// Messages of a stream are retained by age, in whole segments: when a new one
// begins, those go whose last message is too old.
func TestStreamRetainsByAge(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	stream(t, broker, amqp.Table{"x-max-age": "1h", "x-stream-max-segment-size-bytes": 1500})
	body := []byte(strings.Repeat("k", 1000))
	for range 3 {
		broker.Publish(t, "", "log", body)
	}
	broker.FastForward(t, 30*time.Minute)
	broker.Publish(t, "", "log", body)
	broker.FastForward(t, 45*time.Minute)
	require.Equal(t, 4, broker.Queue("log").Ready(t), "nothing is dropped by the mere passing of time")
	broker.Publish(t, "", "log", body)
	require.Equal(t, 3, broker.Queue("log").Ready(t), "the first segment held two messages, the second one is not old enough")
	broker.Publish(t, "", "log", body)
	broker.FastForward(t, 2*time.Hour)
	broker.Publish(t, "", "log", body)
	require.Equal(t, 1, broker.Queue("log").Ready(t))
}

// A consumer finds everything again after a restart, and after a reset nothing.
func TestStreamOutlivesRestart(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	stream(t, broker, nil)
	broker.Publish(t, "", "log", []byte("transient"))
	broker.Restart(t)
	require.Equal(t, 1, broker.Queue("log").Ready(t))
	ch := stream(t, broker, nil)
	deliveries, err := ch.Consume("log", "", false, false, false, false, amqp.Table{"x-stream-offset": "first"})
	require.NoError(t, err)
	require.Equal(t, "transient", string((<-deliveries).Body))
	broker.Reset(t)
	require.False(t, broker.Queue("log").Exists(t))
}

// The releases show in what a stream does.
func TestStreamByRelease(t *testing.T) {
	t.Parallel()
	for release, taken := range map[string]bool{"3.10": false, "4.3": true} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			broker := testkit.Start(t, testkit.WithRelease(release))
			ch := stream(t, broker, nil)
			closed := ch.NotifyClose(make(chan *amqp.Error, 1))
			require.NoError(t, ch.Qos(1, 0, false))
			broker.Publish(t, "", "log", []byte("a"))
			broker.Publish(t, "", "log", []byte("b"))
			deliveries, err := ch.Consume("log", "", false, false, false, false, amqp.Table{"x-stream-offset": "first"})
			require.NoError(t, err)
			d := <-deliveries
			require.NoError(t, d.Nack(false, true))
			if taken {
				require.Equal(t, "b", string((<-deliveries).Body), "a nack acknowledges")
				return
			}
			require.Equal(t, amqp.NotImplemented, (<-closed).Code)
		})
	}
}
