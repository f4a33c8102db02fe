package testkit

import (
	"context"
	"errors"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

// link is the testkit's own connection to a virtual host of a real RabbitMQ, which it
// opens when it needs one. One caller at a time uses it.
type link struct {
	mu   sync.Mutex
	conn *amqp.Connection // guarded by mu
}

// linkName is the name of the testkit's own connection.
const linkName = "minirabbit testkit"

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
}

// with calls f with a channel of its own, as an error closes it.
func (l *link) with(url string, f func(ch *amqp.Channel) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil || l.conn.IsClosed() {
		config := amqp.Config{Properties: amqp.NewConnectionProperties()}
		config.Properties.SetClientConnectionName(linkName)
		conn, err := amqp.DialConfig(url, config)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	ch, err := l.conn.Channel()
	if err != nil {
		return err
	}
	defer ch.Close()
	return f(ch)
}

// with calls f with a channel of its own.
func (vh *rabbitmqVHost) with(f func(ch *amqp.Channel) error) error {
	return vh.link.with(vh.r.directURL(vh.own), f)
}

// inspect declares a queue passively.
func (vh *rabbitmqVHost) inspect(name string) (q amqp.Queue, err error) {
	err = vh.with(func(ch *amqp.Channel) (err error) {
		q, err = ch.QueueDeclarePassive(name, false, false, false, false, nil)
		return err
	})
	return q, err
}

// take gets n messages without acknowledgement, so that they are not counted as
// acknowledged.
func (vh *rabbitmqVHost) take(queue string, n int) (taken []Message, enough bool, err error) {
	if s, err := vh.queue(queue); err != nil || s.ready < n || n == 0 {
		return nil, n == 0, err
	}
	err = vh.with(func(ch *amqp.Channel) error {
		for range n {
			d, ok, err := ch.Get(queue, true)
			if err != nil {
				return err
			}
			if !ok {
				return fmt.Errorf("somebody else took a message of queue %q", queue)
			}
			taken = append(taken, fromDelivery(&d))
		}
		return nil
	})
	return taken, err == nil, err
}

// messages gets the ready messages of a queue. They are requeued at the channel's
// end.
func (vh *rabbitmqVHost) messages(queue string) (all []Message, err error) {
	err = vh.with(func(ch *amqp.Channel) error {
		for {
			d, ok, err := ch.Get(queue, false)
			if err != nil || !ok {
				return err
			}
			all = append(all, fromDelivery(&d))
		}
	})
	var refused *amqp.Error
	switch {
	case errors.As(err, &refused) && refused.Code == amqp.NotFound:
		return nil, nil
	case errors.As(err, &refused) && refused.Code == amqp.NotImplemented:
		return nil, needsEmulator("a look at the messages of a stream")
	case err != nil:
		return nil, fmt.Errorf("look at the messages of queue %q: %w", queue, err)
	}
	return all, nil
}

// publish publishes and waits for the confirm.
func (vh *rabbitmqVHost) publish(exchange, routingKey string, m *amqp.Publishing) error {
	err := vh.with(func(ch *amqp.Channel) error {
		if err := ch.Confirm(false); err != nil {
			return err
		}
		closed := ch.NotifyClose(make(chan *amqp.Error, 1))
		confirm, err := ch.PublishWithDeferredConfirm(exchange, routingKey, false, false, *m)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), realPatience)
		defer cancel()
		acked, err := confirm.WaitContext(ctx)
		if err != nil || acked {
			return err
		}
		select {
		case reason := <-closed:
			if reason != nil {
				return reason
			}
		default:
		}
		return errors.New("RabbitMQ refused it")
	})
	var refused *amqp.Error
	if errors.As(err, &refused) && refused.Code == amqp.NotFound {
		return errNoExchange
	}
	return err
}

// declare declares a topology as a client does.
func (vh *rabbitmqVHost) declare(topology Topology) error {
	return vh.with(func(ch *amqp.Channel) error {
		for _, x := range topology.Exchanges {
			if err := ch.ExchangeDeclare(x.Name, x.kind(), !x.Transient, x.AutoDelete, x.Internal, false, x.Arguments); err != nil {
				return fmt.Errorf("declare exchange %q: %w", x.Name, err)
			}
		}
		for _, q := range topology.Queues {
			if _, err := ch.QueueDeclare(q.Name, !q.Transient, q.AutoDelete, false, false, q.Arguments); err != nil {
				return fmt.Errorf("declare queue %q: %w", q.Name, err)
			}
		}
		for _, b := range topology.Bindings {
			var err error
			if b.Queue != "" {
				err = ch.QueueBind(b.Queue, b.RoutingKey, b.Source, false, b.Arguments)
			} else {
				err = ch.ExchangeBind(b.Exchange, b.RoutingKey, b.Source, false, b.Arguments)
			}
			if err != nil {
				return fmt.Errorf("bind exchange %q: %w", b.Source, err)
			}
		}
		return nil
	})
}
