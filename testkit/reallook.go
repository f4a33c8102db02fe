package testkit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What a real RabbitMQ tells of itself through its management API. Of objects it
// knows at once, of connections and counts with a delay of some seconds.

// list gets what the API lists of the test's virtual host.
func list[E any](t T, r *real, path ...string) (all []E) {
	t.Helper()
	for i := range path {
		path[i] = url.PathEscape(path[i])
	}
	if err := r.call(context.Background(), http.MethodGet, "/api/"+strings.Join(path, "/"), nil, &all); err != nil {
		t.Fatalf("testkit: look at RabbitMQ: %v", err)
	}
	return all
}

// table is a table of the API.
type table amqp.Table

// UnmarshalJSON has whole numbers as int64. RabbitMQ writes an empty table as an
// empty list now and then.
func (t *table) UnmarshalJSON(text []byte) error {
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		var none []any
		if json.Unmarshal(text, &none) == nil && len(none) == 0 {
			return nil
		}
		return err
	}
	if len(fields) > 0 {
		*t = table(fromJSON(fields).(amqp.Table))
	}
	return nil
}

func fromJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		fields := make(amqp.Table, len(v))
		for key := range v {
			fields[key] = fromJSON(v[key])
		}
		return fields
	case []any:
		values := make([]any, len(v))
		for i := range v {
			values[i] = fromJSON(v[i])
		}
		return values
	case float64:
		if v == math.Trunc(v) {
			return int64(v)
		}
	}
	return v
}

func (r *real) exchanges(t T) (all []Exchange) {
	t.Helper()
	type entry struct {
		Name, Type        string
		Durable, Internal bool
		Delete            bool `json:"auto_delete"`
		Arguments         table
	}
	for _, x := range list[entry](t, r, "exchanges", r.vhost) {
		if !predeclared(x.Name) {
			all = append(all, Exchange{x.Name, x.Type, !x.Durable, x.Delete, x.Internal, amqp.Table(x.Arguments)})
		}
	}
	slices.SortFunc(all, func(a, b Exchange) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (r *real) declaredQueues(t T) (all []Queue) {
	t.Helper()
	type entry struct {
		Name      string
		Durable   bool
		Delete    bool `json:"auto_delete"`
		Arguments table
	}
	for _, q := range list[entry](t, r, "queues", r.vhost) {
		all = append(all, Queue{q.Name, !q.Durable, q.Delete, amqp.Table(q.Arguments)})
	}
	slices.SortFunc(all, func(a, b Queue) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (r *real) bindings(t T) (all []Binding) {
	t.Helper()
	type entry struct {
		Source      string
		Destination string
		Kind        string `json:"destination_type"`
		RoutingKey  string `json:"routing_key"`
		Arguments   table
	}
	for _, b := range list[entry](t, r, "bindings", r.vhost) {
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
	return all
}

// realChannel is how the API names a channel.
type realChannel struct {
	Connection string `json:"connection_name"`
	Number     int
}

func (r *real) look(t T) (all []Connection) {
	t.Helper()
	type connection struct {
		Name, User  string
		ConnectedAt int64 `json:"connected_at"`
		Properties  table `json:"client_properties"`
	}
	type channel struct {
		Number     int
		Unacked    int                   `json:"messages_unacknowledged"`
		Connection struct{ Name string } `json:"connection_details"`
	}
	connections := list[connection](t, r, "vhosts", r.vhost, "connections")
	slices.SortStableFunc(connections, func(a, b connection) int { return cmp.Compare(a.ConnectedAt, b.ConnectedAt) })
	channels := list[channel](t, r, "vhosts", r.vhost, "channels")
	consumers := r.consumers(t)
	for _, c := range connections {
		name, _ := c.Properties["connection_name"].(string)
		if name == linkName || c.Name == "" {
			continue
		}
		d := Connection{Name: name, Address: c.Name, User: c.User, ClientProperties: amqp.Table(c.Properties)}
		for _, ch := range channels {
			if ch.Connection.Name == c.Name {
				d.Channels = append(d.Channels, Channel{Number: ch.Number, Unacked: ch.Unacked})
			}
		}
		slices.SortFunc(d.Channels, func(a, b Channel) int { return cmp.Compare(a.Number, b.Number) })
		for i := range d.Channels {
			for _, consumer := range consumers {
				if consumer.Connection == c.Name && consumer.Channel == d.Channels[i].Number {
					consumer.Connection = cmp.Or(name, c.Name)
					d.Channels[i].Consumers = append(d.Channels[i].Consumers, consumer)
				}
			}
		}
		all = append(all, d)
	}
	return all
}

// consumers lists the consumers with the addresses of their connections.
func (r *real) consumers(t T) (all []Consumer) {
	t.Helper()
	type entry struct {
		Tag         string `json:"consumer_tag"`
		AckRequired bool   `json:"ack_required"`
		Exclusive   bool
		Active      bool
		Queue       struct{ Name string }
		Details     realChannel `json:"channel_details"`
	}
	for _, c := range list[entry](t, r, "consumers", r.vhost) {
		all = append(all, Consumer{Tag: c.Tag, Queue: c.Queue.Name, Connection: c.Details.Connection, Channel: c.Details.Number,
			NoAck: !c.AckRequired, Exclusive: c.Exclusive, Active: c.Active})
	}
	return all
}

// consumersOf lists the consumers of a queue.
func (r *real) consumersOf(t T, queue string) (all []Consumer) {
	t.Helper()
	for _, c := range r.look(t) {
		for _, ch := range c.Channels {
			for _, consumer := range ch.Consumers {
				if consumer.Queue == queue {
					all = append(all, consumer)
				}
			}
		}
	}
	return all
}

// acked returns how many messages of a queue clients have acknowledged.
func (r *real) acked(name string) int {
	var q struct {
		Stats struct{ Ack int } `json:"message_stats"`
	}
	path := "/api/queues/" + url.PathEscape(r.vhost) + "/" + url.PathEscape(name)
	if err := r.call(context.Background(), http.MethodGet, path, nil, &q); err != nil {
		return 0
	}
	return q.Stats.Ack
}

// peek takes the ready messages of a queue and puts them back.
func (r *real) peek(t T, name string) (all []Message) {
	t.Helper()
	err := r.link.with(r.amqp.String(), func(ch *amqp.Channel) error {
		for { // they come back at the channel's end
			d, ok, err := ch.Get(name, false)
			if err != nil || !ok {
				return err
			}
			all = append(all, fromDelivery(&d))
		}
	})
	var refused *amqp.Error
	switch {
	case errors.As(err, &refused) && refused.Code == amqp.NotFound:
		return nil
	case errors.As(err, &refused) && refused.Code == amqp.NotImplemented:
		t.Skipf("testkit: a look at the messages of a stream needs the emulator, and this test runs on a real RabbitMQ (%s)", environmentAMQP)
	case err != nil:
		t.Fatalf("testkit: look at the messages of queue %q: %v", name, err)
	}
	return all
}
