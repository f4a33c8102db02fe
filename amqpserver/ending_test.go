package amqpserver_test

import (
	"net"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/memnet"
	"github.com/minirabbit/minirabbit/wire"
)

// saboteur aborts the server in the midst of a basic.consume, which is to have its
// effect and then end the connection itself.
type saboteur struct {
	server *amqpserver.Server
	struck chan struct{}
}

func (s saboteur) Armed() bool                                           { return true }
func (s saboteur) Watch(*amqpserver.Command, bool)                       { panic("the saboteur is armed") }
func (s saboteur) Send(*amqpserver.Command) *amqpserver.SendInterference { return nil }
func (s saboteur) Receive(c *amqpserver.Command) *amqpserver.ReceiveInterference {
	if c.Method.ID() != wire.IDBasicConsume {
		return nil
	}
	s.server.Abort()
	close(s.struck)
	return &amqpserver.ReceiveInterference{Effect: amqpserver.Unanswered, End: amqpserver.Cut}
}

// TestNoEffectAfterTheSession: a command that ends its connection after its effect has
// none any more when somebody else has taken the client out of the broker before.
func TestNoEffectAfterTheSession(t *testing.T) {
	node := broker.NewNode(broker.Options{})
	defer node.Close()
	server := amqpserver.New(node)
	defer server.Close()
	struck := make(chan struct{})
	server.SetInterceptor(saboteur{server, struck})
	network := memnet.Listen("test")
	go server.Serve(network)

	conn, err := amqp.DialConfig("amqp://guest:guest@test/", amqp.Config{
		Dial: func(string, string) (net.Conn, error) { return network.Dial(t.Context()) }})
	require.NoError(t, err)
	ch, err := conn.Channel()
	require.NoError(t, err)
	_, err = ch.QueueDeclare("q", true, false, false, false, nil)
	require.NoError(t, err)
	_, err = ch.Consume("q", "c", false, false, false, true, nil)
	require.NoError(t, err)
	<-struck
	require.NoError(t, server.Close()) // its goroutines have ended
	vh := node.VHost("/")
	vh.Lock()
	defer vh.Unlock()
	require.Empty(t, vh.Queue("q").Consumers())
}
