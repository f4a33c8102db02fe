package testkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func (vh *rabbitmqVHost) connections(brief bool) (all []openConnection, err error) {
	type connection struct {
		Name, User  string
		ConnectedAt int64 `json:"connected_at"` // in milliseconds
		Properties  table `json:"client_properties"`
	}
	known, err := list[connection](vh.r, "vhosts", vh.name, "connections")
	if err != nil {
		return nil, err
	}
	for _, c := range known {
		name, _ := c.Properties["connection_name"].(string)
		if name == linkName || c.Name == "" {
			continue
		}
		d := Connection{VHost: vh.own, Name: name, Address: c.Name, User: vh.r.ownUser(c.User), ClientProperties: amqp.Table(c.Properties)}
		all = append(all, openConnection{d, c.ConnectedAt * 1e6})
	}
	slices.SortStableFunc(all, func(a, b openConnection) int { return cmp.Compare(a.opened, b.opened) })
	if !brief {
		err = vh.addChannels(all)
	}
	return all, err
}

// addChannels adds the channels and their consumers to connections.
func (vh *rabbitmqVHost) addChannels(connections []openConnection) error {
	type channel struct {
		Number     int
		Unacked    int                   `json:"messages_unacknowledged"`
		Connection struct{ Name string } `json:"connection_details"`
	}
	channels, err := list[channel](vh.r, "vhosts", vh.name, "channels")
	if err != nil {
		return err
	}
	consumers, err := vh.allConsumers()
	if err != nil {
		return err
	}
	slices.SortFunc(channels, func(a, b channel) int { return cmp.Compare(a.Number, b.Number) })
	for i := range connections {
		c := &connections[i]
		for _, ch := range channels {
			if ch.Connection.Name != c.Address {
				continue
			}
			d := Channel{Number: ch.Number, Unacked: ch.Unacked}
			for _, consumer := range consumers {
				if consumer.Connection == c.Address && consumer.Channel == ch.Number {
					consumer.Connection = cmp.Or(c.Name, c.Address)
					d.Consumers = append(d.Consumers, consumer)
				}
			}
			c.Channels = append(c.Channels, d)
		}
	}
	return nil
}

// allConsumers lists the consumers with the addresses of their connections.
func (vh *rabbitmqVHost) allConsumers() (all []Consumer, err error) {
	type entry struct {
		Tag         string `json:"consumer_tag"`
		AckRequired bool   `json:"ack_required"`
		Exclusive   bool
		Active      bool
		Queue       struct{ Name string }
		Channel     struct {
			Connection string `json:"connection_name"`
			Number     int
		} `json:"channel_details"`
	}
	known, err := list[entry](vh.r, "consumers", vh.name)
	for _, c := range known {
		all = append(all, Consumer{Tag: c.Tag, Queue: c.Queue.Name, Connection: c.Channel.Connection, Channel: c.Channel.Number,
			NoAck: !c.AckRequired, Exclusive: c.Exclusive, Active: c.Active})
	}
	return all, err
}

func (vh *rabbitmqVHost) consumers(queue string) (all []Consumer, err error) {
	connections, err := vh.connections(false)
	for _, c := range connections {
		for _, ch := range c.Channels {
			for _, consumer := range ch.Consumers {
				if consumer.Queue == queue {
					all = append(all, consumer)
				}
			}
		}
	}
	return all, err
}

// closeConnections closes the connections to all virtual hosts of the test. It waits
// for one: RabbitMQ lists a new connection after a moment only.
func (r *rabbitmq) closeConnections(reason string) error {
	var all []openConnection
	done, forget := r.watch(wait{
		see: func(vh vhost) (any, error) { return vh.connections(true) },
		enough: func(seen []any) bool {
			all = nil
			for _, connections := range seen {
				all = append(all, connections.([]openConnection)...)
			}
			return len(all) > 0
		},
	})
	patience := time.NewTimer(realPatience)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	}
	if err := forget(); err != nil {
		return fmt.Errorf("list connections: %w", err)
	}
	if len(all) == 0 {
		return errors.New("there is no connection to close")
	}
	for _, c := range all {
		header := http.Header{"X-Reason": {reason}}
		if err := r.callWith(context.Background(), http.MethodDelete, apiPath("connections", c.Address), nil, nil, header); err != nil && !notFound(err) {
			return fmt.Errorf("close a connection: %w", err)
		}
	}
	return nil
}
