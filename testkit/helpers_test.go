package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// dial opens a connection and a channel, which end with the test.
func dial(t *testing.T, broker *testkit.Broker) (*amqp.Connection, *amqp.Channel) {
	t.Helper()
	config := broker.ClientConfig()
	config.Properties = amqp.NewConnectionProperties()
	config.Properties.SetClientConnectionName("client")
	conn, err := amqp.DialConfig(broker.URL(), config)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	require.NoError(t, err)
	return conn, ch
}

// tasks is a durable queue of this name.
var tasks = testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}}

// publish publishes a persistent message to the default exchange.
func publish(t *testing.T, ch *amqp.Channel, queue, body string) {
	t.Helper()
	require.NoError(t, ch.PublishWithContext(t.Context(), "", queue, false, false,
		amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body)}))
}

// confirmed is publish with a confirm to wait for.
func confirmed(t *testing.T, ch *amqp.Channel, queue, body string) *amqp.DeferredConfirmation {
	t.Helper()
	c, err := ch.PublishWithDeferredConfirm("", queue, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body)})
	require.NoError(t, err)
	return c
}

func consume(t *testing.T, ch *amqp.Channel, queue, tag string) <-chan amqp.Delivery {
	t.Helper()
	deliveries, err := ch.ConsumeWithContext(t.Context(), queue, tag, false, false, false, false, nil)
	require.NoError(t, err)
	return deliveries
}

// fakeT is a test that fails without failing.
type fakeT struct {
	*testing.T
	mu       sync.Mutex
	failed   bool
	log      []string
	cleanups []func()
}

type fakeOutput struct{ *fakeT }

func (o fakeOutput) Write(p []byte) (int, error) {
	o.Logf("%s", p)
	return len(p), nil
}

var errFatal = errors.New("fatal")

func (f *fakeT) Helper() {}
func (f *fakeT) Failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}
func (f *fakeT) Logf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, fmt.Sprintf(format, args...))
}
func (f *fakeT) Output() io.Writer { return fakeOutput{f} }
func (f *fakeT) Errorf(format string, args ...any) {
	f.Logf(format, args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = true
}
func (f *fakeT) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(errFatal)
}
func (f *fakeT) Skipf(format string, args ...any) {
	f.Logf("SKIP: "+format, args...)
	panic(errFatal)
}
func (f *fakeT) Cleanup(c func()) { f.cleanups = append(f.cleanups, c) }

// try runs part of a test, up to where it fails or ends.
func (f *fakeT) try(part func()) {
	defer func() {
		if r := recover(); r != nil && r != any(errFatal) {
			panic(r)
		}
	}()
	part()
}

func (f *fakeT) end() {
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
	f.cleanups = nil
}

func (f *fakeT) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.log, "\n")
}

// cancelled is a context that has ended: a wait with it looks once.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// discard is a logger that says nothing.
var discard = slog.New(slog.DiscardHandler)

// request asks the HTTP API for something that it answers with success.
func request(t *testing.T, broker *testkit.Broker, method, path string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, broker.ManagementURL()+path, nil)
	require.NoError(t, err)
	r.SetBasicAuth("guest", "guest")
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	response.Body.Close()
	require.Less(t, response.StatusCode, 300)
}
