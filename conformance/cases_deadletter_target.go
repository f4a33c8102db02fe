package conformance

import "github.com/minirabbit/minirabbit/wire"

var deadletterTargetCases = []Case{
	{
		ID:     "deadletter/routing-key",
		Title:  "x-dead-letter-routing-key replaces the routing key; x-death keeps the one published with",
		Why:    "Many queues share a dead letter exchange and tell their letters apart by the key.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-dead-letter-routing-key", Value: "another"})
			x := t.ExchangeName("x")
			d.c.Exchange(x, "topic")
			d.c.Bind(d.q, x, "#")
			d.c.Publish(x, "the.key", "a")
			d.c.CheckCounts("published", d.q, Counts{Ready: 1})
			d.c.reject(d.q)
			t.CheckLetters("dead letter", d.box, `a to <dlx> another; rejected 1 in <q> from <x> [the.key]; first rejected in <q> from <x>; last rejected in <q> from <x>`)
		},
	},
	{
		ID:     "deadletter/next-one-first",
		Title:  "a consumer that rejects gets the next message before the dead letter, though that comes to the head of the same queue",
		Why:    "The letter is on its way when the consumer has room again.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, append(deadLetterTo(q), argument("x-max-priority", int32(1))...)...)
			publish := func(priority int, body string) { c.publishExpiring(q, body, priority, "") }
			publish(1, "rejected")
			publish(0, "next")
			publish(0, "last")
			c.CheckCounts("published", q, Counts{Ready: 3})
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("first", c.Lines(1), []string{`deliver c 1 "rejected"`})
			c.Send(&wire.BasicReject{DeliveryTag: 1})
			t.Check("after it was rejected", c.Lines(1), []string{`deliver c 2 "next"`})
			c.CheckCounts("back", q, Counts{Ready: 2, Consumers: 1})
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("after that", c.Lines(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 3 "rejected"`}),
				On(Since("4.3"), []string{`deliver c 3 redelivered "rejected"`})))
		},
	},
	{
		ID:     "deadletter/key-kept",
		Title:  "without x-dead-letter-routing-key a dead letter keeps its routing key",
		Why:    "A topic exchange behind the queue can sort dead letters by it.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			r := t.Raw()
			c, x, dlx, q, mine, others := r.Channel(), t.ExchangeName("x"), t.ExchangeName("dlx"), t.QueueName("q"), t.QueueName("mine"), t.QueueName("others")
			c.Exchange(x, "fanout")
			c.Exchange(dlx, "direct")
			c.Queue(q, argument("x-dead-letter-exchange", dlx)...)
			c.Queue(mine)
			c.Queue(others)
			c.Bind(q, x, "")
			c.Bind(mine, dlx, "k")
			c.Bind(others, dlx, "other")
			c.Publish(x, "k", "a")
			c.CheckCounts("published", q, Counts{Ready: 1})
			c.reject(q)
			t.CheckLetters("dead letter", r.letterboxOnceFull(mine), `a to <dlx> k; rejected 1 in <q> from <x> [k]; first rejected in <q> from <x>; last rejected in <q> from <x>`)
			t.Check("elsewhere", c.Drain(others), []string{})
		},
	},
	{
		ID:     "deadletter/default-exchange",
		Title:  "the dead letter exchange may be the default one; the key then names the queue",
		Why:    "It is the shortest way to a retry queue.",
		Source: pageDLX,
		Run: func(t *T) {
			r := t.Raw()
			c, q, dlq := r.Channel(), t.QueueName("q"), t.QueueName("dlq")
			c.Queue(dlq)
			c.Queue(q, wire.Field{Key: "x-dead-letter-exchange", Value: ""}, wire.Field{Key: "x-dead-letter-routing-key", Value: dlq})
			c.Publish("", q, "a")
			c.CheckCounts("published", q, Counts{Ready: 1})
			c.reject(q)
			t.CheckLetters("dead letter", r.letterboxOnceFull(dlq), `a to "" <dlq>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)
		},
	},
	{
		ID:     "deadletter/to-itself",
		Title:  "a queue may be its own dead letter queue: what is rejected comes back to its end, and the count goes up",
		Why:    "A rejection breaks the cycle rule, because a client caused it.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, wire.Field{Key: "x-dead-letter-exchange", Value: ""})
			c.Publish("", q, "a", "b")
			c.CheckCounts("published", q, Counts{Ready: 2})
			c.reject(q)
			c.CheckCounts("came back", q, Counts{Ready: 2})
			t.Check("behind the other", c.Get(q), `get-ok 2 left 1 "b"`)
			c.reject(q)
			c.CheckCounts("came back again", q, Counts{Ready: 1})
			t.CheckLetters("twice dead", r.letterboxOnceFull(q), `a to "" <q>; rejected 2 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)
		},
	},
	{
		ID:     "deadletter/missing-exchange",
		Title:  "the dead letter exchange need not exist; until it does, dead letters are lost in silence",
		Why:    "It is looked up when a message dies.",
		Source: pageDLX,
		Run: func(t *T) {
			r := t.Raw()
			c, q, dlx, dlq := r.Channel(), t.QueueName("q"), t.ExchangeName("dlx"), t.QueueName("dlq")
			c.Queue(q, argument("x-dead-letter-exchange", dlx)...)
			c.Queue(dlq)
			c.Publish("", q, "a", "b")
			c.CheckCounts("published", q, Counts{Ready: 2})
			c.reject(q)
			c.CheckCounts("rejected", q, Counts{Ready: 1})
			c.Exchange(dlx, "fanout")
			c.Bind(dlq, dlx, "")
			c.reject(q)
			t.Check("the only dead letter", r.letterboxOnceFull(dlq).bodies(1), []string{"b"})
		},
	},
	{
		ID:     "deadletter/alternate-exchange",
		Title:  "a dead letter that its exchange cannot route goes to the alternate exchange, or is lost",
		Why:    "It is published like any other message, but never returned to anybody.",
		Source: pageDLX,
		Run: func(t *T) {
			r := t.Raw()
			c, q, dlx, alt, dlq := r.Channel(), t.QueueName("q"), t.ExchangeName("dlx"), t.ExchangeName("alt"), t.QueueName("dlq")
			c.Exchange(alt, "fanout")
			c.Exchange(dlx, "direct", argument("alternate-exchange", alt)...)
			c.Queue(dlq)
			c.Bind(dlq, alt, "")
			c.Queue(q, argument("x-dead-letter-exchange", dlx)...)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, "a")
			c.CheckCounts("published", q, Counts{Ready: 1})
			c.reject(q)
			t.CheckLetters("dead letter", r.letterboxOnceFull(dlq), `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)
			t.Check("nothing comes back", c.RoundTrip(), []string{})
		},
	},
	{
		ID:     "deadletter/internal-exchange",
		Title:  "the dead letter exchange may be an internal one",
		Why:    "Clients can then not publish to it by mistake.",
		Source: pageDLX,
		Run: func(t *T) {
			r := t.Raw()
			c, q, dlx, dlq := r.Channel(), t.QueueName("q"), t.ExchangeName("dlx"), t.QueueName("dlq")
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: dlx, Type: "fanout", Internal: true})
			c.Queue(dlq)
			c.Bind(dlq, dlx, "")
			c.Queue(q, argument("x-dead-letter-exchange", dlx)...)
			c.Publish("", q, "a")
			c.CheckCounts("published", q, Counts{Ready: 1})
			c.reject(q)
			t.Check("dead letter", r.letterboxOnceFull(dlq).bodies(1), []string{"a"})
		},
	},
	{
		ID:     "deadletter/several-queues",
		Title:  "a dead letter goes to every queue that its exchange routes it to",
		Why:    "One may keep it while another one tries again.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t)
			second := t.QueueName("second")
			d.c.Queue(second)
			d.c.Bind(second, d.dlx, "")
			d.c.Publish("", d.q, "a")
			d.c.CheckCounts("published", d.q, Counts{Ready: 1})
			d.c.reject(d.q)
			t.Check("first", d.box.bodies(1), []string{"a"})
			t.Check("second", d.r.letterboxOnceFull(second).bodies(1), []string{"a"})
		},
	},
	{
		ID:     "deadletter/properties-kept",
		Title:  "a dead letter has the properties and the body that it was published with",
		Why:    "Whoever handles it needs what the consumer had.",
		Source: pageDLX + "#effects",
		Run: func(t *T) {
			d := newDeadLetters(t)
			properties := allProperties(t)
			properties.Headers = wire.Table{{Key: "h", Value: "v"}}
			d.publish(properties, "body")
			d.c.CheckCounts("published", d.q, Counts{Ready: 1})
			d.c.reject(d.q)
			got := d.box.Next()
			p := got.Header.Properties
			value, _ := p.Headers.Get("h")
			t.Check("header", value, "v")
			p.Headers, properties.Headers = nil, nil
			properties.Flags &^= wire.HasExpiration
			properties.Expiration = ""
			t.Check("properties", p, properties)
			t.Check("body", string(got.Body), "body")
		},
	},
	{
		ID:     "deadletter/transaction",
		Title:  "a rejection in a transaction makes a dead letter when the transaction commits",
		Why:    "A rollback takes the rejection back.",
		Source: pageTx,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.c.Publish("", d.q, "a", "b")
			d.c.CheckCounts("published", d.q, Counts{Ready: 2})
			x := newTx(d.r.Channel())
			x.c.Get(d.q)
			x.c.Send(&wire.BasicReject{DeliveryTag: 1})
			x.rollback()
			x.c.Get(d.q)
			x.c.Send(&wire.BasicReject{DeliveryTag: 2})
			x.commit()
			t.Check("the first dead letter", d.box.bodies(1), []string{"b"})
		},
	},
	{
		ID:         "deadletter/declare-permissions",
		Title:      "declaring a queue with a dead letter exchange needs read on the queue and write on the exchange",
		Why:        "Otherwise a user could write where it may not.",
		Source:     pageDLX + "#using-optional-queue-arguments",
		Management: true,
		Run: func(t *T) {
			user, q, dlx := t.User("user"), t.QueueName("q"), t.ExchangeName("dlx")
			r := t.RawAsPermitted(user, ".*", ".*", "")
			declare := &wire.QueueDeclare{Queue: q, Arguments: argument("x-dead-letter-exchange", dlx)}
			t.Check("without read", r.Channel().Refused(declare), t.accessRefused("read", "queue '<q>'", wire.IDQueueDeclare))
			t.Permit(user.Username, ".*", "", ".*")
			r = t.RawAs(user)
			t.Check("without write", r.Channel().Refused(declare), t.accessRefused("write", "exchange '<dlx>'", wire.IDQueueDeclare))
			t.Permit(user.Username, ".*", dlx, q)
			r = t.RawAs(user)
			t.Check("with both", t.answer(r.Channel(), declare), `queue.declare-ok{Queue: "<q>"}`)
		},
	},
	{
		ID:         "deadletter/no-permission-needed-later",
		Title:      "dead letters are published by the broker, whatever the permissions of the consumer, and keep the user-id of their publisher",
		Why:        "A worker that may only read can still refuse messages.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.publish(wire.Properties{Flags: wire.HasUserID, UserID: t.uri.Username}, "a")
			d.c.CheckCounts("published", d.q, Counts{Ready: 1})
			user := t.User("user")
			reader := t.RawAsPermitted(user, "", "", ".*").Channel()
			reader.reject(d.q)
			got := d.box.Next()
			t.Check("user-id", got.Header.Properties.UserID, t.uri.Username)
		},
	},
	{
		ID: "deadletter/full-target", Title: "a dead letter that comes to a full queue is refused by a classic one that rejects, and taken by a quorum queue",
		Why: "The letters of a busy hour are where somebody looks for them, or nowhere.", Source: measured,
		Run: func(t *T) {
			for _, kind := range notStream {
				for _, how := range []string{"drop-head", "reject-publish", "reject-publish-dlx"} {
					c := t.Raw().Channel()
					q, full, end := t.QueueName(kind+how+"-q"), t.QueueName(kind+how+"-full"), t.QueueName(kind+how+"-end")
					c.Queue(end)
					c.Queue(full, append(deadLetterTo(end), queueType(kind), maxLength(1), overflow(how))...)
					c.Queue(q, deadLetterTo(full)...)
					t.Publish("", q, "a", "b", "c")
					taken, dropped := uint32(1), uint32(0)
					for i := range 3 {
						c.reject(q)
						if i > 0 {
							switch {
							case how != "reject-publish":
								dropped++
							case kind == "quorum":
								taken++
							}
						}
						c.CheckCounts(kind+" "+how+": full", full, Counts{Ready: taken})
						c.CheckCounts(kind+" "+how+": end", end, Counts{Ready: dropped})
					}
					t.Observe(kind+" "+how+" holds", c.Drain(full))
					t.Observe(kind+" "+how+" has dropped", c.Drain(end))
				}
			}
		},
	},
	{
		ID: "deadletter/exchange-types", Title: "dead letters go through exchanges of every type, by the key and the copies of the message",
		Why: "A dead letter exchange is an exchange.", Source: pageDLX,
		Run: func(t *T) {
			for _, kind := range []string{"x-consistent-hash", "x-random", "x-recent-history", "headers", "topic"} {
				r := t.Raw()
				c := r.Channel()
				x, q, to, late := t.ExchangeName(kind+"-x"), t.QueueName(kind+"-q"), t.QueueName(kind+"-to"), t.QueueName(kind+"-late")
				c.Exchange(x, kind)
				c.Queue(to)
				key, arguments := "1", wire.Table{}
				switch kind {
				case "topic":
					key = "#.b"
				case "headers":
					arguments = wire.Table{{Key: "x-match", Value: "all-with-x"}, {Key: "x-first-death-reason", Value: "rejected"}}
				}
				c.Bind(to, x, key, arguments...)
				c.Queue(q, argument("x-dead-letter-exchange", x)...)
				c.Confirm()
				c.published(q, headers(keys("CC", "a.b", "c.b"), keys("BCC", "d.b")), "m")
				c.reject(q)
				t.Observe(kind, r.letterboxOnceFull(to).letters(1))
				if kind == "x-recent-history" {
					c.Queue(late)
					c.Bind(late, x, "")
					t.Observe(kind+", later", r.letterboxOnceFull(late).letters(1))
				}
			}
		},
	},
}
