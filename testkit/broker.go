package testkit

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Broker is a broker of a test's own.
type Broker struct {
	// immutable
	t             T
	config        config
	node          *broker.Node
	vhost         *broker.VHost
	recorder      *record.Recorder // nil with WithoutRecording
	trace         *record.Trace    // nil with WithoutRecording
	faults        *faults          // nil with WithoutRecording
	capture       *capture         // nil without WithCapture
	real          *real            // nil but on a real RabbitMQ
	url           string
	managementURL string // empty without WithManagement

	dial atomic.Pointer[dialer] // to where the broker listens, or did last

	mu patientMutex
	// guarded by mu, which is held as long as it takes to stop the server
	address  string // over TCP
	server   *amqpserver.Server
	listener net.Listener
	served   chan struct{} // closed when the server has stopped
	running  bool
	alarms   map[Resource]bool
}

// memoryHost is the host of a URL that leads nowhere by itself. There are no hosts in
// .invalid (RFC 6761).
const memoryHost = "dial-with-Broker.Config.invalid"

// dialer connects to the broker.
type dialer func(ctx context.Context) (net.Conn, error)

// patientMutex is a mutex for whose waiters the time of a testing/synctest bubble
// passes. For those of a sync.Mutex it would stop.
type patientMutex chan struct{}

func newPatientMutex() patientMutex { return make(patientMutex, 1) }

func (m patientMutex) Lock()   { m <- struct{}{} }
func (m patientMutex) Unlock() { <-m }

// Start starts a fresh broker, with the virtual host "/" and the user guest with
// the password guest, and ends it when the test ends. If the test has failed by
// then, the log shows what was in the broker, what became of the messages and the
// last methods.
//
// With the environment variables MINIRABBIT_AMQP_URL and MINIRABBIT_HTTP_URL, which
// name a real RabbitMQ and its management API, the test runs there instead, in a
// virtual host of its own. What only the emulator can do skips the test then.
func Start(t T, options ...Option) *Broker {
	t.Helper()
	c := config{release: broker.DefaultRelease.Name(), patience: defaultPatience}
	for _, option := range options {
		option(&c)
	}
	if r := realFromEnvironment(t); r != nil {
		return startReal(t, c, r)
	}
	release, err := broker.FindRelease(c.release)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	c.options.Release = release
	b := &Broker{t: t, config: c, mu: newPatientMutex(), alarms: make(map[Resource]bool)}
	if !c.quiet {
		b.recorder, b.trace = record.NewRecorder(record.Limits{Messages: keepMessages, Bytes: keepBytes}), &record.Trace{}
		b.faults = &faults{trace: b.trace}
		b.config.options.Observer = b.recorder
	}
	if c.capture != nil {
		b.capture = newCapture(c.capture)
	}
	b.node = broker.NewNode(b.config.options)
	b.vhost = b.node.VHost("/")
	b.mu.Lock()
	err = b.openLocked()
	b.mu.Unlock()
	if err != nil {
		t.Fatalf("testkit: no port for the broker: %v", err)
	}
	host := b.listener.Addr().String()
	if c.inMemory {
		host = memoryHost
	}
	b.url = "amqp://guest:guest@" + host + "/"
	t.Cleanup(b.close)
	if c.management {
		if err := b.manage(); err != nil {
			t.Fatalf("testkit: no port for the HTTP API: %v", err)
		}
	}
	return b
}

// close ends the broker with its test.
func (b *Broker) close() {
	b.report()
	b.Stop()
	if b.faults != nil {
		b.faults.close()
		b.Stop() // a fault may have started it again
	}
	b.node.Close()
	if b.capture != nil {
		if err := b.capture.close(); err != nil {
			b.t.Errorf("testkit: %v", err)
		}
	}
}

// URL is what a client dials: amqp://guest:guest@127.0.0.1:PORT/, the virtual
// host "/". With [InMemory] it works only together with Dial or Config: the error of
// a client that dials it otherwise says so, since it is in the name of the host.
func (b *Broker) URL() string { return b.url }

// Dial connects to the broker, whatever the arguments say. It has the type of
// amqp.Config.Dial.
func (b *Broker) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return (*b.dial.Load())(ctx)
}

