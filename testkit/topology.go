package testkit

import (
	"cmp"
	"fmt"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Topology is a set of exchanges, queues and bindings.
type Topology struct {
	Exchanges []Exchange
	Queues    []Queue
	Bindings  []Binding
}

// Exchange describes an exchange. Its Type is "direct" if empty.
type Exchange struct {
	VHost      string // see [Broker.Declare]
	Name       string
	Type       string
	Transient  bool // not durable
	AutoDelete bool
	Internal   bool
	Arguments  amqp.Table
}

// Queue describes a queue.
type Queue struct {
	VHost      string // see [Broker.Declare]
	Name       string
	Transient  bool // not durable
	AutoDelete bool
	Arguments  amqp.Table
}

// Binding describes a binding: the exchange Source routes to Queue, or to the
// exchange Exchange if Queue is empty.
type Binding struct {
	VHost      string // see [Broker.Declare]
	Source     string
	Queue      string
	Exchange   string
	RoutingKey string
	Arguments  amqp.Table
}

// Declare creates what the topology describes, as a client with all permissions
// would. It fails the test for what RabbitMQ refuses. What is in another virtual host
// than "/" says so in its VHost.
func (b *Broker) Declare(t T, topology Topology) {
	t.Helper()
	b.VHost("/").Declare(t, topology)
}

// validate looks for arguments of types that AMQP has not.
func (t Topology) validate() error {
	for _, x := range t.Exchanges {
		if err := x.Arguments.Validate(); err != nil {
			return fmt.Errorf("arguments of exchange %q: %w", x.Name, err)
		}
	}
	for _, q := range t.Queues {
		if err := q.Arguments.Validate(); err != nil {
			return fmt.Errorf("arguments of queue %q: %w", q.Name, err)
		}
	}
	for _, b := range t.Bindings {
		if err := b.Arguments.Validate(); err != nil {
			return fmt.Errorf("arguments of a binding of exchange %q: %w", b.Source, err)
		}
	}
	return nil
}

// kind is the type of the exchange.
func (x Exchange) kind() string { return cmp.Or(x.Type, "direct") }

// in returns the topology with everything in a virtual host that does not say where
// it is.
func (t Topology) in(vhost string) (all Topology) {
	for _, x := range t.Exchanges {
		x.VHost = cmp.Or(x.VHost, vhost)
		all.Exchanges = append(all.Exchanges, x)
	}
	for _, q := range t.Queues {
		q.VHost = cmp.Or(q.VHost, vhost)
		all.Queues = append(all.Queues, q)
	}
	for _, b := range t.Bindings {
		b.VHost = cmp.Or(b.VHost, vhost)
		all.Bindings = append(all.Bindings, b)
	}
	return all
}

// split returns the parts of the topology by virtual host, of which one is the
// default, and the names of the virtual hosts in a fixed order.
func (t Topology) split(vhost string) (names []string, parts map[string]Topology) {
	parts = make(map[string]Topology)
	change := func(vhost string, f func(part *Topology)) {
		part, known := parts[vhost]
		if !known {
			names = append(names, vhost)
		}
		f(&part)
		parts[vhost] = part
	}
	t = t.in(vhost)
	for _, x := range t.Exchanges {
		change(x.VHost, func(part *Topology) { part.Exchanges = append(part.Exchanges, x) })
	}
	for _, q := range t.Queues {
		change(q.VHost, func(part *Topology) { part.Queues = append(part.Queues, q) })
	}
	for _, b := range t.Bindings {
		change(b.VHost, func(part *Topology) { part.Bindings = append(part.Bindings, b) })
	}
	slices.Sort(names)
	return names, parts
}
