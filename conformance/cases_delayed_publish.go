package conformance

import (
	"net/http"

	"github.com/minirabbit/minirabbit/wire"
)

// delayedPublishCases are about what publishers see of delays.
var delayedPublishCases = []Case{
	{
		ID:       "delayed/mandatory",
		Title:    "a delayed message counts as unroutable when it is published, and is delivered all the same; when it is due nobody is told",
		Why:      "Nobody knows yet what will be bound then.",
		Source:   pageDelayed,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			t.Check("delayed", d.mandatory("delayed", int32(1000)), []string{`return 312 NO_ROUTE <x> k "delayed"`})
			t.Check("not delayed", d.mandatory("at once", int32(0)), []string{})
			t.Check("delivered", d.box.bodies(2), []string{"at once", "delayed"})
			d.c.Confirm()
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k", Mandatory: true}, delayedBy(int32(1000)), "confirmed")
			t.Check("return and confirm", d.c.Lines(2), []string{`return 312 NO_ROUTE <x> k "confirmed"`, "ack 1"})
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "none", Mandatory: true}, delayedBy(int32(10)), "to nobody")
			t.Check("return and confirm of one for nobody", d.c.Lines(2), []string{`return 312 NO_ROUTE <x> none "to nobody"`, "ack 2"})
			t.Check("delivered later", d.box.bodies(1), []string{"confirmed"})
			t.Check("nothing more", d.c.RoundTrip(), []string{})
		},
	},
	{
		ID:       "delayed/confirm",
		Title:    "a delayed message is confirmed when it is held, and the publisher hears no more of it, also if its queue refuses it",
		Why:      "A confirm does not tell that it was routed.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			full := t.QueueName("full")
			d.c.Queue(full, maxLength(1), overflow("reject-publish"))
			d.c.Bind(full, d.x, "full")
			d.c.Confirm()
			publish := func(key string, delay any, body string) {
				p := delayedBy(delay)
				p.Flags |= wire.HasDeliveryMode
				p.DeliveryMode = 2
				d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: key}, p, body)
				t.Observe(body, d.c.Lines(1))
			}
			publish("full", int32(0), "fills")
			publish("full", int32(0), "refused")
			publish("full", int32(100), "refused later")
			publish("k", int32(200), "taken later")
			publish("none", int32(100), "for nobody")
			t.Check("delivered", d.box.bodies(1), []string{"taken later"})
			publish("k", int32(0), "taken")
			t.Check("nothing more", d.c.RoundTrip(), []string{})
			t.Check("full", d.c.Drain(full), []string{"fills"})
		},
	},
	{
		ID:       "delayed/publisher-gone",
		Title:    "a delayed message is delivered when its publisher's channel or connection is gone",
		Why:      "Publishers do not wait.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for i, body := range []string{"channel", "connection"} {
				r := t.Raw()
				c := r.Channel()
				c.Confirm()
				c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(int32(300)), body)
				c.Lines(1)
				if c.Close(); i == 1 {
					r.Close()
				}
			}
			t.Check("delivered", d.box.bodies(2), []string{"channel", "connection"})
		},
	},
	{
		ID:       "delayed/transaction",
		Title:    "a delayed message is held from when it is published in a transaction, and delivered also if that is rolled back; the commit returns it if it is mandatory",
		Why:      "Transactions do not extend to what is delayed.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			Call[*wire.TxSelectOk](d.c, &wire.TxSelect{})
			d.publish("rolled back", int32(1000))
			Call[*wire.TxRollbackOk](d.c, &wire.TxRollback{})
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k", Mandatory: true}, delayedBy(int32(1500)), "held")
			d.publish("at once", int32(0))
			d.c.Send(&wire.TxCommit{})
			t.Observe("commit", d.c.Lines(2))
			t.Observe("delivered", d.box.delays(3))
			t.Observe("nothing more", d.c.RoundTrip())
		},
	},
	{
		ID:       "delayed/permission",
		Title:    "permissions are looked at when a message is published",
		Why:      "When it is due nobody asks for anything.",
		Source:   measured,
		Releases: UpTo("4.1"), Delayed: true, Waits: true, Management: true,
		Run: func(t *T) {
			d := newDelayed(t, "topic")
			user := t.User("user")
			c := t.RawAsPermitted(user, "", ".*", "").Channel()
			c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(int32(1500)), "m")
			c.Send(&wire.ChannelFlow{Active: true})
			c.Next()
			t.Permit(user.Username, "", "", "")
			t.Observe("delivered", d.box.delays(1))
			t.PermitTopic(user.Username, d.x, "none", "none")
			t.Permit(user.Username, "", ".*", "")
			c = t.RawAs(user).Channel()
			c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(int32(50)), "topic")
			c.Send(&wire.ChannelFlow{Active: true})
			t.Observe("topic permission", c.Next().String())
		},
	},
	{
		ID:       "delayed/cc",
		Title:    "copies are routed with the message when it is due",
		Why:      "Who is in CC gets it no earlier.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for _, header := range []wire.Field{keys("CC", "copy"), keys("BCC", "copy")} {
				q := t.QueueName("copy-" + header.Key)
				d.c.Queue(q)
				d.c.Bind(q, d.x, "copy")
				box := d.r.letterbox(q)
				d.publish("held", int32(1000), header)
				d.publish("at once", int32(0), header)
				t.Observe(header.Key, d.box.delays(2))
				t.Observe(header.Key+" copy", box.delays(2))
			}
			d.publish("m", int32(100), wire.Field{Key: "CC", Value: "x"})
			t.Observe("bad CC", d.c.Error())
		},
	},
	{
		ID:         "delayed/http",
		Title:      "what is published over HTTP is delayed, and said not to be routed",
		Why:        "The API publishes as a client does.",
		Source:     measured,
		Releases:   UpTo("4.2"),
		Delayed:    true,
		Waits:      true,
		Management: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			t.Observe("headers", t.Ask(http.MethodPost, "/api/exchanges/{vhost}/"+d.x+"/publish", map[string]any{
				"properties": map[string]any{"headers": map[string]any{"x-delay": "50", "b": 1, "a": 2}}, "routing_key": "k", "payload": "m", "payload_encoding": "string"}))
			t.Observe("delivered", d.box.delays(1))
			q := t.QueueName("got")
			d.c.Queue(q)
			d.c.Bind(q, d.x, "got")
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "got"}, delayedBy(int32(50), wire.Field{Key: "z", Value: "z"}), "m")
			t.arrives(d.c, q, 1)
			t.Observe("got", t.Ask(http.MethodPost, "/api/queues/{vhost}/"+q+"/get", map[string]any{"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}))
			t.Observe("got over AMQP", d.c.Get(q))
			for _, delay := range []any{100, "100", 1.5, 0, "soon", true} {
				t.Observe(render(delay), t.Ask(http.MethodPost, "/api/exchanges/{vhost}/"+d.x+"/publish", map[string]any{
					"properties": map[string]any{"headers": map[string]any{"x-delay": delay}}, "routing_key": "k", "payload": "m", "payload_encoding": "string"}))
				if delay != "soon" {
					t.Observe("delivered", d.box.delays(1))
				}
			}
			x := t.ExchangeName("by-http")
			for _, body := range []map[string]any{
				{"type": delayedKind}, {"type": delayedKind, "arguments": map[string]any{"x-delayed-type": "none"}}, {"type": delayedKind, "arguments": map[string]any{"x-delayed-type": 1}},
				{"type": delayedKind, "arguments": map[string]any{"x-delayed-type": delayedKind}}, {"type": delayedKind, "arguments": map[string]any{"x-delayed-type": "topic"}},
			} {
				t.Observe(render(body), t.Ask(http.MethodPut, "/api/exchanges/{vhost}/"+x, body))
			}
		},
	},
	{
		ID:       "delayed/firehose",
		Title:    "the firehose copies a delayed message when it is published, as routed to no queue, and when it is delivered, but not when it is due",
		Why:      "Operators see it twice, not three times.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			f.c.Exchange("x", delayedKind, argument("x-delayed-type", "direct")...)
			f.c.Queue("q")
			f.c.Bind("q", "x", "k")
			f.c.PublishWith(&wire.BasicPublish{Exchange: "x", RoutingKey: "k"}, delayedBy(int32(100), wire.Field{Key: "z", Value: "z"}), "m")
			f.expect("published", 1)
			t.arrives(f.c, "q", 1)
			f.c.Get("q")
			f.expect("got", 1)
		},
	},
}
