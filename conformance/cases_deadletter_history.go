package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// deathTimes gives the times at which a message was rejected and expired.
func deathTimes(c Command) (rejected, expired wire.Timestamp) {
	deaths, _ := c.Header.Properties.Headers.Get("x-death")
	list, _ := deaths.(wire.Array)
	for _, each := range list {
		table, _ := each.(wire.Table)
		reason, _ := table.Get("reason")
		value, _ := table.Get("time")
		switch at, _ := value.(wire.Timestamp); reason {
		case "rejected":
			rejected = at
		case "expired":
			expired = at
		}
	}
	return rejected, expired
}

// layout gives the names and the Go types of what dead-lettering wrote into the headers, in the order of arrival.
func layout(c Command) []string {
	var all []string
	for _, f := range c.Header.Properties.Headers {
		deaths, ok := f.Value.(wire.Array)
		if !ok {
			all = append(all, fmt.Sprintf("%s %T", f.Key, f.Value))
		}
		for i, each := range deaths {
			table, _ := each.(wire.Table)
			for _, field := range table {
				all = append(all, fmt.Sprintf("%s %d %s %T", f.Key, i, field.Key, field.Value))
			}
		}
	}
	return all
}

var deadletterHistoryCases = []Case{
	{
		ID:     "deadletter.history/layout",
		Title:  "x-death is an array of tables with fields and types in a fixed order; the other headers name the first death, and since 4.0 the last",
		Why:    "Retry libraries read the count and the first queue out of these headers.",
		Source: pageDLX + "#effects",
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.publish(headers(), "a")
			d.c.reject(d.q)
			t.Check("headers", layout(d.box.Next()), ByRelease(t,
				On(UpTo("3.12"), []string{
					"x-death 0 count int64", "x-death 0 reason string", "x-death 0 queue string", "x-death 0 time wire.Timestamp",
					"x-death 0 exchange string", "x-death 0 routing-keys wire.Array",
					"x-first-death-exchange string", "x-first-death-queue string", "x-first-death-reason string"}),
				On(Since("3.13"), []string{
					"x-death 0 count int64", "x-death 0 reason string", "x-death 0 queue string", "x-death 0 time wire.Timestamp",
					"x-death 0 exchange string", "x-death 0 routing-keys wire.Array",
					"x-first-death-exchange string", "x-first-death-queue string", "x-first-death-reason string",
					"x-last-death-exchange string", "x-last-death-queue string", "x-last-death-reason string"})))
		},
	},
	{
		ID:     "deadletter.history/layout-with-expiration",
		Title:  "original-expiration stands at the end of an entry in 3.10, and in front since 4.0",
		Why:    "It is a string of milliseconds, as the property is.",
		Source: pageDLX + "#effects",
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.publish(wire.Properties{Flags: wire.HasExpiration, Expiration: "1"}, "a")
			t.Check("headers", layout(d.box.Next())[:7], ByRelease(t,
				On(UpTo("3.12"), []string{
					"x-death 0 count int64", "x-death 0 reason string", "x-death 0 queue string", "x-death 0 time wire.Timestamp",
					"x-death 0 exchange string", "x-death 0 routing-keys wire.Array", "x-death 0 original-expiration string"}),
				On(Since("3.13"), []string{
					"x-death 0 original-expiration string",
					"x-death 0 count int64", "x-death 0 reason string", "x-death 0 queue string", "x-death 0 time wire.Timestamp",
					"x-death 0 exchange string", "x-death 0 routing-keys wire.Array"})))
		},
	},
	{
		ID:     "deadletter.history/layout-of-second-death",
		Title:  "an entry is sorted by name in 3.10 once the message died before",
		Why:    "Whoever compares headers as they arrive sees it.",
		Source: measured,
		Run: func(t *T) {
			d := newDeadLetters(t)
			end := t.QueueName("end")
			last := t.QueueName("last")
			d.c.Queue(last)
			d.c.Queue(end, deadLetterTo(last)...)
			d.c.Bind(end, d.dlx, "")
			d.publish(headers(), "a")
			d.c.reject(d.q)
			d.c.CheckCounts("died once", end, Counts{Ready: 1})
			d.c.reject(end)
			t.Check("headers", layout(d.r.letterboxOnceFull(last).Next())[:12], ByRelease(t,
				On(UpTo("3.12"), []string{
					"x-death 0 count int64", "x-death 0 exchange string", "x-death 0 queue string",
					"x-death 0 reason string", "x-death 0 routing-keys wire.Array", "x-death 0 time wire.Timestamp",
					"x-death 1 count int64", "x-death 1 reason string", "x-death 1 queue string", "x-death 1 time wire.Timestamp",
					"x-death 1 exchange string", "x-death 1 routing-keys wire.Array"}),
				On(Since("3.13"), []string{
					"x-death 0 count int64", "x-death 0 reason string", "x-death 0 queue string", "x-death 0 time wire.Timestamp",
					"x-death 0 exchange string", "x-death 0 routing-keys wire.Array",
					"x-death 1 count int64", "x-death 1 reason string", "x-death 1 queue string", "x-death 1 time wire.Timestamp",
					"x-death 1 exchange string", "x-death 1 routing-keys wire.Array"})))
		},
	},
	{
		ID:     "deadletter.history/several-queues",
		Title:  "x-death has an entry for each queue and reason, the latest first, and in 3.10 the others in turned order; x-first-death-* stay",
		Why:    "It tells the way that a message went.",
		Source: pageDLX + "#effects",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			a, b, e, f := t.QueueName("a"), t.QueueName("b"), t.QueueName("e"), t.QueueName("f")
			c.Queue(f)
			c.Queue(e, append(deadLetterTo(f), wire.Field{Key: "x-max-length", Value: int32(0)})...)
			c.Queue(b, append(deadLetterTo(e), wire.Field{Key: "x-message-ttl", Value: int32(1)})...)
			c.Queue(a, deadLetterTo(b)...)
			c.Publish("", a, "m")
			c.CheckCounts("published", a, Counts{Ready: 1})
			c.reject(a)
			t.CheckLetters("dead letter", r.letterboxOnceFull(f), ByRelease(t,
				On(UpTo("3.12"), `m to "" <f>; maxlen 1 in <e> from "" [<e>]; rejected 1 in <a> from "" [<a>]; expired 1 in <b> from "" [<b>]; first rejected in <a> from ""`),
				On(Since("3.13"), `m to "" <f>; maxlen 1 in <e> from "" [<e>]; expired 1 in <b> from "" [<b>]; rejected 1 in <a> from "" [<a>]; first rejected in <a> from ""; last maxlen in <e> from ""`)))
		},
	},
	{
		ID:     "deadletter.history/count",
		Title:  "a death in the same queue for the same reason counts up, and its entry comes to the front",
		Why:    "The usual retry loop reads this count to give up in time.",
		Source: pageDLX + "#effects",
		Run: func(t *T) {
			r := t.Raw()
			c, work, wait := r.Channel(), t.QueueName("work"), t.QueueName("wait")
			c.Queue(work, deadLetterTo(wait)...)
			c.Queue(wait, append(deadLetterTo(work), wire.Field{Key: "x-message-ttl", Value: int32(1)})...)
			c.Publish("", work, "m")
			for range 3 {
				c.CheckCounts("there", work, Counts{Ready: 1})
				c.reject(work)
			}
			t.CheckLetters("after three rejections", r.letterboxOnceFull(work),
				`m to "" <work>; expired 3 in <wait> from "" [<wait>]; rejected 3 in <work> from "" [<work>]; first rejected in <work> from ""; last expired in <wait> from ""`)
		},
	},
	{
		ID:     "deadletter.history/first-keys-stay",
		Title:  "an entry that counts up keeps the exchange, the keys and the expiration of its first death",
		Why:    "Only the count and the time change.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c, x, work := r.Channel(), t.ExchangeName("x"), t.QueueName("work")
			c.Exchange(x, "fanout")
			c.Queue(work, deadLetterTo(work)...)
			c.Bind(work, x, "")
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k"}, wire.Properties{Flags: wire.HasExpiration, Expiration: "3600000"}, "m")
			c.CheckCounts("published", work, Counts{Ready: 1})
			c.reject(work)
			c.CheckCounts("died once", work, Counts{Ready: 1})
			c.reject(work)
			t.CheckLetters("twice dead", r.letterboxOnceFull(work), `m to "" <work>; rejected 2 in <work> from <x> [k] expiration 3600000; first rejected in <work> from <x>; last rejected in <work> from ""`)
		},
	},
	{
		ID:     "deadletter.history/forged",
		Title:  "an x-death that a publisher wrote counts up to 3.13, and is dropped when the message dies since 4.0",
		Why:    "A consumer that publishes a dead letter again passes the headers on; since 4.0 it has to count itself.",
		Source: "rabbitmq.com/blog/2024/08/28/quorum-queues-in-4.0",
		Run: func(t *T) {
			d := newDeadLetters(t)
			forged := wire.Table{
				{Key: "x-death", Value: wire.Array{wire.Table{{Key: "count", Value: int64(5)}, {Key: "reason", Value: "rejected"}, {Key: "queue", Value: d.q},
					{Key: "time", Value: wire.Timestamp(1700000000)}, {Key: "exchange", Value: "ex"}, {Key: "routing-keys", Value: wire.Array{"key"}}}}},
				{Key: "x-first-death-exchange", Value: "e"}, {Key: "x-first-death-queue", Value: "q"}, {Key: "x-first-death-reason", Value: "r"},
			}
			d.publish(headers(forged...), "a")
			d.c.Send(&wire.BasicGet{Queue: d.q, NoAck: true})
			got := d.c.Next()
			t.Check("delivered as it was published", got.Header.Properties.Headers, forged)
			d.publish(headers(forged...), "a")
			d.c.reject(d.q)
			t.CheckLetters("dead letter", d.box, ByRelease(t,
				On(UpTo("3.13"), `a to <dlx> <q>; rejected 6 in <q> from ex [key] at 1700000000; first r in q from e; last rejected in <q> from ""`),
				On(Since("4.0"), `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)))
		},
	},
	{
		ID:     "deadletter.history/forged-elsewhere",
		Title:  "an x-death that a publisher wrote about another queue stays behind the real one up to 3.13, and goes since 4.0",
		Why:    "Only the broker knows what it did.",
		Source: measured,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.publish(headers(wire.Field{Key: "x-death", Value: wire.Array{wire.Table{{Key: "count", Value: int64(5)}, {Key: "reason", Value: "expired"},
				{Key: "queue", Value: "elsewhere"}, {Key: "time", Value: wire.Timestamp(1700000000)}, {Key: "exchange", Value: "ex"}, {Key: "routing-keys", Value: wire.Array{"key"}}}}}), "a")
			d.c.reject(d.q)
			t.CheckLetters("dead letter", d.box, ByRelease(t,
				On(UpTo("3.13"), `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; expired 5 in elsewhere from ex [key] at 1700000000; last rejected in <q> from ""`),
				On(Since("4.0"), `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)))
		},
	},
	{
		ID:       "deadletter.history/uncounted",
		Title:    "up to 3.12 entries of x-death without a count are counted if there are several: one for each queue and reason remains",
		Why:      "Very old messages and other brokers have an entry for each death.",
		Source:   measured,
		Releases: UpTo("3.12"),
		Run: func(t *T) {
			d := newDeadLetters(t)
			entry := func(queue, reason string, count ...int64) wire.Table {
				death := wire.Table{{Key: "queue", Value: queue}, {Key: "reason", Value: reason}, {Key: "exchange", Value: ""},
					{Key: "routing-keys", Value: wire.Array{queue}}}
				for _, n := range count {
					death = append(death, wire.Field{Key: "count", Value: n})
				}
				return death
			}
			for _, test := range []struct {
				label  string
				deaths wire.Array
			}{
				{"one", wire.Array{entry("z", "expired")}},
				{"three and one", wire.Array{entry("z", "expired"), entry("z", "expired"), entry("z", "expired"), entry("y", "expired")}},
				{"of this queue", wire.Array{entry(d.q, "rejected"), entry(d.q, "rejected")}},
				{"counted twice", wire.Array{entry("z", "expired", 4), entry("z", "expired", 5)}},
				{"one of two counted", wire.Array{entry("z", "expired"), entry("z", "expired", 5)}},
				{"the other counted", wire.Array{entry("z", "expired", 5), entry("z", "expired")}},
				{"two reasons", wire.Array{entry("z", "expired"), entry("z", "rejected"), entry("z", "expired")}},
				{"without a reason", wire.Array{wire.Table{{Key: "queue", Value: "z"}}, wire.Table{{Key: "queue", Value: "z"}}}},
				{"without a queue", wire.Array{wire.Table{{Key: "reason", Value: "expired"}}, wire.Table{{Key: "reason", Value: "expired"}}}},
				{"of this queue, counted", wire.Array{entry(d.q, "rejected", 7), entry("y", "expired"), entry("y", "expired")}},
			} {
				d.publish(headers(wire.Field{Key: "x-death", Value: test.deaths}), "m")
				d.c.reject(d.q)
				died, _ := d.box.Next().Header.Properties.Headers.Get("x-death")
				var counts []string
				for _, each := range died.(wire.Array) {
					death := each.(wire.Table)
					queue, _ := death.Get("queue")
					reason, _ := death.Get("reason")
					count, _ := death.Get("count")
					counts = append(counts, fmt.Sprint(queue, " ", reason, " ", count))
				}
				t.Observe(test.label, counts)
			}
		},
	},
	{
		ID:     "deadletter.history/nonsense",
		Title:  "an x-death that is no history does no harm",
		Why:    "Publishers may send any header.",
		Source: measured,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.publish(headers(wire.Field{Key: "x-death", Value: wire.Array{}}), "empty")
			d.c.reject(d.q)
			t.CheckLetters("empty", d.box, ByRelease(t,
				On(UpTo("3.13"), `empty to <dlx> <q>; rejected 1 in <q> from "" [<q>]; last rejected in <q> from ""`),
				On(Since("4.0"), `empty to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)))
			values := []any{"text", int32(1), wire.Table{}, nil}
			if t.In(Since("3.13")) { // the queue would crash
				values = append(values, wire.Array{"text", int32(1)}, wire.Array{wire.Table{}})
			}
			for _, value := range values {
				d.publish(headers(wire.Field{Key: "x-death", Value: value}), "m")
				d.c.reject(d.q)
				_, isArray := value.(wire.Array)
				first := Since("3.13")
				if isArray {
					first = Since("4.0") // 3.13 takes such a history for one without entries
				}
				if !t.In(first) {
					t.CheckLetters(fmt.Sprint(value), d.box, `m to <dlx> <q>; rejected 1 in <q> from "" [<q>]; last rejected in <q> from ""`)
					continue
				}
				t.CheckLetters(fmt.Sprint(value), d.box, `m to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)
			}
		},
	},
	{
		ID:     "deadletter.history/time",
		Title:  "a death that counts up keeps the time of the first one",
		Why:    "It tells since when a message has been failing.",
		Source: measured,
		Waits:  true,
		Run: func(t *T) {
			r := t.Raw()
			c, work, wait := r.Channel(), t.QueueName("work"), t.QueueName("wait")
			c.Queue(work, deadLetterTo(wait)...)
			c.Queue(wait, append(deadLetterTo(work), wire.Field{Key: "x-message-ttl", Value: int32(1500)})...)
			c.Publish("", work, "m")
			c.CheckCounts("published", work, Counts{Ready: 1})
			c.reject(work)
			again := r.Channel()
			again.Consume(work, "c")
			rejected, expired := deathTimes(again.Next())
			again.Send(&wire.BasicReject{DeliveryTag: 1})
			rejectedAgain, expiredAgain := deathTimes(again.Next())
			t.Check("seconds from the first expiry to what the second one tells", expiredAgain-expired, wire.Timestamp(0))
			t.Check("seconds from the first rejection to what the second one tells", rejectedAgain-rejected, wire.Timestamp(0))
		},
	},
	{
		ID:     "deadletter.history/published-again",
		Title:  "what a consumer publishes again with the headers it got starts a history of its own since 4.0, and goes on with the old one up to 3.13",
		Why:    "Retrying by publishing again is common, and its counts changed with 4.0.",
		Source: measured,
		Run: func(t *T) {
			d := newDeadLetters(t)
			d.c.Publish("", d.q, "a")
			d.c.CheckCounts("published", d.q, Counts{Ready: 1})
			d.c.reject(d.q)
			got := d.box.Next()
			d.publish(got.Header.Properties, "a")
			d.c.reject(d.q)
			t.CheckLetters("dead again", d.box, ByRelease(t,
				On(UpTo("3.13"), `a to <dlx> <q>; rejected 2 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`),
				On(Since("4.0"), `a to <dlx> <q>; rejected 1 in <q> from "" [<q>]; first rejected in <q> from ""; last rejected in <q> from ""`)))
		},
	},
	{
		ID:     "deadletter.history/matched",
		Title:  "a headers exchange can route by the headers that dead-lettering adds",
		Why:    "Expired and rejected messages go to different queues that way.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c, dlx, q, rejected, expired := r.Channel(), t.ExchangeName("dlx"), t.QueueName("q"), t.QueueName("rejected"), t.QueueName("expired")
			c.Exchange(dlx, "headers")
			c.Queue(q, argument("x-dead-letter-exchange", dlx)...)
			c.Queue(rejected)
			c.Queue(expired)
			for queue, reason := range map[string]string{rejected: "rejected", expired: "expired"} {
				c.Bind(queue, dlx, "", wire.Field{Key: "x-match", Value: "any-with-x"}, wire.Field{Key: "x-first-death-reason", Value: reason})
			}
			c.Publish("", q, "a")
			c.CheckCounts("published", q, Counts{Ready: 1})
			c.reject(q)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, wire.Properties{Flags: wire.HasExpiration, Expiration: "1"}, "b")
			t.Check("rejected", r.letterboxOnceFull(rejected).bodies(1), []string{"a"})
			t.Check("expired", r.letterboxOnceFull(expired).bodies(1), []string{"b"})
		},
	},
}
