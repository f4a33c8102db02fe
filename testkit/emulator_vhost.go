package testkit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/fault"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// emulatorVHost is a virtual host of the emulator, with its lock held. Its errors
// are RabbitMQ's, for what is published and declared; nothing else fails.
type emulatorVHost struct {
	e  *emulator
	vh *broker.VHost
}

var _ vhost = emulatorVHost{}

func (v emulatorVHost) queue(name string) (queueState, error) {
	if q := v.vh.Queue(name); q != nil {
		return stateOf(q), nil
	}
	return queueState{name: name}, nil
}

func stateOf(q *queue.Queue) queueState {
	return queueState{name: q.Name(), exists: true, stream: q.IsStream(), ready: q.Len(), unacked: q.Unacked(), consumers: len(q.Consumers()), idle: idle(q)}
}

// idle says whether nothing is left to do in a queue.
func idle(q *queue.Queue) bool { return q.CaughtUp() && q.Unacked() == 0 }

func (v emulatorVHost) queues() (all []queueState, err error) {
	for _, q := range v.vh.Queues() {
		s := stateOf(q)
		q.Each(func(e *queue.Entry) {
			if len(s.preview.messages) < dumpMessages {
				s.preview.messages = append(s.preview.messages, toMessage(e.Message, e.Deliveries() > 0))
			}
		})
		for _, c := range q.Consumers() {
			s.preview.consumers = append(s.preview.consumers, c.Tag)
		}
		all = append(all, s)
	}
	return all, nil
}

func (v emulatorVHost) idle() (bool, error) {
	return !slices.ContainsFunc(v.vh.Queues(), func(q *queue.Queue) bool { return !idle(q) }), nil
}

func (v emulatorVHost) consumers(name string) (all []Consumer, err error) {
	if q := v.vh.Queue(name); q != nil {
		for _, c := range v.vh.Consumers(q) {
			all = append(all, describeConsumer(c))
		}
	}
	return all, nil
}

func (v emulatorVHost) messages(name string) (all []Message, err error) {
	if q := v.vh.Queue(name); q != nil {
		q.Each(func(e *queue.Entry) { all = append(all, toMessage(e.Message, e.Deliveries() > 0)) })
	}
	return all, nil
}

func (v emulatorVHost) take(name string, n int) (taken []Message, enough bool, err error) {
	q := v.vh.Queue(name)
	if q == nil || q.Len() < n {
		return nil, n == 0, nil
	}
	for range n {
		e, _ := q.Get(v.vh.Now(), true)
		if v.e.recorder != nil {
			v.e.recorder.Observe(&broker.Event{Kind: broker.MessageGot, Time: v.vh.Now(), VHost: v.vh, Message: e.Message, Queue: q, Redelivered: e.Redelivered(), NoAck: true})
		}
		taken = append(taken, toMessage(e.Message, e.Redelivered()))
	}
	v.vh.Wake(q) // what is at the head now may expire
	return taken, true, nil
}

func (v emulatorVHost) acked(queue string) (int, error) {
	if v.e.recorder == nil {
		return 0, errNotRecorded("counting acknowledgements")
	}
	return v.e.recorder.Acked(v.vh.Name(), queue), nil
}

func (v emulatorVHost) topology() (t Topology, err error) {
	for _, x := range v.vh.Exchanges() {
		if !predeclared(x.Name()) {
			t.Exchanges = append(t.Exchanges, Exchange{Name: x.Name(), Type: string(x.Kind()), Transient: !x.Durable, AutoDelete: x.AutoDelete,
				Internal: x.Internal, Arguments: toTable(x.Arguments)})
		}
		for _, b := range x.Bindings() {
			d := Binding{Source: x.Name(), RoutingKey: b.RoutingKey, Arguments: toTable(b.Arguments)}
			if b.Destination.IsQueue() {
				d.Queue = b.Destination.Name()
			} else {
				d.Exchange = b.Destination.Name()
			}
			t.Bindings = append(t.Bindings, d)
		}
	}
	for _, q := range v.vh.Queues() {
		t.Queues = append(t.Queues, Queue{Name: q.Name(), Transient: !q.Durable, AutoDelete: q.AutoDelete, Arguments: toTable(q.Arguments)})
	}
	return t, nil
}

