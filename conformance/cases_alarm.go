package conformance

import "github.com/minirabbit/minirabbit/wire"

const pageAlarms = "rabbitmq.com/docs/alarms"

var alarmCases = []Case{
	{
		ID:     "alarm/blocks-the-publisher",
		Title:  "while memory is low, a connection that publishes is blocked and told so; its message waits until memory is not low",
		Why:    "Publishers must stop before the node does.",
		Source: "rabbitmq.com/docs/connection-blocked",
		Node:   true,
		Racy:   "the reply to confirm.select may come before or after connection.blocked",
		Run: func(t *T) {
			q, other := t.QueueName("q"), t.Raw().Channel()
			other.Queue(q)
			published, never := t.Raw(), t.Raw()
			c, first := published.Channel(), never.Channel()
			c.Confirm()
			c.Publish("", q, "before")
			t.Check("before", c.Lines(1), []string{"ack 1"})
			t.SetAlarm("memory", true)
			t.Check("nobody is told who does not publish", append(c.RoundTrip(), first.RoundTrip()...), []string{})
			first.Confirm()
			for _, publisher := range []*RawChannel{c, first} {
				publisher.Publish("", q, "m")
				t.Check("told", publisher.raw.Channel0().Next().Method, wire.Method(&wire.ConnectionBlocked{Reason: "low on memory"}))
				publisher.Publish("", q, "m")
			}
			other.CheckCounts("none is taken", q, Counts{Ready: 1})
			t.SetAlarm("memory", false)
			for _, publisher := range []*RawChannel{c, first} {
				t.Check("told again", publisher.raw.Channel0().Next().Method, wire.Method(&wire.ConnectionUnblocked{}))
			}
			other.CheckCounts("all are taken", q, Counts{Ready: 5})
		},
	},
	{
		ID:     "alarm/others-go-on",
		Title:  "while memory is low, those who do not publish consume, acknowledge and declare, and new connections are taken",
		Why:    "What uses memory must be able to go.",
		Source: pageAlarms,
		Node:   true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b")
			c.CheckCounts("published", q, Counts{Ready: 2})
			t.SetAlarm("memory", true)
			t.Check("get on a connection that has published", c.Get(q), `get-ok 1 left 1 "a"`)
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			another := t.Raw().Channel()
			another.Consume(q, "c")
			t.Check("delivered on a new connection", another.Lines(1), []string{`deliver c 1 "b"`})
			another.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("nothing more", another.Fence(q), []string{})
			more := t.QueueName("more")
			another.Queue(more)
			t.Check("declared", another.Counts(more), Counts{})
		},
	},
	{
		ID:     "alarm/nothing-else-is-read",
		Title:  "nothing is read from a blocked connection: no other channel, no settlement and no close is heard until it is unblocked",
		Why:    "A program that publishes and consumes on one connection stops altogether.",
		Source: pageAlarms,
		Node:   true,
		Racy:   "the replies of channels come in any order after connection.unblocked",
		Run: func(t *T) {
			q, other := t.QueueName("q"), t.Raw().Channel()
			other.Queue(q)
			t.Publish("", q, "held")
			r := t.Raw()
			c, publisher := r.Channel(), r.Channel()
			t.Check("held", c.Get(q), `get-ok 1 left 0 "held"`)
			t.SetAlarm("disk", true)
			publisher.Publish("", q, "m")
			t.Check("told", r.Channel0().Next().Method, wire.Method(&wire.ConnectionBlocked{Reason: "low on disk"}))
			c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			r.Channel0().Send(&wire.ConnectionClose{ReplyCode: wire.ReplySuccess})
			other.CheckCounts("neither came back nor was published", q, Counts{})
			t.SetAlarm("disk", false)
			t.Check("told again", r.Channel0().Next().Method, wire.Method(&wire.ConnectionUnblocked{}))
			Expect[*wire.ConnectionCloseOk](r.Channel0())
			other.CheckCounts("both", q, Counts{Ready: 2})
		},
	},
	{
		ID:     "alarm/two",
		Title:  "a connection is told of all alarms that there are when it is blocked, of none that come or go later, and is unblocked after the last",
		Why:    "Clients count on one notice of each kind.",
		Source: "rabbitmq.com/docs/connection-blocked",
		Node:   true,
		Run: func(t *T) {
			q, other := t.QueueName("q"), t.Raw().Channel()
			other.Queue(q)
			early, late := t.Raw(), t.Raw()
			e, l := early.Channel(), late.Channel()
			t.SetAlarm("disk", true)
			e.Publish("", q, "m")
			t.Check("one", early.Channel0().Next().Method, wire.Method(&wire.ConnectionBlocked{Reason: "low on disk"}))
			t.SetAlarm("memory", true)
			l.Publish("", q, "m")
			t.Check("both", late.Channel0().Next().Method, wire.Method(&wire.ConnectionBlocked{Reason: "low on disk & memory"}))
			t.SetAlarm("disk", false)
			other.CheckCounts("one is left", q, Counts{})
			t.SetAlarm("memory", false)
			for _, r := range []*Raw{early, late} {
				t.Check("none is left", r.Channel0().Next().Method, wire.Method(&wire.ConnectionUnblocked{}))
			}
			other.CheckCounts("published", q, Counts{Ready: 2})
		},
	},
	{
		ID:     "alarm/without-capability",
		Title:  "a client that does not know connection.blocked is blocked without being told",
		Why:    "Old clients hang; they must not meet a method that they do not know.",
		Source: "rabbitmq.com/docs/connection-blocked",
		Node:   true,
		Run: func(t *T) {
			q, other := t.QueueName("q"), t.Raw().Channel()
			other.Queue(q)
			r := t.Socket()
			r.Handshake(Handshake{Properties: wire.Table{{Key: "product", Value: "old"}}})
			c := r.Channel()
			c.Confirm()
			t.SetAlarm("memory", true)
			c.Publish("", q, "m")
			other.CheckCounts("not taken", q, Counts{})
			t.SetAlarm("memory", false)
			t.Check("taken", c.Lines(1), []string{"ack 1"})
			t.Check("nothing was said", r.inbox, []Command{})
		},
	},
}
