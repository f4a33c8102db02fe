package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

var deadletterCycleCases = []Case{
	{
		ID:     "deadletter.cycle/expired",
		Title:  "a message that would come back to a queue by expiry alone is dropped there",
		Why:    "Two queues that expire into each other would pass it around for ever.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			r := t.Raw()
			c, a, b, out := r.Channel(), t.QueueName("a"), t.QueueName("b"), t.QueueName("out")
			x := t.ExchangeName("x")
			c.Exchange(x, "fanout")
			ttl := wire.Field{Key: "x-message-ttl", Value: int32(1)}
			c.Queue(b, ttl, wire.Field{Key: "x-dead-letter-exchange", Value: x})
			c.Queue(a, append(deadLetterTo(b), ttl)...)
			c.Queue(out)
			c.Bind(a, x, "")
			c.Bind(out, x, "")
			c.Publish("", a, "m")
			t.CheckLetters("the way out", r.letterboxOnceFull(out), `m to <x> <b>; expired 1 in <b> from "" [<b>]; expired 1 in <a> from "" [<a>]; first expired in <a> from ""; last expired in <b> from ""`)
			c.CheckCounts("not back", a, Counts{})
		},
	},
	{
		ID:     "deadletter.cycle/itself",
		Title:  "a queue that expires into itself loses its messages",
		Why:    "The shortest cycle is one queue.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, append(deadLetterTo(q), wire.Field{Key: "x-message-ttl", Value: int32(1)})...)
			c.Publish("", q, "m")
			c.CheckCounts("gone", q, Counts{})
		},
	},
	{
		ID:     "deadletter.cycle/maxlen",
		Title:  "a full queue that drops into itself loses what it drops",
		Why:    "Limits make cycles as expiry does.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, append(deadLetterTo(q), wire.Field{Key: "x-max-length", Value: int32(1)})...)
			c.Publish("", q, "a", "b", "c")
			c.CheckCounts("one left", q, Counts{Ready: 1})
			t.Check("the last", c.Drain(q), []string{"c"})
		},
	},
	{
		ID:     "deadletter.cycle/rejected",
		Title:  "a cycle in which a client rejected the message goes on",
		Why:    "Delayed retries are such a cycle: rejected into a queue that expires back.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			r := t.Raw()
			c, work, wait := r.Channel(), t.QueueName("work"), t.QueueName("wait")
			ttl := wire.Field{Key: "x-message-ttl", Value: int32(1)}
			c.Queue(wait, append(deadLetterTo(work), ttl)...)
			c.Queue(work, deadLetterTo(wait)...)
			c.Publish("", wait, "m") // expires first
			c.CheckCounts("expired", work, Counts{Ready: 1})
			c.reject(work)
			t.CheckLetters("and came back", r.letterboxOnceFull(work),
				`m to "" <work>; expired 2 in <wait> from "" [<wait>]; rejected 1 in <work> from "" [<work>]; first expired in <wait> from ""; last expired in <wait> from ""`)
		},
	},
	{
		ID:       "deadletter.cycle/rejected-before",
		Title:    "a cycle without a rejection since the message was there last is one, except for 3.10 where the history's turned order hides it",
		Why:      "One rejection long ago does not keep a message going for ever.",
		Source:   measured,
		Releases: Only("3.10").Or(Since("3.13")), // in 3.12 the letters arrive in the other order
		Run: func(t *T) {
			r := t.Raw()
			c, x, work, wait, end := r.Channel(), t.ExchangeName("x"), t.QueueName("work"), t.QueueName("wait"), t.QueueName("end")
			c.Exchange(x, "fanout")
			c.Queue(work, append(deadLetterTo(wait), wire.Field{Key: "x-max-length", Value: int32(1)})...)
			c.Queue(wait, wire.Field{Key: "x-dead-letter-exchange", Value: x}, wire.Field{Key: "x-message-ttl", Value: int32(1)})
			c.Queue(end)
			c.Bind(work, x, "")
			c.Publish("", work, "a")
			c.CheckCounts("published", work, Counts{Ready: 1})
			c.reject(work)
			c.CheckCounts("came back", work, Counts{Ready: 1})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: work, Exchange: x})
			c.Bind(end, x, "")
			t.Publish("", work, "b") // pushes a out
			c.Publish("", wait, "c")
			box := r.letterbox(end)
			if t.In(Only("3.10")) {
				t.Check("went on", box.letters(1), []string{
					`a to <x> <wait>; expired 2 in <wait> from "" [<wait>]; rejected 1 in <work> from "" [<work>]; maxlen 1 in <work> from <x> [<wait>]; first rejected in <work> from ""`})
			}
			t.CheckLetters("after it", box, `c to <x> <wait>; expired 1 in <wait> from "" [<wait>]; first expired in <wait> from ""; last expired in <wait> from ""`)
		},
	},
	{
		ID: "deadletter.cycle/mixed", Title: "a message that expired, was dropped for a limit and was rejected goes round as long as a rejection is the latest of its deaths there",
		Why: "Retries mix the reasons, and none may go on for ever by itself.", Source: pageDLX,
		Run: func(t *T) {
			for _, kind := range notStream {
				c := t.Raw().Channel()
				first, second := t.QueueName(kind+"-first"), t.QueueName(kind+"-second")
				c.Queue(first, append(deadLetterTo(second), queueType(kind), messageTTL(1))...)
				c.Queue(second, append(deadLetterTo(first), queueType(kind), maxLength(0))...)
				t.Publish("", first, "m")
				c.CheckCounts(kind+": by itself", first, Counts{})
				c.CheckCounts(kind+": by itself", second, Counts{})
				q, wait, drop := t.QueueName(kind+"-q"), t.QueueName(kind+"-wait"), t.QueueName(kind+"-drop")
				c.Queue(q, append(deadLetterTo(wait), queueType(kind))...)
				c.Queue(wait, append(deadLetterTo(drop), queueType(kind), messageTTL(1))...)
				c.Queue(drop, append(deadLetterTo(q), queueType(kind), maxLength(0))...)
				t.Publish("", q, "m")
				// The turned order of the history in 3.10 hides the rejection of the second round.
				for round := range 4 {
					n := uint32(1)
					if t.In(UpTo("3.12")) && round >= 2 {
						n = 0
					}
					c.CheckCounts(fmt.Sprintf("%s: round %d", kind, round), q, Counts{Ready: n})
					c.rejectNext(q)
				}
			}
		},
	},
	{
		ID: "deadletter.cycle/delivery-limit", Title: "a message that reaches its delivery limit does not come back to its queue by itself",
		Why: "A poison message that is dead-lettered to where it came from would be worked on for ever.", Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, append(deadLetterTo(q), queueType("quorum"), deliveryLimit(1))...)
			t.Publish("", q, "m")
			for range 2 {
				ok := Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: q})
				c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag, Requeue: true})
				c.RoundTrip()
			}
			c.CheckCounts("itself", q, Counts{})
			limited, wait := t.QueueName("limited"), t.QueueName("wait")
			c.Queue(limited, append(deadLetterTo(wait), queueType("quorum"), deliveryLimit(0))...)
			c.Queue(wait, append(deadLetterTo(limited), messageTTL(1))...)
			t.Publish("", limited, "m")
			ok := Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: limited})
			c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag, Requeue: true})
			c.passes("300")
			c.CheckCounts("by another queue", limited, Counts{})
			c.CheckCounts("nor there", wait, Counts{})
		},
	},
}
