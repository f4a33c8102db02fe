package testkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
)

// rabbitmqVHost is a virtual host of a real RabbitMQ. AMQP tells exactly what is
// ready in a queue; the management API knows the rest.
type rabbitmqVHost struct {
	r         *rabbitmq
	own, name string // the test's name for it, and RabbitMQ's
	link      link
}

var _ vhost = (*rabbitmqVHost)(nil)

// queueCounts is what the management API says of a queue.
type queueCounts struct {
	Name      string
	Type      string
	Ready     int `json:"messages_ready"`
	Unacked   int `json:"messages_unacknowledged"`
	Consumers int
	Stats     struct{ Ack int } `json:"message_stats"`
}

func (vh *rabbitmqVHost) get(queue string) (counts queueCounts, err error) {
	err = vh.r.call(context.Background(), http.MethodGet, apiPath("queues", vh.name, queue), nil, &counts)
	return counts, err
}

func (vh *rabbitmqVHost) queue(name string) (queueState, error) {
	counts, err := vh.get(name)
	if notFound(err) {
		return queueState{name: name}, nil
	}
	if err != nil {
		return queueState{}, err
	}
	return vh.exactly(counts)
}

// exactly returns the state of a queue with what AMQP says of it.
func (vh *rabbitmqVHost) exactly(counts queueCounts) (queueState, error) {
	s := queueState{name: counts.Name, exists: true, stream: counts.Type == "stream", ready: counts.Ready, unacked: counts.Unacked, consumers: counts.Consumers}
	q, err := vh.inspect(counts.Name)
	var refused *amqp.Error
	switch {
	case err == nil:
		s.ready, s.consumers = q.Messages, q.Consumers
	case errors.As(err, &refused) && refused.Code == amqp.NotFound:
		return queueState{name: counts.Name}, nil
	case errors.As(err, &refused) && refused.Code == amqp.ResourceLocked: // another connection's alone
	default:
		return queueState{}, fmt.Errorf("look at queue %q: %w", counts.Name, err)
	}
	s.idle = s.unacked == 0 && (s.ready == 0 || s.stream)
	return s, nil
}

func (vh *rabbitmqVHost) queues() (all []queueState, err error) {
	known, err := list[queueCounts](vh.r, "queues", vh.name)
	if err != nil {
		return nil, err
	}
	for _, counts := range known {
		s, err := vh.exactly(counts)
		if err != nil {
			return nil, err
		}
		if s.exists {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b queueState) int { return cmp.Compare(a.name, b.name) })
	return all, nil
}

func (vh *rabbitmqVHost) idle() (bool, error) {
	all, err := vh.queues()
	// A stream keeps what it has, and RabbitMQ does not tell what of it is unacked.
	return !slices.ContainsFunc(all, func(s queueState) bool { return !s.idle && !s.stream }), err
}

func (vh *rabbitmqVHost) acked(queue string) (int, error) {
	counts, err := vh.get(queue)
	if notFound(err) {
		return 0, nil
	}
	return counts.Stats.Ack, err
}

func (vh *rabbitmqVHost) topology() (t Topology, err error) {
	if t.Exchanges, err = vh.exchanges(); err != nil {
		return t, err
	}
	if t.Queues, err = vh.declaredQueues(); err != nil {
		return t, err
	}
	t.Bindings, err = vh.bindings()
	return t, err
}

func (vh *rabbitmqVHost) exchanges() (all []Exchange, err error) {
	type entry struct {
		Name, Type        string
		Durable, Internal bool
		Delete            bool `json:"auto_delete"`
		Arguments         table
	}
	known, err := list[entry](vh.r, "exchanges", vh.name)
	for _, x := range known {
		if !predeclared(x.Name) {
			all = append(all, Exchange{Name: x.Name, Type: x.Type, Transient: !x.Durable, AutoDelete: x.Delete, Internal: x.Internal, Arguments: amqp.Table(x.Arguments)})
		}
	}
	slices.SortFunc(all, func(a, b Exchange) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

func (vh *rabbitmqVHost) declaredQueues() (all []Queue, err error) {
	type entry struct {
		Name      string
		Durable   bool
		Delete    bool `json:"auto_delete"`
		Arguments table
	}
	known, err := list[entry](vh.r, "queues", vh.name)
	for _, q := range known {
		all = append(all, Queue{Name: q.Name, Transient: !q.Durable, AutoDelete: q.Delete, Arguments: amqp.Table(q.Arguments)})
	}
	slices.SortFunc(all, func(a, b Queue) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

func (vh *rabbitmqVHost) bindings() (all []Binding, err error) {
	type entry struct {
		Source      string
		Destination string
		Kind        string `json:"destination_type"`
		RoutingKey  string `json:"routing_key"`
		Arguments   table
	}
	known, err := list[entry](vh.r, "bindings", vh.name)
	for _, b := range known {
		if b.Source == "" {
			continue
		}
		binding := Binding{Source: b.Source, RoutingKey: b.RoutingKey, Arguments: amqp.Table(b.Arguments)}
		if b.Kind == "queue" {
			binding.Queue = b.Destination
		} else {
			binding.Exchange = b.Destination
		}
		all = append(all, binding)
	}
	slices.SortStableFunc(all, func(a, b Binding) int { return cmp.Compare(a.Source, b.Source) })
	return all, err
}
