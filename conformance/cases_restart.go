package conformance

import (
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// persistent are properties with delivery mode 2 only.
func persistent() wire.Properties {
	return wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: amqp.Persistent}
}

var restartCases = []Case{
	{
		ID:     "restart/messages",
		Title:  "after a restart a durable classic queue has its persistent messages, in order, and a quorum queue has all",
		Why:    "What was confirmed as persistent must not be lost.",
		Source: pageQueues + "#durability",
		Node:   true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Confirm()
			queues := []string{}
			tag := 0
			for _, kind := range []string{"classic", "quorum"} {
				q := t.QueueName(kind)
				c.Queue(q, queueType(kind))
				for i, properties := range []wire.Properties{persistent(), {}, persistent(), {Flags: wire.HasDeliveryMode, DeliveryMode: 1}, persistent()} {
					c.PublishWith(&wire.BasicPublish{RoutingKey: q}, properties, strconv.Itoa(i))
					tag++
					t.Check("confirm", c.Next().Method, wire.Method(&wire.BasicAck{DeliveryTag: uint64(tag)}))
				}
				queues = append(queues, q)
			}
			t.Restart()
			c = t.Raw().Channel()
			c.CheckCounts("classic", queues[0], Counts{Ready: 3})
			t.Check("classic messages", c.Drain(queues[0]), []string{"0", "2", "4"})
			c.CheckCounts("quorum", queues[1], Counts{Ready: 5})
			t.Check("quorum messages", c.Drain(queues[1]), []string{"0", "1", "2", "3", "4"})
		},
	},
	{
		ID:     "restart/declarations",
		Title:  "durable exchanges and queues and the bindings between them outlive a restart, and in 4.3 transient exchanges do, too",
		Why:    "Programs that declare once and for all depend on it.",
		Source: pageQueues + "#durability",
		Node:   true,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q, exclusive := t.QueueName("q"), t.QueueName("exclusive")
			x, transient, alternate := t.ExchangeName("x"), t.ExchangeName("transient"), t.ExchangeName("alternate")
			c.Queue(q, maxLength(2))
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: exclusive, Exclusive: true})
			c.Exchange(alternate, "fanout")
			c.Exchange(x, "headers", wire.Field{Key: "alternate-exchange", Value: alternate})
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: transient, Type: "fanout"})
			c.Bind(q, x, "k", wire.Field{Key: "number", Value: int32(1)})
			c.Bind(q, alternate, "")
			c.Bind(q, transient, "")
			Call[*wire.ExchangeBindOk](c, &wire.ExchangeBind{Source: transient, Destination: alternate})
			t.Restart()
			r = t.Raw()
			t.Check("exclusive queue", r.Channel().Refused(&wire.QueueDeclare{Queue: exclusive, Passive: true}),
				ChannelError(wire.NotFound, "no queue '<exclusive>' in vhost '/'", wire.IDQueueDeclare))
			c = r.Channel()
			if t.In(Only43) {
				Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: transient, Type: "fanout"})
				c.Publish(transient, "", "by the transient exchange")
				c.CheckCounts("its bindings are there", q, Counts{Ready: 1})
				c.Drain(q)
			} else {
				t.Check("transient exchange", r.Channel().Refused(&wire.ExchangeDeclare{Exchange: transient, Passive: true}),
					ChannelError(wire.NotFound, "no exchange '<transient>' in vhost '/'", wire.IDExchangeDeclare))
			}
			c.Queue(q, maxLength(2))
			c.Exchange(x, "headers", wire.Field{Key: "alternate-exchange", Value: alternate})
			c.Confirm()
			matching := wire.Properties{Flags: wire.HasHeaders, Headers: wire.Table{{Key: "number", Value: int32(1)}}}
			c.PublishWith(&wire.BasicPublish{Exchange: x}, matching, "by its arguments")
			Expect[*wire.BasicAck](c)
			for _, body := range []string{"by the alternate exchange", "over the limit"} {
				c.Publish(x, "", body)
				Expect[*wire.BasicAck](c)
			}
			t.Check("messages", c.Drain(q), []string{"by the alternate exchange", "over the limit"})
		},
	},
	{
		ID:     "restart/unacked",
		Title:  "what was not acknowledged before a restart is ready after it, as redelivered",
		Why:    "A consumer's work is done again, and it can see so.",
		Source: pageConfirms + "#automatic-requeueing",
		Node:   true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q)
			c.Confirm()
			for i := range 3 {
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, persistent(), strconv.Itoa(i))
				Expect[*wire.BasicAck](c)
			}
			holder := r.Channel()
			t.Check("held", []string{holder.Get(q), holder.Get(q)}, []string{`get-ok 1 left 2 "0"`, `get-ok 2 left 1 "1"`})
			holder.Send(&wire.BasicAck{DeliveryTag: 1})
			holder.RoundTrip()
			holder.Close()
			c.CheckCounts("came back", q, Counts{Ready: 2})
			t.Check("held again", c.Get(q), `get-ok 1 left 1 redelivered "1"`)
			t.Restart()
			c = t.Raw().Channel()
			c.CheckCounts("ready", q, Counts{Ready: 2})
			t.Check("messages", []string{c.Get(q), c.Get(q)}, []string{`get-ok 1 left 1 redelivered "1"`, `get-ok 2 left 0 "2"`})
		},
	},
	{
		ID:     "restart/connections",
		Title:  "a broker that stops closes its connections with a 320",
		Why:    "Clients tell it from a crash, and come back.",
		Source: pageConnections,
		Node:   true,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			t.Restart()
			e, ok := asError(c.Next().Method)
			t.Check("told", ok, true)
			t.Check("why", e, ConnectionError(wire.ConnectionForced, "broker forced connection closure with reason 'shutdown'", 0))
		},
	},
	{
		ID:     "restart/expiry",
		Title:  "the time of messages and queues goes on over a restart",
		Why:    "A restart is no way to keep what should be gone.",
		Source: pageTTL,
		Node:   true,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Confirm()
			properties := persistent()
			properties.Flags |= wire.HasExpiration
			properties.Expiration = "200"
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, properties, "short")
			Expect[*wire.BasicAck](c)
			properties.Expiration = "3600000"
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, properties, "long")
			Expect[*wire.BasicAck](c)
			t.Restart()
			c = t.Raw().Channel()
			c.CheckCounts("left", q, Counts{Ready: 1})
			t.Check("messages", c.Drain(q), []string{"long"})
		},
	},
}
