package testkit_test

import (
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/wire"
)

// networks are the two ways to reach a broker.
var networks = map[string][]testkit.Option{"TCP": nil, "memory": {testkit.InMemory()}}

// benchmarkOn runs f over both networks with a channel and a queue.
func benchmarkOn(b *testing.B, f func(b *testing.B, broker *testkit.Broker, ch *amqp.Channel, queue string)) {
	for name, options := range networks {
		b.Run(name, func(b *testing.B) {
			broker := testkit.Start(b, options...)
			conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
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
		broker.Queue(queue).Take(b, n)
	})
}

// BenchmarkRawPublish publishes 128 bytes, encoded before and 200 at a time, with
// properties as services send them: all alike, each with an ID of its own, with
// headers that differ, too.
func BenchmarkRawPublish(b *testing.B) {
	for name, properties := range map[string]wire.PropertyFlags{"alike": 0, "ID": wire.HasMessageID, "headers": wire.HasMessageID | wire.HasHeaders} {
		b.Run(name, func(b *testing.B) {
			c := dialRaw(b, testkit.Start(b, testkit.InMemory()))
			c.call(1, &wire.QueueDeclare{Queue: "tasks"})
			const messages = 200
			var all []byte
			for i := range messages {
				p := wire.Properties{
					Flags: properties | wire.HasContentType | wire.HasDeliveryMode, ContentType: "application/json", DeliveryMode: 2,
					MessageID: fmt.Sprintf("550e8400-e29b-41d4-a716-%012d", i),
					Headers: wire.Table{
						{Key: "trace-id", Value: fmt.Sprintf("%032d", i)}, {Key: "task", Value: "app.fib"}, {Key: "retries", Value: int32(0)}, {Key: "lang", Value: "py"},
					},
				}
				all = wire.AppendMethodFrame(all, 1, &wire.BasicPublish{RoutingKey: "tasks"})
				all = wire.AppendHeaderFrame(all, 1, wire.IDBasicPublish.Class(), 128, p.Append(nil))
				all = wire.AppendBodyFrames(all, 1, make([]byte, 128), 0)
			}
			all = wire.AppendMethodFrame(all, 1, &wire.QueuePurge{Queue: "tasks"})
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += messages {
				c.write(all)
				c.frame()
			}
		})
	}
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
			conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
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