// Config is a client configuration that dials the broker, in memory too.
func (b *Broker) Config() amqp.Config {
	return amqp.Config{Dial: b.Dial, Locale: "en_US"}
}

// ConfigWithoutHeartbeats is Config without heartbeats: over a day of virtual time
// in a testing/synctest bubble they are most of the work.
func (b *Broker) ConfigWithoutHeartbeats() amqp.Config {
	c := b.Config()
	c.Heartbeat = -1
	return c
}

// Publish publishes a message on the server's side, without a client. It fails
// the test if there is no such exchange: if the code under test declares it, wait
// for that first, as with AwaitConsumers. The message is persistent; it goes nowhere
// if no binding matches.
func (b *Broker) Publish(exchange, routingKey string, body []byte) {
	b.t.Helper()
	b.PublishMessage(exchange, routingKey, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: body})
}

// PublishMessage is Publish for a message with properties, which is persistent if
// its DeliveryMode says so.
func (b *Broker) PublishMessage(exchange, routingKey string, m amqp.Publishing) {
	b.t.Helper()
	if err := m.Headers.Validate(); err != nil {
		b.t.Fatalf("testkit: headers of a message to exchange %q with routing key %q: %v", exchange, routingKey, err)
	}
	if b.real != nil {
		b.real.publish(b.t, exchange, routingKey, m)
		return
	}
	properties := toProperties(&m)
	b.vhost.Lock()
	defer b.vhost.Unlock()
	_, err := b.vhost.Publish(broker.Publishing{
		Exchange:   exchange,
		RoutingKey: routingKey,
		Properties: properties.Append(nil),
		Body:       m.Body,
	})
	var missing *broker.ChannelError
	if errors.As(err, &missing) && missing.Code == wire.NotFound {
		b.t.Fatalf("testkit: publish with routing key %q: there is no exchange %q. If the code under test declares it, wait for that first, as with Queue(…).AwaitConsumers; or Declare it",
			routingKey, exchange)
	}
	if err != nil {
		b.t.Fatalf("testkit: publish to exchange %q with routing key %q: %v", exchange, routingKey, err)
	}
}

// FastForward moves the broker's time by d and returns when everything that
// became due has happened. Time in a testing/synctest bubble needs no help.
func (b *Broker) FastForward(d time.Duration) {
	b.t.Helper()
	b.needEmulator("moving time")
	b.node.FastForward(d)
}

// SetConsumerTimeout changes what [WithConsumerTimeout] has set, from the next
// delivery on.
func (b *Broker) SetConsumerTimeout(d time.Duration) {
	b.t.Helper()
	b.needEmulator("setting the consumer timeout")
	b.node.SetConsumerTimeout(d)
}

// DefaultDeadLetterRetry is the time after which a dead letter that did not arrive
// is tried again, by a queue that dead-letters at least once, as in RabbitMQ.
const DefaultDeadLetterRetry = broker.DefaultDeadLetterRetry

// SetDeadLetterRetry changes that time, from the next attempt on.
func (b *Broker) SetDeadLetterRetry(d time.Duration) {
	b.t.Helper()
	b.needEmulator("setting the retry of dead letters")
	b.node.SetDeadLetterRetry(d)
}

// took notes in the history that the test took a message.
func (b *Broker) took(q *queue.Queue, e *queue.Entry) {
	if b.recorder != nil {
		b.recorder.Observe(&broker.Event{Kind: broker.MessageGot, Time: b.vhost.Now(), VHost: b.vhost, Message: e.Message, Queue: q, Redelivered: e.Redelivered(), NoAck: true})
	}
}

// needEmulator skips the test on a real RabbitMQ.
func (b *Broker) needEmulator(what string) {
	b.t.Helper()
	if b.real != nil {
		b.t.Skipf("testkit: %s needs the emulator, and this test runs on a real RabbitMQ (%s)", what, environmentAMQP)
	}
}

// needRecording is needEmulator for what WithoutRecording does without.
func (b *Broker) needRecording(what string) {
	b.t.Helper()
	b.needEmulator(what)
	if b.recorder == nil {
		b.t.Fatalf("testkit: %s is not there with WithoutRecording", what)
	}
}

// closer closes what can be closed.
func closer(w io.Writer) error {
	if c, ok := w.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
