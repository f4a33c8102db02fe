package amqpserver_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/memnet"
)

// reluctant is a network that takes but some bytes at once.
type reluctant struct {
	net.Conn
	takes int
}

func (r reluctant) TryWrite(p []byte) (int, error) { return r.Conn.Write(p[:min(len(p), r.takes)]) }

// Whoever has something sent writes as much of it as the network takes; the writer
// goes on from there. Nothing may be lost or change places on the way.
func TestNetworkThatTakesLittle(t *testing.T) {
	for _, takes := range []int{0, 1, 7, 1000} {
		t.Run(fmt.Sprint(takes), func(t *testing.T) {
			node := broker.NewNode(broker.Options{})
			defer node.Close()
			server := amqpserver.New(node)
			defer server.Close()
			network := memnet.Listen("test")
			defer network.Close()
			go func() {
				for {
					nc, err := network.Accept()
					if err != nil {
						return
					}
					server.ServeConn(reluctant{nc, takes})
				}
			}()
			conn, err := amqp.DialConfig("amqp://guest:guest@test/", amqp.Config{
				Dial: func(string, string) (net.Conn, error) { return network.Dial(t.Context()) }})
			require.NoError(t, err)
			defer conn.Close()
			ch, err := conn.Channel()
			require.NoError(t, err)
			q, err := ch.QueueDeclare("", false, false, true, false, nil)
			require.NoError(t, err)
			deliveries, err := ch.Consume(q.Name, "", true, false, false, false, nil)
			require.NoError(t, err)
			require.NoError(t, ch.Confirm(false))
			const messages = 500
			var last *amqp.DeferredConfirmation
			for i := range messages {
				last, err = ch.PublishWithDeferredConfirm("", q.Name, false, false, amqp.Publishing{Body: body(i)})
				require.NoError(t, err)
			}
			for i := range messages {
				require.Equal(t, string(body(i)), string((<-deliveries).Body))
			}
			require.True(t, last.Wait())
		})
	}
}

func body(i int) []byte { return []byte(fmt.Sprint(i, strings.Repeat("x", i*i%3000))) }
