package record_test

import (
	"net"
	"runtime"
	"testing"
	"weak"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/internal/memnet"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/queue"
)

// What is recorded must not keep a connection that has ended, or an exchange or a queue
// that was deleted, in memory.
func TestNothingKeepsWhatHasEnded(t *testing.T) {
	node := broker.NewNode(broker.Options{Observer: record.NewRecorder(record.Limits{})})
	defer node.Close()
	server := amqpserver.New(node)
	defer server.Close()
	server.SetInterceptor(&record.Trace{})
	network := memnet.Listen("test")
	go server.Serve(network)
	dial := func() (*amqp.Connection, *amqp.Channel) {
		conn, err := amqp.DialConfig("amqp://guest:guest@test/", amqp.Config{
			Dial: func(string, string) (net.Conn, error) { return network.Dial(t.Context()) }})
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		return conn, ch
	}
	conn, ch := dial()
	require.NoError(t, ch.ExchangeDeclare("x", "topic", false, false, false, false, nil))
	_, err := ch.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.QueueBind("q", "#", "x", false, nil))
	require.NoError(t, ch.Publish("x", "k", false, false, amqp.Publishing{Body: []byte("message")}))
	_, ok, err := ch.Get("q", true)
	require.NoError(t, err)
	require.True(t, ok)
	session, x, q := ended(node)
	require.NotNil(t, session.Value())

	other, ch2 := dial() // another one deletes, so that the publisher's channel stays
	require.NoError(t, ch2.ExchangeDelete("x", false, false))
	_, err = ch2.QueueDelete("q", false, false, false)
	require.NoError(t, err)
	collect(func() bool { return x.Value() == nil && q.Value() == nil })
	require.Nil(t, x.Value(), "the exchange is reachable")
	require.Nil(t, q.Value(), "the queue is reachable")

	require.NoError(t, other.Close())
	require.NoError(t, conn.Close())
	collect(func() bool { return session.Value() == nil })
	require.Nil(t, session.Value(), "the connection is reachable")
}

// ended returns weak pointers to what is going to end.
func ended(node *broker.Node) (weak.Pointer[broker.Connection], weak.Pointer[exchange.Exchange], weak.Pointer[queue.Queue]) {
	vh := node.VHost("/")
	vh.Lock()
	defer vh.Unlock()
	return weak.Make(vh.Connections()[0]), weak.Make(vh.Exchange("x")), weak.Make(vh.Queue("q"))
}

// collect runs the garbage collector until something is gone, some times at most: the
// goroutines of a connection may end a moment later.
func collect(gone func() bool) {
	for range 1000 {
		if gone() {
			return
		}
		runtime.GC()
		runtime.Gosched()
	}
}
