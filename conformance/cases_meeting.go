package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// What follows are situations in which several things meet that RabbitMQ adds to AMQP.

// rejectNext takes a message from a queue and rejects it, and says whether there was one.
func (c *RawChannel) rejectNext(queue string) bool {
	c.raw.t.Helper()
	c.Send(&wire.BasicGet{Queue: queue})
	ok, got := c.Next().Method.(*wire.BasicGetOk)
	if got {
		c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag})
	}
	return got
}

// published publishes with properties, and waits for the confirm.
func (c *RawChannel) published(queue string, properties wire.Properties, bodies ...string) {
	c.raw.t.Helper()
	for _, body := range bodies {
		c.PublishWith(&wire.BasicPublish{RoutingKey: queue}, properties, body)
		Expect[*wire.BasicAck](c)
	}
}

var meetingCases = []Case{
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
					if t.In(Only310) && round >= 2 {
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
	{
		ID: "policy.effect/dead-letters-later", Title: "where a dead letter goes is decided when it dies, not when it was published or delivered",
		Why: "Operators turn dead letters to another queue while workers hold messages.", Source: pageDLX + "#using-policies", Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q, a, b := t.Raw().Channel(), t.QueueName(kind), t.QueueName(kind+"-a"), t.QueueName(kind+"-b")
				c.Queue(a)
				c.Queue(b)
				c.Queue(q, queueType(kind))
				t.Policy(q, map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": a})
				t.Publish("", q, "1", "2", "3")
				t.Check("held", []string{c.Get(q), c.Get(q), c.Get(q)}, []string{`get-ok 1 left 2 "1"`, `get-ok 2 left 1 "2"`, `get-ok 3 left 0 "3"`})
				t.Policy(q, map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": b})
				c.Send(&wire.BasicReject{DeliveryTag: 1})
				c.CheckCounts(kind+": changed", b, Counts{Ready: 1})
				t.Policy(q, map[string]any{"max-length": 5})
				c.Send(&wire.BasicReject{DeliveryTag: 2})
				c.RoundTrip()
				t.Policy(q, map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": a})
				c.Send(&wire.BasicReject{DeliveryTag: 3})
				c.CheckCounts(kind+": changed back", a, Counts{Ready: 1})
				t.Check(kind+": nowhere in between", [][]string{c.Drain(a), c.Drain(b)}, [][]string{{"3"}, {"1"}})
			}
		},
	},
	{
		ID: "policy.choice/three-limits", Title: "of an argument, a policy and an operator policy the lowest limit counts, each by itself",
		Why: "Programs, their owners and operators each set limits.", Source: "rabbitmq.com/docs/policies#operator-policies", Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind), maxLength(5), wire.Field{Key: "x-max-length-bytes", Value: int32(50)})
				t.Policy(q, map[string]any{"max-length": 3, "max-length-bytes": 3000})
				t.PolicyOf("operator-policies", q, "", 0, map[string]any{"max-length": 4, "max-length-bytes": 20})
				t.Observe(kind, t.left(c, q, "a", "b", "c", "d", "e", "f"))
				t.Unpolicy(q)
				t.Observe(kind+" without the policy", t.left(c, q, "a", "b", "c", "d", "e", "f"))
				t.Observe(kind+" by bytes", t.left(c, q, "0123456789", "1123456789", "2123456789"))
			}
		},
	},
	{
		ID: "max-length/zero-bytes", Title: "x-max-length-bytes 0 lets empty messages stay, where only bodies count",
		Why: "A limit of 0 is a limit, and an empty message has no body.", Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range notStream {
				for _, how := range []string{"drop-head", "reject-publish"} {
					c, q := t.Raw().Channel(), t.QueueName(kind+how)
					c.Queue(q, queueType(kind), wire.Field{Key: "x-max-length-bytes", Value: int32(0)}, overflow(how))
					t.Observe(kind+" "+how, t.confirmed(q, "", "a", "", "b"))
					t.Observe(kind+" "+how+" left", c.Drain(q))
				}
			}
		},
	},
	{
		ID: "ttl/requeued", Title: "messages whose time is over while they are held go as they come back, the others to their places",
		Why: "A worker gives back what it could not do in time.", Source: pageTTL, Waits: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				r := t.Raw()
				c, held, q := r.Channel(), r.Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind))
				c.Confirm()
				for _, ms := range []string{"3600000", "1500", "3600001", "1550"} {
					c.published(q, expiring(ms), ms)
				}
				for range 3 {
					held.Get(q)
				}
				r.Channel().passes("3000")
				for _, tag := range []uint64{2, 3, 1} {
					held.Send(&wire.BasicNack{DeliveryTag: tag, Requeue: true})
					held.RoundTrip()
				}
				c.CheckCounts(kind, q, Counts{Ready: 2})
				t.Observe(kind+": in order", c.Drain(q))
			}
		},
	},
	{
		ID: "expires/held", Title: "a queue expires though a client holds a message that it got, and settling that is no error",
		Why: "Only consumers and declarations keep a queue; polling does while it goes on.", Source: pageTTL + "#queue-ttl", Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, expires(1500))
			t.Publish("", q, "m")
			t.Check("held", c.Get(q), `get-ok 1 left 0 "m"`)
			r.Channel().passes("3000")
			t.Check("gone", r.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}), gone(q))
			c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("given back to nobody", c.RoundTrip(), []string{})
		},
	},
}
