package conformance

import "github.com/minirabbit/minirabbit/wire"

var confirmCases = []Case{
	{
		ID:     "confirm.select/tags",
		Title:  "publishes are confirmed with tags that count from 1 on each channel, from confirm.select on",
		Why:    "Clients match confirms to publishes by counting.",
		Source: pageConfirms + "#publisher-confirms",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "before")
			c.Confirm()
			for _, want := range []string{"ack 1", "ack 2", "ack 3"} {
				c.Publish("", q, "m")
				t.Check("confirm", c.Lines(1), []string{want})
			}
			c.Confirm()
			c.Publish("", q, "m")
			t.Check("selected again, the count goes on", c.Lines(1), []string{"ack 4"})
			c.CheckCounts("all are there", q, Counts{Ready: 5})
		},
	},
	{
		ID:     "confirm.select/nowait",
		Title:  "with no-wait confirms are on without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "confirm.select.nowait",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Send(&wire.ConfirmSelect{NoWait: true})
			c.Publish("", q, "m")
			t.Check("confirm", c.Lines(1), []string{"ack 1"})
		},
	},
	{
		ID:     "confirm/unroutable",
		Title:  "an unroutable message is confirmed, and when it is mandatory its return comes first",
		Why:    "A publisher that has seen the confirm may forget the message: it must know by then that it came back.",
		Source: pageConfirms + "#when-publishes-are-confirmed",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.Confirm()
			c.Publish(x, "k", "dropped")
			t.Check("not mandatory", c.Lines(1), []string{"ack 1"})
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k", Mandatory: true}, wire.Properties{}, "m")
			t.Check("mandatory", c.Lines(2), []string{`return 312 NO_ROUTE <x> k "m"`, "ack 2"})
		},
	},
	{
		ID:     "confirm/persistent",
		Title:  "a persistent message to a durable queue is confirmed, and a transient one to a transient queue",
		Why:    "Every combination of durabilities is confirmed in the end.",
		Source: pageConfirms + "#when-publishes-are-confirmed",
		Run: func(t *T) {
			c, durable, transient := t.Raw().Channel(), t.QueueName("durable"), t.QueueName("transient")
			c.Queue(durable)
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: transient, Exclusive: true})
			c.Confirm()
			tag := 0
			for _, q := range []string{durable, transient} {
				for mode := range uint8(3) {
					tag++
					properties := wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: mode}
					if mode == 0 {
						properties.Flags = 0
					}
					c.PublishWith(&wire.BasicPublish{RoutingKey: q}, properties, "m")
					t.Check("confirm of mode "+render(mode)+" to "+q, c.Next().Method, wire.Method(&wire.BasicAck{DeliveryTag: uint64(tag)}))
				}
			}
		},
	},
	{
		ID:     "confirm/after-enqueue",
		Title:  "when a confirm has arrived, the message is in every queue that it was routed to",
		Why:    "Tests and programs look into the queue once they have the confirm.",
		Source: pageConfirms + "#when-publishes-are-confirmed",
		Run: func(t *T) {
			r, x := t.Raw(), t.ExchangeName("x")
			c, other := r.Channel(), t.Raw().Channel()
			c.Exchange(x, "fanout")
			queues := []string{}
			for _, label := range numbered("q", 5) {
				q := t.QueueName(label)
				c.Queue(q)
				c.Bind(q, x, "")
				queues = append(queues, q)
			}
			c.Confirm()
			c.Publish(x, "", "m")
			t.Check("one confirm", c.Lines(1), []string{"ack 1"})
			for _, q := range queues {
				t.Check(q, other.Counts(q), Counts{Ready: 1})
			}
			t.Check("only one", c.RoundTrip(), []string{})
		},
	},
	{
		ID:     "confirm/many",
		Title:  "a burst of publishes is confirmed up to the last, each tag once, singly or by a multiple",
		Why:    "A confirm that is missing or doubled makes publishers resend or lose.",
		Source: pageConfirms + "#publisher-confirms",
		Racy:   "how many publishes one confirm covers depends on speed",
		Run: func(t *T) {
			const n = 500
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Confirm()
			for range n {
				c.Publish("", q, "m")
			}
			confirmed := make(map[uint64]int)
			lowest := uint64(1) // not yet confirmed
			for lowest <= n {
				ack := Expect[*wire.BasicAck](c)
				if ack.Multiple {
					for tag := lowest; tag <= ack.DeliveryTag; tag++ {
						if confirmed[tag] == 0 {
							confirmed[tag]++
						}
					}
				} else {
					confirmed[ack.DeliveryTag]++
				}
				for confirmed[lowest] > 0 {
					lowest++
				}
			}
			twice := 0
			for _, times := range confirmed {
				if times != 1 {
					twice++
				}
			}
			t.Check("tags", len(confirmed), n)
			t.Check("confirmed twice", twice, 0)
			t.Check("nothing more", append(c.RoundTrip(), c.RoundTrip()...), []string{})
		},
	},
	{
		ID:     "confirm/error-gives-none",
		Title:  "a publish that fails is not confirmed: the channel closes instead",
		Why:    "The publisher must not believe that it arrived.",
		Source: pageConfirms,
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Queue(q)
			c.Confirm()
			c.Publish("", q, "m")
			t.Check("confirm", c.Lines(1), []string{"ack 1"})
			c.Publish(x, "", "m")
			t.Check("refusal", c.Error(), ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDBasicPublish))
		},
	},
	{
		ID:     "confirm/tx-exclusive",
		Title:  "a channel is either transactional or in confirm mode; switching is a 406",
		Why:    "The two promise different things about the same publish.",
		Source: pageConfirms + "#publisher-confirms",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			c.Confirm()
			t.Check("tx after confirm", c.Refused(&wire.TxSelect{}),
				ChannelError(wire.PreconditionFailed, "cannot switch from confirm to tx mode", wire.IDTxSelect))
			c = r.Channel()
			Call[*wire.TxSelectOk](c, &wire.TxSelect{})
			t.Check("confirm after tx", c.Refused(&wire.ConfirmSelect{}),
				ChannelError(wire.PreconditionFailed, "cannot switch from tx to confirm mode", wire.IDConfirmSelect))
		},
	},
}
