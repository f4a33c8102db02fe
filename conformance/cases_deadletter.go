package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

var deadletterCases = []Case{
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
		ID:     "deadletter/rejected-together",
		Title:  "messages that a consumer rejects together from a classic queue die in the order of their priorities, without them in that of their delivery",
		Why:    "Who reads dead letters sees their order.",
		Source: pagePriority,
		Run: func(t *T) {
			for _, arguments := range []wire.Table{{}, argument("x-max-priority", int32(10))} {
				label := fmt.Sprintf("priorities-%d", len(arguments))
				c, q, dlq := t.Raw().Channel(), t.QueueName(label), t.QueueName(label+"-dlq")
				c.Queue(dlq)
				c.Queue(q, append(deadLetterTo(dlq), arguments...)...)
				c.Consume(q, "c")
				for i, body := range []string{"a1", "b5", "c1", "d9", "e5"} {
					c.publishPriorities(q, []string{body}, []int{int("15195"[i] - '0')})
					c.Next()
				}
				c.Send(&wire.BasicNack{DeliveryTag: 5, Multiple: true})
				c.CheckCounts(label+" dead", dlq, Counts{Ready: 5})
				want := []string{"a1", "b5", "c1", "d9", "e5"}
				if len(arguments) > 0 {
					want = []string{"d9", "b5", "e5", "a1", "c1"}
				}
				t.Check(label+" order", c.Drain(dlq), want)
			}
		},
	},
	{
		ID:     "deadletter/lazy",
		Title:  "a death in a lazy queue of 3.10 does not tell of the expiration that the message had",
		Why:    "Such queues keep messages as they arrived, without a look at their properties.",
		Source: pageTTL,
		Run: func(t *T) {
			for _, mode := range []string{"default", "lazy"} {
				c, q, dlq := t.Raw().Channel(), t.QueueName(mode), t.QueueName(mode+"-dlq")
				c.Queue(dlq)
				c.Queue(q, append(deadLetterTo(dlq), wire.Field{Key: "x-queue-mode", Value: mode})...)
				c.publishExpiring(q, "m", -1, "0")
				c.CheckCounts(mode, dlq, Counts{Ready: 1})
				c.Send(&wire.BasicGet{Queue: dlq, NoAck: true})
				v, _ := c.Next().Header.Properties.Headers.Get("x-death")
				death, _ := v.(wire.Array)[0].(wire.Table)
				_, tells := death.Get("original-expiration")
				t.Check(mode+" tells", tells, !(mode == "lazy" && t.In(Only("3.10"))))
			}
		},
	},
}
