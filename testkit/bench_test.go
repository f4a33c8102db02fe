package testkit_test

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// networks are the two ways to reach a broker.
var networks = map[string][]testkit.Option{"TCP": nil, "memory": {testkit.InMemory()}}

// benchmarkOn runs f over both networks with a channel and a queue.
func benchmarkOn(b *testing.B, f func(b *testing.B, broker *testkit.Broker, ch *amqp.Channel, queue string)) {
	for name, options := range networks {
		b.Run(name, func(b *testing.B) {
			broker := testkit.Start(b, options...)
			conn, err := amqp.DialConfig(broker.URL(), broker.Config())
			require.NoError(b, err)
			defer conn.Close()
			ch, err := conn.Channel()
			require.NoError(b, err)
			q, err := ch.QueueDeclare("tasks", false, false, false, false, nil)
			require.NoError(b, err)
			b.ReportAllocs()
			f(b, broker, ch, q.Name)
		})
	}
}

// BenchmarkPublish publishes 128 bytes, and ends when the broker has them all.
func BenchmarkPublish(b *testing.B) {
	benchmarkOn(b, func(b *testing.B, broker *testkit.Broker, ch *amqp.Channel, queue string) {
		message := amqp.Publishing{Body: make([]byte, 128)}
		n := 0
		for b.Loop() {
			n++
			require.NoError(b, ch.PublishWithContext(b.Context(), "", queue, false, false, message))
		}
		broker.Queue(queue).Await(b, n)
	})
}

// BenchmarkPublishToConsume has each message of 128 bytes come back to a
// consumer before the next is published.
func BenchmarkPublishToConsume(b *testing.B) {
	benchmarkOn(b, func(b *testing.B, _ *testkit.Broker, ch *amqp.Channel, queue string) {
		deliveries, err := ch.Consume(queue, "", true, false, false, false, nil)
		require.NoError(b, err)
		message := amqp.Publishing{Body: make([]byte, 128)}
		for b.Loop() {
			require.NoError(b, ch.PublishWithContext(b.Context(), "", queue, false, false, message))
			<-deliveries
		}
	})
}

// BenchmarkOpen opens a connection with a channel and closes it.
func BenchmarkOpen(b *testing.B) {
	benchmarkOn(b, func(b *testing.B, broker *testkit.Broker, _ *amqp.Channel, _ string) {
		for b.Loop() {
			conn, err := amqp.DialConfig(broker.URL(), broker.Config())
			require.NoError(b, err)
			_, err = conn.Channel()
			require.NoError(b, err)
			require.NoError(b, conn.Close())
		}
	})
}

// ender is a test that ends when its cleanup is called.
type ender struct {
	*testing.B
	cleanups []func()
}

func (e *ender) Cleanup(f func()) { e.cleanups = append(e.cleanups, f) }

func (e *ender) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// BenchmarkStart starts a broker and ends it.
func BenchmarkStart(b *testing.B) {
	for name, options := range networks {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e := &ender{B: b}
				testkit.Start(e, options...)
				e.end()
			}
		})
	}
}
