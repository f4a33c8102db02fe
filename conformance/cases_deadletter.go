package conformance

import "github.com/minirabbit/minirabbit/wire"

var deadLetterCases = []Case{
	{
		ID:     "deadletter/rejected",
		Title:  "a message that is rejected or nacked without requeue goes to the dead letter exchange",
		Why:    "It is how a worker puts aside what it cannot handle.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.c.Publish("", d.q, "a", "b")
			d.c.reject(d.q)
			t.CheckLetters("reject", d.box, `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)
			ok := Call[*wire.BasicGetOk](d.c, &wire.BasicGet{Queue: d.q})
			d.c.Send(&wire.BasicNack{DeliveryTag: ok.DeliveryTag})
			t.CheckLetters("nack", d.box, `b to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)
		},
	},
	{
		ID:     "deadletter/nack-multiple",
		Title:  "what one nack refuses dies in the order of the queue",
		Why:    "Whoever reads the dead letters sees them in order.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.c.Publish("", d.q, "a", "b", "c", "d")
			d.c.Consume(d.q, "c")
			d.c.Lines(4)
			d.c.Send(&wire.BasicNack{DeliveryTag: 3, Multiple: true})
			t.Check("order", d.box.bodies(3), []string{"a", "b", "c"})
		},
	},
	{
		ID:     "deadletter/requeue-is-no-death",
		Title:  "a message that is requeued, or whose consumer goes, or that is purged or acknowledged, does not die",
		Why:    "Only refusals, expiry and limits make dead letters.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.c.Publish("", d.q, "a")
			ok := Call[*wire.BasicGetOk](d.c, &wire.BasicGet{Queue: d.q})
			d.c.Send(&wire.BasicNack{DeliveryTag: ok.DeliveryTag, Requeue: true})
			ok = Call[*wire.BasicGetOk](d.c, &wire.BasicGet{Queue: d.q})
			d.c.Send(&wire.BasicAck{DeliveryTag: ok.DeliveryTag})
			d.c.Publish("", d.q, "b")
			other := d.r.Channel()
			other.Consume(d.q, "other")
			other.Lines(1)
			other.Close()
			d.c.CheckCounts("came back", d.q, Counts{Ready: 1})
			t.Check("purged", Call[*wire.QueuePurgeOk](d.c, &wire.QueuePurge{Queue: d.q}), &wire.QueuePurgeOk{MessageCount: 1})
			d.c.Publish("", d.q, "c")
			d.c.reject(d.q)
			t.Check("the only dead letter", d.box.bodies(1), []string{"c"})
		},
	},
	{
		ID:     "deadletter/deleted-queue",
		Title:  "messages of a queue that is deleted do not die",
		Why:    "Deleting a queue loses what is in it.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.c.Publish("", d.q, "a")
			d.c.CheckCounts("published", d.q, Counts{Ready: 1})
			Call[*wire.QueueDeleteOk](d.c, &wire.QueueDelete{Queue: d.q})
			d.c.Queue(d.q, argument("x-dead-letter-exchange", d.dlx)...)
			d.c.Publish("", d.q, "b")
			d.c.reject(d.q)
			t.Check("the only dead letter", d.box.bodies(1), []string{"b"})
		},
	},
	{
		ID:     "deadletter/expired",
		Title:  "a message that expires by x-message-ttl goes to the dead letter exchange",
		Why:    "Queues whose messages expire into another one are how tasks are delayed.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-message-ttl", Value: int32(1)})
			d.c.Publish("", d.q, "a")
			t.CheckLetters("dead letter", d.box, `a to <dlx> <q>; expired 1 in <q> from "" [<q>]; first expired in <q> from ""; last expired in <q> from ""`)
		},
	},
	{
		ID:     "deadletter/expired-at-once",
		Title:  "with a time to live of 0 a message dies when no consumer takes it at once",
		Why:    "It stands for the flag immediate, which RabbitMQ does not have.",
		Source: pageTTL,
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-message-ttl", Value: int32(0)})
			d.c.Publish("", d.q, "a")
			t.Check("without a consumer", d.box.bodies(1), []string{"a"})
			d.c.Consume(d.q, "c")
			t.Publish("", d.q, "b")
			t.Check("with one", d.c.Lines(1), []string{`deliver c 1 "b"`})
		},
	},
	{
		ID:     "deadletter/expiration-removed",
		Title:  "a message that dies loses its expiration, and x-death keeps it",
		Why:    "Otherwise it would expire again in the queue that it goes to.",
		Source: pageDLX + "#effects",
		Run: func(t *T) {
			d := newDeadLetters(t)
			expiring := wire.Properties{Flags: wire.HasExpiration, Expiration: "1"}
			d.publish(expiring, "a")
			t.CheckLetters("expired", d.box, `a to <dlx> <q>; expired 1 in <q> from "" [<q>] expiration 1; first expired in <q> from ""; last expired in <q> from ""`)
			expiring.Expiration = "3600000"
			d.publish(expiring, "b")
			d.c.reject(d.q)
			t.CheckLetters("rejected", d.box, `b to <dlx> <q>; rejected 1 in <q> from "" [<q>] expiration 3600000; first rejected in <q> from ""; last rejected in <q> from ""`)
		},
	},
	{
		ID:     "deadletter/maxlen",
		Title:  "what a queue that is full drops from its head goes to the dead letter exchange",
		Why:    "The oldest messages go first.",
		Source: pageDLX,
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-max-length", Value: int32(2)})
			d.c.Publish("", d.q, "a", "b", "c", "d")
			t.CheckLetters("dead letters", d.box,
				`a to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""; last maxlen in <q> from ""`,
				`b to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""; last maxlen in <q> from ""`)
			t.Check("left", d.c.Drain(d.q), []string{"c", "d"})
		},
	},
	{
		ID:     "deadletter/maxlen-zero",
		Title:  "a queue of length 0 sends everything that no consumer waits for to the dead letter exchange",
		Why:    "Limits of 0 are limits.",
		Source: pageMaxLength,
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-max-length", Value: int32(0)})
			d.c.Publish("", d.q, "a")
			t.Check("without a consumer", d.box.bodies(1), []string{"a"})
			d.c.Consume(d.q, "c")
			t.Publish("", d.q, "b")
			t.Check("with one", d.c.Lines(1), []string{`deliver c 1 "b"`})
		},
	},
	{
		ID:     "deadletter/maxlen-bytes",
		Title:  "a queue over its x-max-length-bytes drops from its head until it is within",
		Why:    "One large message pushes out several small ones.",
		Source: pageMaxLength,
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-max-length-bytes", Value: int32(10)})
			d.c.Publish("", d.q, "aaa", "bbb", "ccc", "dddddd", "0123456789", "toolargetohold", "e")
			t.Check("dead letters", d.box.bodies(6), []string{"aaa", "bbb", "ccc", "dddddd", "0123456789", "toolargetohold"})
			t.Check("left", d.c.Drain(d.q), []string{"e"})
		},
	},
	{
		ID:     "deadletter/reject-publish-dlx",
		Title:  "with reject-publish-dlx what does not fit is nacked and goes to the dead letter exchange",
		Why:    "The publisher hears of it, and nothing is lost.",
		Source: pageMaxLength + "#overflow-behaviour",
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-max-length", Value: int32(1)}, wire.Field{Key: "x-overflow", Value: "reject-publish-dlx"})
			d.c.Confirm()
			d.c.Publish("", d.q, "a")
			t.Check("fits", d.c.Lines(1), []string{"ack 1"})
			d.c.Publish("", d.q, "b")
			t.Check("does not", d.c.Lines(1), []string{"nack 2 multiple"})
			t.CheckLetters("dead letter", d.box, `b to <dlx> <q>; maxlen 1 in <q> from "" [<q>]; first maxlen in <q> from ""; last maxlen in <q> from ""`)
			t.Check("left", d.c.Drain(d.q), []string{"a"})
		},
	},
	{
		ID:     "deadletter/reject-publish",
		Title:  "with reject-publish what does not fit is nacked and does not die",
		Why:    "The publisher has it still.",
		Source: pageMaxLength + "#overflow-behaviour",
		Run: func(t *T) {
			d := newDeadLetters(t, wire.Field{Key: "x-max-length", Value: int32(1)}, wire.Field{Key: "x-overflow", Value: "reject-publish"})
			d.c.Confirm()
			d.c.Publish("", d.q, "a")
			t.Check("fits", d.c.Lines(1), []string{"ack 1"})
			d.c.Publish("", d.q, "b")
			t.Check("does not", d.c.Lines(1), []string{"nack 2 multiple"})
			d.c.reject(d.q)
			t.Check("the only dead letter", d.box.bodies(1), []string{"a"})
		},
	},
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
}

// bodies takes n deliveries and gives their bodies.
func (c *RawChannel) bodies(n int) []string {
	c.raw.t.Helper()
	all := make([]string, n)
	for i := range all {
		command := c.Next()
		if _, ok := command.Method.(*wire.BasicDeliver); !ok {
			c.raw.t.Fatalf("got %v on channel %d, want a delivery", command, c.Number)
		}
		all[i] = string(command.Body)
	}
	return all
}
