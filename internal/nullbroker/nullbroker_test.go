package nullbroker_test

import (
	"net"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/internal/nullbroker"
	"github.com/minirabbit/minirabbit/wire"
)

// start serves a null broker and connects to it.
func start(t *testing.T, keep bool) (s *nullbroker.Server, ch *amqp.Channel, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s = nullbroker.New()
	s.KeepBodies = keep
	ended := make(chan error)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		require.ErrorIs(t, <-ended, nullbroker.ErrServerClosed)
	})
	// A null broker sends no heartbeats: with its own interval a client misses them later than with the default one.
	conn, err := amqp.DialConfig("amqp://guest:guest@"+l.Addr().String()+"/", amqp.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	ch, err = conn.Channel()
	require.NoError(t, err)
	return s, ch, l.Addr().String()
}

// The client must see as many messages as it sent, of the size that it sent, over
// all frame boundaries.
func TestCountsMessagesAndGivesThemBack(t *testing.T) {
	for i, size := range []int{0, 1, 128, 4096, 70_000, 300_000, 0, 1, 128, 4096, 70_000, 300_000} {
		s, ch, _ := start(t, i >= 6)
		q, err := ch.QueueDeclare("q", false, false, false, false, nil)
		require.NoError(t, err)
		require.NoError(t, ch.Confirm(false))
		const messages = 200
		for range messages {
			c, err := ch.PublishWithDeferredConfirm("", q.Name, false, false, amqp.Publishing{Body: make([]byte, size)})
			require.NoError(t, err)
			require.True(t, c.Wait())
		}
		require.EqualValues(t, messages, s.Published())
		d, ok, err := ch.Get(q.Name, true)
		require.NoError(t, err)
		require.True(t, ok)
		require.Len(t, d.Body, size)
		deliveries, err := ch.Consume(q.Name, "", true, false, false, false, nil)
		require.NoError(t, err)
		for i := range messages - 1 {
			d := <-deliveries
			require.Len(t, d.Body, size)
			require.EqualValues(t, i+1, d.DeliveryTag)
		}
		require.NoError(t, ch.Publish("", q.Name, false, false, amqp.Publishing{}))
		require.Len(t, (<-deliveries).Body, size)
		require.NoError(t, ch.Cancel("null-0", false))
		_, ok, err = ch.Get(q.Name, true)
		require.NoError(t, err)
		require.False(t, ok)
	}
}

func TestKeepsToThePrefetch(t *testing.T) {
	_, ch, _ := start(t, false)
	q, err := ch.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.Qos(10, 0, false))
	deliveries, err := ch.Consume(q.Name, "", false, false, false, false, nil)
	require.NoError(t, err)
	for range 25 {
		require.NoError(t, ch.Publish("", q.Name, false, false, amqp.Publishing{Body: []byte("x")}))
	}
	left := func() int {
		q, err := ch.QueueDeclarePassive("q", false, false, false, false, nil)
		require.NoError(t, err)
		return q.Messages
	}
	require.Equal(t, 15, left())
	for range 10 {
		d := <-deliveries
		require.NoError(t, d.Ack(false))
	}
	require.Equal(t, 5, left())
}

// What has come with one read must not go to one consumer.
func TestConsumersTakeTurns(t *testing.T) {
	_, ch, address := start(t, false)
	const messages, consumers = 99, 3
	var all [consumers]<-chan amqp.Delivery
	for i := range all {
		var err error
		all[i], err = ch.Consume("q", "", true, false, false, false, nil)
		require.NoError(t, err)
	}
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	sent := wire.ProtocolHeader[:]
	for range messages {
		sent = wire.AppendMethodFrame(sent, 1, &wire.BasicPublish{RoutingKey: "q"})
		sent = wire.AppendHeaderFrame(sent, 1, wire.IDBasicPublish.Class(), 1, []byte{0, 0})
		sent = wire.AppendBodyFrames(sent, 1, []byte("x"), 0)
	}
	_, err = conn.Write(sent)
	require.NoError(t, err)
	for i := range messages {
		d := <-all[(i+1)%consumers]
		require.EqualValues(t, 1+i/consumers, d.DeliveryTag)
	}
}
