package testkit

import (
	"errors"
	"fmt"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
)

// VHostView is a virtual host of a broker, by its name. It need not exist yet: waits
// wait for it, too. Looks and checks fail the test if it does not exist.
type VHostView struct {
	b    *Broker
	name string
}

// VHost returns a view of a virtual host. See [WithVHost].
func (b *Broker) VHost(name string) VHostView { return VHostView{b, name} }

// Queue returns a view of a queue of the virtual host.
func (v VHostView) Queue(name string) QueueView { return QueueView{v, name} }

// Exists says whether the virtual host is there.
func (v VHostView) Exists(_ T) bool { return slices.Contains(v.b.node.vhosts(), v.name) }

// Publish is [Broker.Publish] in this virtual host.
func (v VHostView) Publish(t T, exchange, routingKey string, body []byte) {
	t.Helper()
	v.PublishMessage(t, exchange, routingKey, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: body})
}

// errNoExchange says that what is published goes to an exchange that is not there.
var errNoExchange = errors.New("no such exchange")

// PublishMessage is [Broker.PublishMessage] in this virtual host.
func (v VHostView) PublishMessage(t T, exchange, routingKey string, m amqp.Publishing) {
	t.Helper()
	if err := m.Headers.Validate(); err != nil {
		t.Fatalf("testkit: headers of a message to exchange %q with routing key %q: %v", exchange, routingKey, err)
	}
	err := v.b.node.enter(v.name, func(vh vhost) error { return vh.publish(exchange, routingKey, &m) })
	if errors.Is(err, errNoExchange) {
		t.Fatalf("testkit: publish with routing key %q: there is no exchange %q%s. If the code under test declares it, wait for that first, as with Queue(…).AwaitConsumers; or Declare it",
			routingKey, exchange, v.of())
	}
	if err != nil {
		fail(t, fmt.Errorf("publish to exchange %q with routing key %q: %w", exchange, routingKey, err))
	}
}

// of is what follows the name of something in this virtual host, in a message.
func (v VHostView) of() string {
	if v.name == "/" && len(v.b.node.vhosts()) == 1 {
		return ""
	}
	return fmt.Sprintf(" in virtual host %q", v.name)
}

// Declare is [Broker.Declare] in this virtual host, which is what the empty VHost of
// an exchange, a queue or a binding stands for.
func (v VHostView) Declare(t T, topology Topology) {
	t.Helper()
	if err := topology.validate(); err != nil {
		t.Fatalf("testkit: %v", err)
	}
	names, parts := topology.split(v.name)
	for _, name := range names {
		if err := v.b.node.enter(name, func(vh vhost) error { return vh.declare(parts[name]) }); err != nil {
			fail(t, fmt.Errorf("%w%s", err, VHostView{v.b, name}.of()))
		}
	}
}

// topology returns what is declared in the virtual host.
func (v VHostView) topology(t T) (all Topology) {
	t.Helper()
	err := v.b.node.enter(v.name, func(vh vhost) (err error) {
		all, err = vh.topology()
		return err
	})
	if err != nil {
		fail(t, err)
	}
	return all
}

// Exchanges returns the exchanges, by name, without those that every virtual host
// has. Their VHost is empty.
func (v VHostView) Exchanges(t T) []Exchange { t.Helper(); return v.topology(t).Exchanges }

// Queues returns the queues as they were declared, by name. Their VHost is empty.
func (v VHostView) Queues(t T) []Queue { t.Helper(); return v.topology(t).Queues }

// Bindings returns the bindings of all exchanges but the default one, by exchange
// and then in the order of their making. Their VHost is empty.
func (v VHostView) Bindings(t T) []Binding { t.Helper(); return v.topology(t).Bindings }

// CheckTopology checks which exchanges, queues and bindings there are in the virtual
// host, as [Broker.CheckTopology] does in all of them.
func (v VHostView) CheckTopology(t T, want Topology) {
	t.Helper()
	checkTopology(t, "topology of virtual host "+fmt.Sprintf("%q", v.name), v.name, want, v.topology(t))
}

// Connections returns the connections to the virtual host, in the order of their
// opening. See [Broker.Connections].
func (v VHostView) Connections(t T) []Connection {
	t.Helper()
	return v.b.connections(t, v.name)
}

// AwaitConnections waits until n clients or more are connected to the virtual host,
// and returns what connections there are.
func (v VHostView) AwaitConnections(t T, n int) []Connection {
	t.Helper()
	return v.b.awaitConnections(t, v.name, n)
}

// AwaitDisconnected is [Broker.AwaitDisconnected] for the connections to the virtual
// host.
func (v VHostView) AwaitDisconnected(t T, name string) {
	t.Helper()
	v.b.awaitDisconnected(t, v.name, name)
}

// AwaitIdle waits until no queue of the virtual host holds a message, ready or
// unacked.
func (v VHostView) AwaitIdle(t T) {
	t.Helper()
	v.b.awaitIdle(t, v.name)
}

// CheckIdle checks that no queue of the virtual host holds a message, ready or
// unacked.
func (v VHostView) CheckIdle(t T) {
	t.Helper()
	v.b.checkIdle(t, v.name)
}
