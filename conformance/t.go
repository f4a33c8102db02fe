package conformance

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// patience is how long the suite waits for something that has to come. Nothing takes that long on a working broker;
// only RabbitMQ's refusals of a login come near, which it holds back for three seconds.
const patience = 20 * time.Second

// T is what a case works with: the test it runs in, connections to the target, names of its own, and checks.
// Its methods are for the test's goroutine.
type T struct {
	testing.TB
	target Target
	uri    amqp.URI

	names       []generatedName
	connections []io.Closer
	sockets     int         // how many raw connections there were
	publisher   *RawChannel // of Publish; nil until its first call
	transcript
}

// generatedName is a name made for this run, and what stands for it in observations.
type generatedName struct {
	name, placeholder string
	kind              nameKind
}

// nameKind tells how to remove what bears a name.
type nameKind uint8

const (
	plainName nameKind = iota
	queueName
	exchangeName
)

// Release is the release whose behaviour is expected.
func (t *T) Release() Release { return t.target.Release }

// In tells whether the target is one of the releases.
func (t *T) In(releases Releases) bool { return releases.Has(t.target.Release) }

// QueueName makes a name for a queue, which is deleted when the case ends. In checks and observations <label> stands
// for it.
func (t *T) QueueName(label string) string { return t.generate(label, queueName) }

// ExchangeName makes a name for an exchange, which is deleted when the case ends. In checks and observations <label>
// stands for it.
func (t *T) ExchangeName(label string) string { return t.generate(label, exchangeName) }

// UniqueName makes a name for anything else. In checks and observations <label> stands for it.
func (t *T) UniqueName(label string) string { return t.generate(label, plainName) }

// OwnQueue takes over the name of a queue that the broker has made up, as if QueueName had made it.
func (t *T) OwnQueue(label, name string) { t.own(generatedName{name, "<" + label + ">", queueName}) }

// Placeholder makes <label> stand for something that differs from run to run, such as a port.
func (t *T) Placeholder(label, value string) {
	t.own(generatedName{value, "<" + label + ">", plainName})
}

// generate makes names whose lengths depend on the label only, because RabbitMQ cuts its texts at 255 bytes.
func (t *T) generate(label string, kind nameKind) string {
	var random [5]byte
	_, _ = rand.Read(random[:]) // never fails
	name := "conformance-" + hex.EncodeToString(random[:]) + "-" + label
	t.own(generatedName{name, "<" + label + ">", kind})
	return name
}

// own keeps names sorted, long ones first, because one may contain another.
func (t *T) own(name generatedName) {
	at, _ := slices.BinarySearchFunc(t.names, name, func(a, b generatedName) int {
		return cmp.Or(len(b.name)-len(a.name), strings.Compare(a.name, b.name))
	})
	t.names = slices.Insert(t.names, at, name)
}

// Dial opens a connection of the official client, which is closed when the case ends.
func (t *T) Dial() *amqp.Connection {
	t.Helper()
	connection, err := amqp.Dial(t.target.URL)
	if err != nil {
		t.Fatalf("dialling: %v", err)
	}
	t.connections = append(t.connections, connection)
	return connection
}

// Channel opens a channel of the official client on a connection of its own.
func (t *T) Channel() *amqp.Channel {
	t.Helper()
	channel, err := t.Dial().Channel()
	if err != nil {
		t.Fatalf("opening a channel: %v", err)
	}
	return channel
}

// Publish publishes bodies without properties from a connection of its own, and waits until they are confirmed: the
// queues have them then, and have dealt with them. The confirms are not recorded.
func (t *T) Publish(exchange, key string, bodies ...string) {
	t.Helper()
	if t.publisher == nil {
		t.publisher = t.Raw().Channel()
		t.unrecorded(t.publisher.Confirm)
	}
	for _, body := range bodies {
		t.publisher.Publish(exchange, key, body)
		t.unrecorded(func() { Expect[*wire.BasicAck](t.publisher) })
	}
}

// Must ends the case if a step that has to work did not.
func (t *T) Must(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Check compares got with want, where nil and empty are the same, and records got. In both, names that the case
// generated become their placeholders first, so a want may use either.
func (t *T) Check(label string, got, want any) {
	t.Helper()
	got, want = t.normalise(got), t.normalise(want)
	t.checked(label, got)
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", t.placeholders(label), diff)
	}
}

// Observe records got without comparing it: what it has to be is in the recordings alone.
func (t *T) Observe(label string, got any) { t.checked(label, t.normalise(got)) }

// mark labels the lines above it in the recording.
func (t *T) mark(label string) {
	if t.silent == 0 {
		t.lines = append(t.lines, "# "+t.placeholders(label))
		t.taken = nil
	}
}

// Await receives from a Go channel of the official client; it ends the case when nothing comes or the channel is closed.
func Await[V any](t *T, from <-chan V, what string) V {
	t.Helper()
	value, ok := AwaitClosed(t, from, what)
	if !ok {
		t.Fatalf("waiting for %s: the channel was closed", what)
	}
	return value
}

// AwaitClosed is Await for a Go channel that may be closed: then ok is false.
func AwaitClosed[V any](t *T, from <-chan V, what string) (value V, ok bool) {
	t.Helper()
	select {
	case value, ok = <-from:
		return value, ok
	case <-time.After(patience):
		t.Fatalf("waiting for %s: nothing came within %v", what, patience)
		panic("unreachable")
	}
}

// numbered gives prefix0, prefix1, … up to n names.
func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(prefix, i)
	}
	return names
}