// predeclared says whether RabbitMQ declares an exchange by itself.
func predeclared(exchange string) bool {
	return exchange == "" || strings.HasPrefix(exchange, "amq.")
}

func (v emulatorVHost) connections(brief bool) (all []openConnection, err error) {
	for _, c := range v.vh.Connections() {
		d := Connection{VHost: v.vh.Name(), Name: fault.ConnectionName(c.ClientProperties), Address: c.Name}
		if c.User != nil {
			d.User = c.User.Name()
		}
		if !brief {
			d.ClientProperties, d.Channels = toTable(c.ClientProperties), describeChannels(c)
		}
		all = append(all, openConnection{d, int64(c.ConnectedAt)})
	}
	return all, nil
}

func describeChannels(c *broker.Connection) (all []Channel) {
	for _, ch := range c.Channels() {
		channel := Channel{Number: int(ch.Number), Unacked: ch.Unacked()}
		for _, consumer := range ch.Consumers() {
			channel.Consumers = append(channel.Consumers, describeConsumer(consumer))
		}
		all = append(all, channel)
	}
	return all
}

func describeConsumer(c *broker.Consumer) Consumer {
	ch := c.Channel()
	return Consumer{Tag: c.Tag(), Queue: c.Queue().Name(), Connection: record.ClientName(ch.Connection()), Channel: int(ch.Number),
		NoAck: c.NoAck(), Exclusive: c.Exclusive(), Active: c.Active()}
}

func (v emulatorVHost) publish(exchange, routingKey string, m *amqp.Publishing) error {
	properties := toProperties(m)
	_, err := v.vh.Publish(broker.Publishing{Exchange: exchange, RoutingKey: routingKey, Properties: properties.Append(nil), Body: m.Body})
	var missing *broker.ChannelError
	if errors.As(err, &missing) && missing.Code == wire.NotFound {
		return errNoExchange
	}
	return err
}

// declare creates what a topology describes, as a client with all permissions
// would.
func (v emulatorVHost) declare(topology Topology) error {
	for _, x := range topology.Exchanges {
		if err := v.declareExchange(x); err != nil {
			return fmt.Errorf("declare exchange %q: %w", x.Name, err)
		}
	}
	for _, q := range topology.Queues {
		_, err := v.vh.DeclareQueue(nil, &wire.QueueDeclare{
			Queue: q.Name, Durable: !q.Transient, AutoDelete: q.AutoDelete, Arguments: fromTable(q.Arguments),
		})
		if err != nil {
			return fmt.Errorf("declare queue %q: %w", q.Name, err)
		}
	}
	for _, binding := range topology.Bindings {
		if err := v.bind(binding); err != nil {
			return fmt.Errorf("bind exchange %q: %w", binding.Source, err)
		}
	}
	return nil
}

func (v emulatorVHost) declareExchange(x Exchange) error {
	if err := v.vh.CheckExchangeType(x.kind()); err != nil {
		return err
	}
	return v.vh.DeclareExchange(nil, &wire.ExchangeDeclare{
		Exchange: x.Name, Type: x.kind(), Durable: !x.Transient, AutoDelete: x.AutoDelete, Internal: x.Internal, Arguments: fromTable(x.Arguments),
	})
}

func (v emulatorVHost) bind(b Binding) error {
	source, err := v.vh.UseExchange(b.Source)
	if err != nil {
		return err
	}
	if b.Queue == "" {
		to, err := v.vh.UseExchange(b.Exchange)
		if err != nil {
			return err
		}
		return v.vh.Bind(source, to, b.RoutingKey, fromTable(b.Arguments))
	}
	q := v.vh.Queue(b.Queue)
	if q == nil {
		return fmt.Errorf("no queue %q", b.Queue)
	}
	return v.vh.Bind(source, q, b.RoutingKey, fromTable(b.Arguments))
}
