package testkit

import (
	"context"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/memnet"
	"github.com/minirabbit/minirabbit/wire"
)

// Broker is a broker of a test's own.
type Broker struct {
	t      T
	node   *broker.Node
	server *amqpserver.Server
	vhost  *broker.VHost
	dial   func(ctx context.Context) (net.Conn, error)
	url    string
}

// Start starts a fresh broker, with the virtual host "/" and the user guest with
// the password guest, and ends it when the test ends. If the test has failed by
// then, the log shows what was in the broker.
func Start(t T, options ...Option) *Broker {
	t.Helper()
	c := config{release: broker.DefaultRelease.Name()}
	for _, option := range options {
		option(&c)
	}
	release, err := broker.FindRelease(c.release)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	c.options.Release = release

	b := &Broker{t: t, node: broker.NewNode(c.options)}
	b.server = amqpserver.New(b.node)
	b.vhost = b.node.VHost("/")
	listener := b.listen(c)
	served := make(chan struct{})
	go func() {
		defer close(served)
		b.server.Serve(listener)
	}()
	t.Cleanup(func() {
		b.report()
		b.server.Close()
		<-served
		b.node.Close()
	})
	return b
}

// listen opens the broker's listener and notes how to reach it.
func (b *Broker) listen(c config) net.Listener {
	b.t.Helper()
	if c.inMemory {
		l := memnet.Listen("memory")
		b.dial = l.Dial
		b.url = "amqp://guest:guest@memory/"
		return l
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatalf("testkit: no port for the broker: %v", err)
	}
	address := l.Addr().String()
	b.dial = func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	b.url = "amqp://guest:guest@" + address + "/"
	return l
}

// URL is what a client dials: amqp://guest:guest@127.0.0.1:PORT/, the virtual
// host "/". With [InMemory] it works only together with Dial or Config.
func (b *Broker) URL() string { return b.url }

// Dial connects to the broker, whatever the arguments say. It has the type of
// amqp.Config.Dial.
func (b *Broker) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return b.dial(ctx)
}

// Config is a client configuration that dials the broker, in memory too. Set
// Heartbeat in it to a negative number to go without heartbeats.
func (b *Broker) Config() amqp.Config {
	return amqp.Config{Dial: b.Dial, Locale: "en_US"}
}

// Publish publishes a message on the server's side, without a client. It fails
// the test if there is no such exchange. The message is persistent; it goes
// nowhere if no binding matches.
func (b *Broker) Publish(exchange, routingKey string, body []byte) {
	b.t.Helper()
	b.PublishMessage(exchange, routingKey, Message{Properties: wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: 2}, Body: body})
}

// PublishMessage is Publish for a message with properties. The message's Exchange
// and RoutingKey are not looked at.
func (b *Broker) PublishMessage(exchange, routingKey string, m Message) {
	b.t.Helper()
	b.vhost.Lock()
	defer b.vhost.Unlock()
	_, err := b.vhost.Publish(broker.Publishing{
		Exchange:   exchange,
		RoutingKey: routingKey,
		Properties: m.Properties.Append(nil),
		Body:       m.Body,
	})
	if err != nil {
		b.t.Fatalf("testkit: publish to exchange %q with routing key %q: %v", exchange, routingKey, err)
	}
}

// FastForward moves the broker's time by d and returns when everything that
// became due has happened. Time in a testing/synctest bubble needs no help.
func (b *Broker) FastForward(d time.Duration) { b.node.FastForward(d) }
