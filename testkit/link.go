package testkit

import (
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

// link is the testkit's own connection to a real RabbitMQ, which it opens when it
// needs one. It is consumed by one caller at a time.
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

func (l *link) inspect(url, name string) (q amqp.Queue, ok bool) {
	err := l.with(url, func(ch *amqp.Channel) (err error) {
		q, err = ch.QueueDeclarePassive(name, false, false, false, false, nil)
		return err
	})
	return q, err == nil
}

// take waits for n ready messages and takes them.
func (r *real) take(t T, name string, n int) (taken []Message) {
	t.Helper()
	r.await(t, fmt.Sprintf("queue %q to hold %s", name, counted(n, "ready message")), false, func() bool {
		q, ok := r.link.inspect(r.amqp.String(), name)
		return ok && q.Messages >= n || n == 0
	})
	err := r.link.with(r.amqp.String(), func(ch *amqp.Channel) error {
		for range n {
			d, ok, err := ch.Get(name, true)
			if err != nil {
				return err
			}
			if !ok {
				return fmt.Errorf("somebody else took a message of queue %q", name)
			}
			taken = append(taken, fromDelivery(&d))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return taken
}

// publish publishes and waits for the confirm.
func (r *real) publish(t T, exchange, routingKey string, m amqp.Publishing) {
	t.Helper()
	err := r.link.with(r.amqp.String(), func(ch *amqp.Channel) error {
		if err := ch.Confirm(false); err != nil {
			return err
		}
		confirm, err := ch.PublishWithDeferredConfirm(exchange, routingKey, false, false, m)
		if err != nil {
			return err
		}
		acked, err := confirm.WaitContext(t.Context())
		if err == nil && !acked {
			err = fmt.Errorf("refused, or no such exchange")
		}
		return err
	})
	if err != nil {
		t.Fatalf("testkit: publish to exchange %q with routing key %q: %v", exchange, routingKey, err)
	}
}

// declare declares a topology as a client does.
func (r *real) declare(t T, topology Topology) {
	t.Helper()
	err := r.link.with(r.amqp.String(), func(ch *amqp.Channel) error {
		for _, x := range topology.Exchanges {
			kind := x.Type
			if kind == "" {
				kind = "direct"
			}
			if err := ch.ExchangeDeclare(x.Name, kind, !x.Transient, x.AutoDelete, x.Internal, false, x.Arguments); err != nil {
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
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
}
