package amqpserver_test

import (
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/memnet"
)

// listener is an interceptor that only notes what passes.
type listener struct {
	mu    sync.Mutex
	lines []string
}

func (l *listener) note(arrow string, c *amqpserver.Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := arrow + " " + c.Method.ID().String()
	if q := c.Queue(); q != "" {
		line += " queue=" + q
	}
	if tag := c.ConsumerTag(); tag != "" {
		line += " consumer=" + tag
	}
	if c.Body != nil {
		line += " body=" + string(c.Body)
	}
	if c.Publishing != nil {
		line += " of=" + c.Publishing.RoutingKey
	}
	l.lines = append(l.lines, line)
}

func (l *listener) Armed() bool                     { return true }
func (l *listener) Watch(*amqpserver.Command, bool) { panic("the listener is armed") }

func (l *listener) Receive(c *amqpserver.Command) *amqpserver.ReceiveInterference {
	l.note(">", c)
	return nil
}

func (l *listener) Send(c *amqpserver.Command) *amqpserver.SendInterference {
	l.note("<", c)
	return nil
}

// TestInterceptorSeesEverything holds the places at which interceptors are asked:
// traces and faults are made of them.
func TestInterceptorSeesEverything(t *testing.T) {
	node := broker.NewNode(broker.Options{})
	defer node.Close()
	server := amqpserver.New(node)
	defer server.Close()
	var heard listener
	server.SetInterceptor(&heard)
	network := memnet.Listen("test")
	go server.Serve(network)

	conn, err := amqp.DialConfig("amqp://guest:guest@test/", amqp.Config{
		Dial: func(string, string) (net.Conn, error) { return network.Dial(t.Context()) }})
	require.NoError(t, err)
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.NoError(t, ch.Confirm(false))
	_, err = ch.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	returns := ch.NotifyReturn(make(chan amqp.Return, 1))
	for _, key := range []string{"q", "nowhere"} {
		confirm, err := ch.PublishWithDeferredConfirm("", key, true, false, amqp.Publishing{Body: []byte("hello")})
		require.NoError(t, err)
		require.True(t, confirm.Wait())
	}
	<-returns
	_, _, err = ch.Get("q", true)
	require.NoError(t, err)
	deliveries, err := ch.Consume("q", "c", false, false, false, false, nil)
	require.NoError(t, err)
	confirm, err := ch.PublishWithDeferredConfirm("", "q", false, false, amqp.Publishing{Body: []byte("again")})
	require.NoError(t, err)
	require.True(t, confirm.Wait())
	require.NoError(t, (<-deliveries).Ack(false))
	require.NoError(t, ch.Cancel("c", false))
	require.NoError(t, ch.Close())
	require.NoError(t, conn.Close())

	want := []string{
		"< connection.start", "> connection.start-ok", "< connection.tune", "> connection.tune-ok", "> connection.open", "< connection.open-ok",
		"> channel.open", "< channel.open-ok", "> confirm.select", "< confirm.select-ok",
		"> queue.declare queue=q", "< queue.declare-ok queue=q",
		"> basic.publish body=hello", "< basic.ack of=q",
		"> basic.publish body=hello", "< basic.return body=hello", "< basic.ack of=nowhere",
		"> basic.get queue=q", "< basic.get-ok body=hello",
		"> basic.consume queue=q consumer=c", "< basic.consume-ok consumer=c",
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	if diff := cmp.Diff(want, heard.lines[:min(len(want), len(heard.lines))]); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	for _, line := range []string{
		"> basic.publish body=again", "< basic.deliver queue=q consumer=c body=again", "< basic.ack of=q",
		"> basic.ack queue=q consumer=c", "> basic.cancel queue=q consumer=c", "< basic.cancel-ok consumer=c",
		"> channel.close", "< channel.close-ok", "> connection.close", "< connection.close-ok",
	} {
		require.Contains(t, heard.lines[len(want):], line)
	}
}
