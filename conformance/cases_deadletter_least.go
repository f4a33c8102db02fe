package conformance

import (
	"fmt"
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// pageAtLeastOnce describes dead-lettering at least once.
const pageAtLeastOnce = "rabbitmq.com/docs/quorum-queues#activating-at-least-once-dead-lettering"

var deadletterLeastCases = []Case{
	{
		ID:     "deadletter.least/history",
		Title:  "what is dead-lettered at least once tells of its death as any other dead letter does",
		Why:    "The strategy changes how, and not what.",
		Source: pageAtLeastOnce,
		Run: func(t *T) {
			r := t.Raw()
			c, x, q, dlq := r.Channel(), t.ExchangeName("x"), t.QueueName("q"), t.QueueName("dlq")
			c.Exchange(x, "fanout")
			c.Queue(dlq)
			c.Bind(dlq, x, "")
			c.atLeastOnce(q, x, wire.Field{Key: "x-dead-letter-routing-key", Value: "key"})
			t.Publish("", q, "a")
			c.reject(q)
			t.CheckLetters("letter", r.letterboxOnceFull(dlq), "a to <x> key; rejected 1 in <q> from \"\" [<q>]; first rejected in <q> from \"\"; last rejected in <q> from \"\"")
		},
	},
	{
		ID:     "deadletter.least/no-exchange",
		Title:  "a dead letter for which there is no exchange is kept until there is",
		Why:    "Nothing is lost by declaring things in the wrong order.",
		Source: pageAtLeastOnce,
		Node:   true,
		Run: func(t *T) {
			t.SetDeadLetterRetry(time.Second)
			r := t.Raw()
			c, x, q, dlq := r.Channel(), t.ExchangeName("x"), t.QueueName("q"), t.QueueName("dlq")
			c.Queue(dlq)
			c.atLeastOnce(q, x)
			t.Publish("", q, "a", "b")
			c.reject(q)
			c.CheckCounts("it is not ready", q, Counts{Ready: 1})
			c.Exchange(x, "fanout")
			c.Bind(dlq, x, "")
			t.arrives(c, dlq, 1)
			t.Check("letter", c.Drain(dlq), []string{"a"})
		},
	},
	{
		ID:     "deadletter.least/no-route",
		Title:  "a dead letter without a route is kept until there is one",
		Why:    "It is the usual mistake in a topology.",
		Source: pageAtLeastOnce,
		Node:   true,
		Run: func(t *T) {
			t.SetDeadLetterRetry(time.Second)
			r := t.Raw()
			c, x, q, dlq := r.Channel(), t.ExchangeName("x"), t.QueueName("q"), t.QueueName("dlq")
			c.Exchange(x, "direct")
			c.Queue(dlq)
			c.atLeastOnce(q, x, wire.Field{Key: "x-message-ttl", Value: int32(100)})
			t.Publish("", q, "a", "b")
			c.CheckCounts("expired", q, Counts{})
			c.Bind(dlq, x, q)
			t.arrives(c, dlq, 2)
			t.Check("letters", c.Drain(dlq), []string{"a", "b"})
		},
	},
	{
		ID:     "deadletter.least/full-queue",
		Title:  "a dead letter that a queue refuses is tried again until it is taken, and other queues get it once",
		Why:    "A full queue must not lose the letters of those before it.",
		Source: pageAtLeastOnce,
		Node:   true,
		Run: func(t *T) {
			t.SetDeadLetterRetry(time.Second)
			r := t.Raw()
			c, x, q, full, roomy := r.Channel(), t.ExchangeName("x"), t.QueueName("q"), t.QueueName("full"), t.QueueName("roomy")
			c.Exchange(x, "fanout")
			c.Queue(full, wire.Field{Key: "x-max-length", Value: int32(1)}, wire.Field{Key: "x-overflow", Value: "reject-publish"})
			c.Queue(roomy)
			c.Bind(full, x, "")
			c.Bind(roomy, x, "")
			c.atLeastOnce(q, x)
			t.Publish("", full, "stopper")
			t.Publish("", q, "a", "b")
			c.reject(q)
			c.reject(q)
			t.arrives(c, roomy, 2)
			takeOne := func() string {
				c.Send(&wire.BasicGet{Queue: full, NoAck: true})
				return string(c.Next().Body)
			}
			t.Check("one has room", takeOne(), "stopper")
			t.arrives(c, full, 1)
			first := takeOne()
			t.arrives(c, full, 1)
			t.Check("both in the end", slices.Sorted(slices.Values([]string{first, takeOne()})), []string{"a", "b"})
			t.Check("each once", slices.Sorted(slices.Values(c.Drain(roomy))), []string{"a", "b"})
		},
	},
	{
		ID:     "deadletter.least/drop-head",
		Title:  "with an overflow of drop-head dead letters are published at most once",
		Why:    "Who forgets x-overflow has asked for nothing.",
		Source: pageAtLeastOnce,
		Node:   true,
		Run: func(t *T) {
			t.SetDeadLetterRetry(500 * time.Millisecond)
			r := t.Raw()
			c, x, q, other, dlq := r.Channel(), t.ExchangeName("x"), t.QueueName("q"), t.QueueName("other"), t.QueueName("dlq")
			c.Queue(dlq)
			c.Queue(q, queueType("quorum"), wire.Field{Key: "x-dead-letter-strategy", Value: "at-least-once"}, wire.Field{Key: "x-dead-letter-exchange", Value: x})
			c.atLeastOnce(other, x)
			t.Publish("", q, "lost")
			t.Publish("", other, "kept")
			c.reject(q)
			c.reject(other)
			c.RoundTrip()
			c.passes("300")
			c.Exchange(x, "fanout")
			c.Bind(dlq, x, "")
			t.arrives(c, dlq, 1)
			t.Check("letters", c.Drain(dlq), []string{"kept"})
		},
	},
	{
		ID:     "deadletter.least/limits",
		Title:  "dead letters that are kept count against x-max-length, and purging leaves them",
		Why:    "A queue whose letters go nowhere fills up, and tells its publishers.",
		Source: pageAtLeastOnce,
		Node:   true,
		Run: func(t *T) {
			t.SetDeadLetterRetry(time.Second)
			r := t.Raw()
			c, x, q, dlq := r.Channel(), t.ExchangeName("x"), t.QueueName("q"), t.QueueName("dlq")
			c.Queue(dlq)
			c.atLeastOnce(q, x, wire.Field{Key: "x-max-length", Value: int32(2)})
			t.Publish("", q, "a", "b")
			c.reject(q)
			c.CheckCounts("rejected", q, Counts{Ready: 1})
			c.Confirm()
			for i, want := range []string{"ack 1", "nack 2 multiple"} { // a quorum queue takes one more than its limit
				c.Publish("", q, fmt.Sprint("m", i))
				t.Check("confirm", c.Lines(1), []string{want})
			}
			c.CheckCounts("ready", q, Counts{Ready: 2})
			purged := ByRelease(t, On(UpTo("4.2"), uint32(2)), On(Since("4.3"), uint32(3)))
			t.Check("purged", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{Queue: q}).MessageCount, purged)
			c.Exchange(x, "fanout")
			c.Bind(dlq, x, "")
			t.arrives(c, dlq, 1)
		},
	},
	{
		ID:         "deadletter.least/policy",
		Title:      "the strategy and the overflow can come from a policy",
		Why:        "Operators make queues safe that applications have declared.",
		Source:     pageAtLeastOnce,
		Node:       true,
		Management: true,
		Run: func(t *T) {
			t.SetDeadLetterRetry(time.Second)
			r := t.Raw()
			c, x, q, dlq := r.Channel(), t.ExchangeName("x"), t.QueueName("q"), t.QueueName("dlq")
			c.Queue(dlq)
			c.Queue(q, queueType("quorum"), wire.Field{Key: "x-dead-letter-exchange", Value: x})
			t.Policy(q, map[string]any{"dead-letter-strategy": "at-least-once", "overflow": "reject-publish"})
			t.Publish("", q, "a")
			c.reject(q)
			c.CheckCounts("rejected", q, Counts{})
			c.Exchange(x, "fanout")
			c.Bind(dlq, x, "")
			t.arrives(c, dlq, 1)
		},
	},
}
