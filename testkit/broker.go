package testkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/fault"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/release"
)

// Broker is a broker of a test's own, or one that tests share; see [Start] and [Run].
// Its methods that take a T fail that test, or skip it if only the emulator can do what
// they are for.
type Broker struct {
	// immutable
	config   config
	node     node
	recorder *record.Recorder // nil with WithoutRecording, and on a real RabbitMQ
	trace    *record.Trace    // nil with WithoutRecording
	faults   *fault.Engine    // nil with WithoutRecording
}

// Start starts a fresh broker, with the virtual host "/" and the user guest with
// the password guest, and ends it when the test ends. If the test has failed by
// then, the log shows what was in the broker, what became of the messages and the
// last methods.
//
// With the environment variables MINIRABBIT_AMQP_URL and MINIRABBIT_HTTP_URL, which
// name a real RabbitMQ and its management API, the test runs there instead, in
// virtual hosts of its own. What only the emulator can do skips the test then.
func Start(t Test, options ...Option) *Broker {
	t.Helper()
	b, err := start(t.Name(), options)
	if err != nil {
		fail(t, err)
		return nil
	}
	t.Cleanup(func() {
		if err := b.check(); err != nil {
			t.Errorf("testkit: %v", err)
		}
		b.report(t)
		if err := b.node.close(); err != nil {
			t.Errorf("testkit: %v", err)
		}
	})
	return b
}

// Run starts a broker that no test owns, for a TestMain, a suite of another framework,
// a benchmark or a main program. Close ends it. On a real RabbitMQ that cannot do what
// an option asks for, the error is [ErrNeedsEmulator].
//
// Tests that share a broker see what others have left behind, unless each declares
// names of its own, uses a virtual host of its own or begins with [Broker.Reset]. With
// [Broker.LogOnFailure] a test has the report that Start gives.
func Run(options ...Option) (*Broker, error) {
	b, err := start("Run", options)
	if err != nil {
		return nil, fmt.Errorf("testkit: %w", err)
	}
	return b, nil
}

// Close ends a broker of [Run], and returns what has gone wrong. One of [Start] ends
// with its test.
func (b *Broker) Close() error {
	if err := errors.Join(b.check(), b.node.close()); err != nil {
		return fmt.Errorf("testkit: %w", err)
	}
	return nil
}

// LogOnFailure has the log of a test show what is in the broker, and what has happened,
// if the test fails: as [Start] does.
func (b *Broker) LogOnFailure(t Test) {
	t.Cleanup(func() { b.report(t) })
}

// start starts a broker: the emulator, or a part of the RabbitMQ that the
// environment names.
func start(name string, options []Option) (*Broker, error) {
	c := config{release: release.Default().Name, patience: defaultPatience}
	for _, option := range options {
		option(&c)
	}
	b := &Broker{config: c}
	real, err := rabbitmqFromEnvironment()
	switch {
	case err != nil:
		return nil, err
	case real != nil:
		b.trace = &record.Trace{}
		b.faults = fault.NewEngine(b.trace)
		if err := real.start(c, name, b.faults); err != nil {
			return nil, err
		}
		b.node = real
		b.config.patience += realPatience - defaultPatience
	default:
		e, err := startEmulator(c)
		if err != nil {
			return nil, err
		}
		b.recorder, b.trace, b.faults = e.recorder, e.trace, e.faults
		b.node = e
	}
	if err := b.setUp(); err != nil {
		b.node.close()
		return nil, err
	}
	return b, nil
}

// URL is what a client dials: amqp://guest:guest@127.0.0.1:PORT/, the virtual
// host "/". With [InMemory] it works only together with Dial or ClientConfig: the error of
// a client that dials it otherwise says so, since it is in the name of the host.
func (b *Broker) URL() string { return b.node.url(nil, "/") }

// URLFor is what a client dials as a user of [WithUser], or as guest, for a virtual
// host. On a real RabbitMQ, where tests share virtual hosts and users with others,
// the names in it are other ones. It panics if it does not know the user's password.
func (b *Broker) URLFor(user, vhost string) string {
	if user == "guest" {
		return b.node.url(nil, vhost)
	}
	for _, u := range b.config.users {
		if u.name == user {
			return b.node.url(url.UserPassword(u.name, u.password), vhost)
		}
	}
	panic(fmt.Sprintf("testkit: URLFor: the password of user %q is not known: testkit knows that of guest and of those that were added WithUser", user))
}

// Dial connects to the broker, whatever the arguments say. It has the type of
// amqp.Config.Dial.
func (b *Broker) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return b.node.dial(ctx)
}

// ClientConfig is a client configuration that dials the broker, in memory too.
func (b *Broker) ClientConfig() amqp.Config {
	return amqp.Config{Dial: b.Dial, Locale: "en_US"}
}

// ClientConfigWithoutHeartbeats is ClientConfig without heartbeats: over a day of virtual time
// in a testing/synctest bubble they are most of the work.
func (b *Broker) ClientConfigWithoutHeartbeats() amqp.Config {
	c := b.ClientConfig()
	c.Heartbeat = -1
	return c
}

// Publish publishes a message on the server's side, without a client, in the virtual
// host "/". It fails the test if there is no such exchange: if the code under test
// declares it, wait for that first, as with AwaitConsumers. The message is persistent;
// it goes nowhere if no binding matches.
func (b *Broker) Publish(t T, exchange, routingKey string, body []byte) {
	t.Helper()
	b.VHost("/").Publish(t, exchange, routingKey, body)
}

// PublishMessage is Publish for a message with properties, which is persistent if
// its DeliveryMode says so.
func (b *Broker) PublishMessage(t T, exchange, routingKey string, m amqp.Publishing) {
	t.Helper()
	b.VHost("/").PublishMessage(t, exchange, routingKey, m)
}

// FastForward moves the broker's time by d and returns when everything that
// became due has happened. Time in a testing/synctest bubble needs no help.
func (b *Broker) FastForward(t T, d time.Duration) {
	t.Helper()
	b.need(t, "moving time").node.FastForward(d)
}

// SetConsumerTimeout changes what [WithConsumerTimeout] has set, from the next
// delivery on.
func (b *Broker) SetConsumerTimeout(t T, d time.Duration) {
	t.Helper()
	b.need(t, "setting the consumer timeout").node.SetConsumerTimeout(d)
}

// DefaultDeadLetterRetry is the time after which a dead letter that did not arrive
// is tried again, by a queue that dead-letters at least once, as in RabbitMQ.
const DefaultDeadLetterRetry = broker.DefaultDeadLetterRetry

// SetDeadLetterRetry changes that time, from the next attempt on.
func (b *Broker) SetDeadLetterRetry(t T, d time.Duration) {
	t.Helper()
	b.need(t, "setting the retry of dead letters").node.SetDeadLetterRetry(d)
}

// need returns the emulator, and skips the test on a real RabbitMQ.
func (b *Broker) need(t T, what string) *emulator {
	t.Helper()
	e, ok := b.node.(*emulator)
	if !ok {
		fail(t, needsEmulator(what))
	}
	return e
}

// errNotRecorded is the error for what WithoutRecording does without.
func errNotRecorded(what string) error {
	return fmt.Errorf("%s is not there with WithoutRecording", what)
}

// needRecording is need for what WithoutRecording does without.
func (b *Broker) needRecording(t T, what string) *emulator {
	t.Helper()
	e := b.need(t, what)
	if b.recorder == nil {
		fail(t, errNotRecorded(what))
	}
	return e
}

// closer closes what can be closed.
func closer(w io.Writer) error {
	if c, ok := w.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
