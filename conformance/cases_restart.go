package conformance

import (
	"strconv"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

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
			if t.In(Since("4.2")) {
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
	{
		ID: "restart/priorities-and-counts", Title: "priorities, deaths and delivery counts are as they were after a restart",
		Why: "What a worker decides by must not change under it.", Source: pageQueues + "#durability", Node: true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Confirm()
			sorted, dead, from, counted := t.QueueName("sorted"), t.QueueName("dead"), t.QueueName("from"), t.QueueName("counted")
			c.Queue(sorted, wire.Field{Key: "x-max-priority", Value: int32(5)})
			for _, priority := range []uint8{1, 5, 3, 5} {
				p := persistent()
				p.Flags |= wire.HasPriority
				p.Priority = priority
				c.published(sorted, p, "p"+strconv.Itoa(int(priority)))
			}
			c.Queue(dead)
			c.Queue(from, deadLetterTo(dead)...)
			c.published(from, persistent(), "letter")
			c.reject(from)
			c.CheckCounts("dead", dead, Counts{Ready: 1})
			c.Queue(counted, quorum()...)
			c.published(counted, persistent(), "a", "b")
			for range 2 {
				other := t.Raw().Channel()
				t.Observe("held", other.getWithHeaders(counted))
				other.Close()
				c.CheckCounts("came back", counted, Counts{Ready: 2})
			}
			t.Restart()
			r := t.Raw()
			c = r.Channel()
			c.CheckCounts("by priority", sorted, Counts{Ready: 4})
			t.Check("by priority", c.Drain(sorted), []string{"p5", "p5", "p3", "p1"})
			t.Observe("the letter", r.letterboxOnceFull(dead).letters(1))
			c.CheckCounts("counted", counted, Counts{Ready: 2})
			t.Observe("counted", []string{c.getWithHeaders(counted), c.getWithHeaders(counted)})
		},
	},
	{
		ID: "restart/auto-delete", Title: "a restart is no end of use: auto-delete queues and, up to 4.0, exchanges stay that are durable",
		Why: "Temporary things of a program that reconnects are still there.", Source: pageQueues + "#durability", Node: true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			auto, transient, x := t.QueueName("auto"), t.QueueName("transient"), t.ExchangeName("x")
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: auto, Durable: true, AutoDelete: true})
			named := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Durable: true}).Queue
			t.OwnQueue("named", named)
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: transient})
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: "direct", Durable: true, AutoDelete: true})
			c.Bind(transient, x, "k")
			t.Restart()
			r := t.Raw()
			c = r.Channel()
			c.CheckCounts("auto-delete", auto, Counts{})
			c.CheckCounts("named by the broker", named, Counts{})
			t.Check("transient", r.Channel().Refused(&wire.QueueDeclare{Queue: transient, Passive: true}), gone(transient))
			exchange := r.Channel()
			exchange.Send(&wire.ExchangeDeclare{Exchange: x, Passive: true})
			t.Observe("the exchange that only a transient queue was bound to", plain(exchange.Next().String()))
			c.Consume(auto, "c")
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			t.Check("used once more", c.Refused(&wire.QueueDeclare{Queue: auto, Passive: true}), gone(auto))
		},
	},
	{
		ID: "restart/plug-in-exchanges", Title: "queues have their weights after a restart, in whichever order they come to stand on the ring; a history is gone up to 4.0, and kept in 4.3",
		Why: "The work is shared out as before, and who comes late may find nothing.", Source: pageHistory, Node: true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			history, hash, late := t.ExchangeName("history"), t.ExchangeName("hash"), t.QueueName("late")
			one, two := t.QueueName("one"), t.QueueName("two")
			c.Exchange(history, "x-recent-history")
			c.Exchange(hash, "x-consistent-hash")
			for _, q := range []string{one, two, late} {
				c.Queue(q)
			}
			c.Bind(one, hash, "1")
			c.Bind(two, hash, "3")
			hashed := func(label string, c *RawChannel, n int, first, second uint32) {
				c.Confirm()
				for i := range n {
					c.Publish(hash, strconv.Itoa(i), strconv.Itoa(i))
					Expect[*wire.BasicAck](c)
				}
				c.CheckCounts(label, one, Counts{Ready: first})
				c.CheckCounts(label, two, Counts{Ready: second})
				t.unrecorded(func() {
					c.Drain(one)
					c.Drain(two)
				})
			}
			hashed("before", c, 20, 5, 15)
			for i := range 3 {
				t.Publish(history, strconv.Itoa(i), strconv.Itoa(i))
			}
			t.Restart()
			c = t.Raw().Channel()
			hashed("after", c, 20, 5, 15)
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: two, Exchange: hash, RoutingKey: "3"})
			hashed("with one queue", c, 5, 5, 0)
			c.Bind(late, history, "")
			kept := ByRelease(t, On(UpTo("4.1"), []string{}), On(Since("4.2"), []string{"0", "1", "2"}))
			c.CheckCounts("kept", late, Counts{Ready: uint32(len(kept))})
			t.Check("the history", c.Drain(late), kept)
		},
	},
	{
		ID: "restart/operators", Title: "policies, users and their permissions outlive a restart, and so do dead letters that are kept until they arrive",
		Why: "What operators have set up is there when the node comes back.", Source: pageAuth, Management: true, Node: true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Confirm()
			q, least, to, x := t.QueueName("q"), t.QueueName("least"), t.QueueName("to"), t.ExchangeName("x")
			c.Queue(q)
			t.Policy(q, map[string]any{"max-length": 2})
			user := t.User("user")
			t.Permit(user.Username, "", ".*", "")
			c.Exchange(x, "direct")
			t.SetDeadLetterRetry(time.Second)
			c.atLeastOnce(least, x)
			c.published(least, persistent(), "kept")
			c.reject(least)
			c.RoundTrip()
			t.Restart()
			r := t.Raw()
			c = r.Channel()
			c.Queue(to)
			c.Bind(to, x, least)
			t.Observe("the letter", r.letterboxOnceFull(to).letters(1))
			t.Check("policy", t.left(c, q, "a", "b", "c"), []string{"b", "c"})
			t.Check("user", t.RawAs(user).Channel().Refused(&wire.QueueDeclare{Queue: "no"}), t.accessRefused("configure", "queue 'no'", wire.IDQueueDeclare))
		},
	},
}
