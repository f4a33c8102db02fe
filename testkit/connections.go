package testkit

import (
	"cmp"
	"fmt"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Connection is a client's connection.
type Connection struct {
	VHost string // the virtual host that the client has opened
	// Name is the client's own name for it, from its properties; empty if it
	// gave none.
	Name string
	// Address tells connections apart: those of client and broker.
	Address          string
	User             string
	ClientProperties amqp.Table
	Channels         []Channel
}

// Channel is an open channel of a connection.
type Channel struct {
	Number    int
	Consumers []Consumer
	Unacked   int
}

// Consumer is a subscription to a queue.
type Consumer struct {
	Tag        string
	Queue      string
	Connection string // the client's own name for it or, if it gave none, the address
	Channel    int
	NoAck      bool
	Exclusive  bool
	// Active is false for one that waits for its turn at a queue with a single
	// active consumer.
	Active bool
}

// Connections returns the connections to all virtual hosts, in the order of their
// opening. A real RabbitMQ lists them with a delay of some seconds: wait with
// AwaitConnections or AwaitDisconnected.
func (b *Broker) Connections(t T) []Connection {
	t.Helper()
	return b.connections(t, "")
}

// connections returns the connections to a virtual host, or to all.
func (b *Broker) connections(t T, vhostName string) []Connection {
	t.Helper()
	var all [][]openConnection
	err := b.visit(vhostName, func(_ string, vh vhost) error {
		open, err := vh.connections(false)
		all = append(all, open)
		return err
	})
	if err != nil {
		fail(t, err)
	}
	return inOrder(all)
}

// inOrder returns connections in the order of their opening.
func inOrder(byVHost [][]openConnection) (all []Connection) {
	open := slices.Concat(byVHost...)
	slices.SortStableFunc(open, func(a, b openConnection) int { return cmp.Compare(a.opened, b.opened) })
	for _, c := range open {
		all = append(all, c.Connection)
	}
	return all
}

// AwaitConnections waits until n clients or more are connected, to whatever virtual
// host, and returns what connections there are.
func (b *Broker) AwaitConnections(t T, n int) []Connection {
	t.Helper()
	return b.awaitConnections(t, "", n)
}

func (b *Broker) awaitConnections(t T, vhostName string, n int) []Connection {
	t.Helper()
	var all [][]openConnection
	b.await(t, counted(n, "connection")+inVHost(vhostName), wait{
		vhost: vhostName,
		see:   func(vh vhost) (any, error) { return vh.connections(true) },
		enough: func(seen []any) bool {
			all = nil
			count := 0
			for _, s := range seen {
				all = append(all, s.([]openConnection))
				count += len(s.([]openConnection))
			}
			return count >= n
		},
	})
	// That there are so many may be over by now; what they do is looked up.
	there, now := inOrder(all), b.connections(t, vhostName)
	for i, c := range there {
		if at := slices.IndexFunc(now, func(d Connection) bool { return d.Address == c.Address }); at >= 0 {
			there[i] = now[at]
		}
	}
	return there
}

// AwaitDisconnected waits until no connection of this name is there, to whatever
// virtual host: the name that the client gave it, or its address. The empty name
// stands for all.
func (b *Broker) AwaitDisconnected(t T, name string) {
	t.Helper()
	b.awaitDisconnected(t, "", name)
}

func (b *Broker) awaitDisconnected(t T, vhostName, name string) {
	t.Helper()
	what := fmt.Sprintf("connection %q to be gone", name)
	if name == "" {
		what = "all connections to be gone"
	}
	is := func(c openConnection) bool { return name == "" || c.Name == name || c.Address == name }
	b.await(t, what+inVHost(vhostName), wait{
		vhost:   vhostName,
		lasting: true,
		see: func(vh vhost) (any, error) {
			all, err := vh.connections(true)
			return !slices.ContainsFunc(all, is), err
		},
		enough: func(seen []any) bool { return (vhostName == "" || len(seen) > 0) && everywhere(seen) },
	})
}
