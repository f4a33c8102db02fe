package conformance

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// limit sets a limit of the channel and gives what arrives before the answer. RabbitMQ keeps such a limit in a process of
// its own, which a fence does not wait for; setting it, or setting it again, does.
func (c *RawChannel) limit(prefetch uint16) []string {
	c.raw.t.Helper()
	c.Send(&wire.BasicQos{PrefetchCount: prefetch, Global: true})
	return c.until(wire.IDBasicQosOk)
}

var basicQosCases = []Case{
	{
		ID:     "basic.qos/per-consumer",
		Title:  "a prefetch limit holds for each consumer that is started after it",
		Why:    "RabbitMQ reads the global flag otherwise than the specification does.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b", "c", "d", "e")
			c.Qos(2, false)
			c.Consume(q, "one")
			t.Check("first consumer", c.Fence(q), []string{`deliver one 1 "a"`, `deliver one 2 "b"`})
			c.Qos(1, false)
			c.Consume(q, "two")
			t.Check("second consumer", c.Fence(q), []string{`deliver two 3 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("credit of the first", c.Fence(q), []string{`deliver one 4 "d"`})
			c.Send(&wire.BasicAck{DeliveryTag: 3})
			t.Check("credit of the second", c.Fence(q), []string{`deliver two 5 "e"`})
		},
	},
	{
		ID:     "basic.qos/turns-under-global-limit",
		Title:  "consumers that the channel's limit has stopped go on in the order in which it stopped them",
		Why:    "Two consumers of one channel take turns under it, whoever settles.",
		Source: measured,
		Run: func(t *T) {
			kinds := []string{"classic"}
			if t.In(Since("4.3")) { // earlier ones refuse it for quorum queues
				kinds = append(kinds, "quorum")
			}
			for _, kind := range kinds {
				c, publisher, q := t.Raw().Channel(), t.Raw().Channel(), t.QueueName(kind)
				publisher.Confirm()
				c.Queue(q, queueType(kind))
				c.Qos(1, true)
				for _, tag := range []string{"one", "two", "three"} {
					c.Consume(q, tag)
				}
				var tags []string
				for i, how := range []wire.Method{&wire.BasicNack{}, &wire.BasicAck{}, &wire.BasicReject{}, &wire.BasicAck{}} {
					publisher.Publish("", q, "m")
					Expect[*wire.BasicAck](publisher)
					if i == 0 {
						publisher.Publish("", q, "m")
						Expect[*wire.BasicAck](publisher)
					}
					d := Expect[*wire.BasicDeliver](c)
					tags = append(tags, d.ConsumerTag)
					publisher.heard(q)
					switch m := how.(type) {
					case *wire.BasicNack:
						m.DeliveryTag = d.DeliveryTag
					case *wire.BasicAck:
						m.DeliveryTag = d.DeliveryTag
					case *wire.BasicReject:
						m.DeliveryTag = d.DeliveryTag
					}
					c.Send(how)
				}
				tags = append(tags, Expect[*wire.BasicDeliver](c).ConsumerTag)
				t.Check(kind, tags, []string{"one", "two", "three", "one", "two"})
			}
		},
	},
	{
		ID:     "basic.qos/again-keeps-turns",
		Title:  "a limit for later consumers leaves one that has reached its own where it is, behind the others once it goes on",
		Why:    "A library may send basic.qos whenever it likes.",
		Source: measured,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				limited, other, q := t.Raw().Channel(), t.Raw().Channel(), t.QueueName(kind)
				limited.Queue(q, queueType(kind))
				limited.Qos(1, false)
				limited.Consume(q, "limited")
				other.Consume(q, "other")
				t.Publish("", q, "a", "b", "c", "d")
				t.Check(kind+": limited", limited.Lines(1), []string{`deliver limited 1 "a"`})
				t.Check(kind+": other", other.Lines(3), []string{`deliver other 1 "b"`, `deliver other 2 "c"`, `deliver other 3 "d"`})
				limited.Qos(1, false)
				t.Publish("", q, "e")
				t.Check(kind+": other again", other.Lines(1), []string{`deliver other 4 "e"`})
				limited.Send(&wire.BasicAck{DeliveryTag: 1})
				limited.heard(q)
				t.Publish("", q, "f", "g")
				t.Check(kind+": then", []string{limited.Lines(1)[0], other.Lines(1)[0]}, []string{`deliver limited 2 "g"`, `deliver other 5 "f"`})
			}
		},
	},
	{
		ID:     "basic.qos/behind-who-came-since",
		Title:  "who comes while a consumer has reached its limit is before it in a quorum queue, and behind it in a classic one",
		Why:    "A quorum queue takes a consumer out of the turns with the message that reaches the limit, a classic queue with the next one.",
		Source: measured,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				full, later, q := t.Raw().Channel(), t.Raw().Channel(), t.QueueName(kind)
				full.Queue(q, queueType(kind))
				full.Qos(1, false)
				full.Consume(q, "full")
				t.Publish("", q, "a")
				t.Check(kind+": full", full.Lines(1), []string{`deliver full 1 "a"`})
				later.Consume(q, "later")
				full.Send(&wire.BasicAck{DeliveryTag: 1})
				full.heard(q)
				t.Publish("", q, "b", "c")
				got := []string{full.Lines(1)[0], later.Lines(1)[0]}
				want := []string{`deliver full 2 "b"`, `deliver later 1 "c"`}
				if kind == "quorum" {
					want = []string{`deliver full 2 "c"`, `deliver later 1 "b"`}
				}
				t.Check(kind+": then", got, want)
			}
		},
	},
	{
		ID:     "basic.qos/only-later-consumers",
		Title:  "a limit per consumer does not touch consumers that exist",
		Why:    "The order of qos and consume matters.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "c")
			c.Qos(1, false)
			c.Publish("", q, "a", "b", "c")
			t.Check("all delivered", c.Lines(3), []string{`deliver c 1 "a"`, `deliver c 2 "b"`, `deliver c 3 "c"`})
		},
	},
	{
		ID:     "basic.qos/per-channel",
		Title:  "with global set the limit is shared by all consumers of the channel, up to 4.0",
		Why:    "Celery and others limit a worker this way; 4.3 reads it as a limit for each consumer.",
		Source: pagePrefetch,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			t.Publish("", q, "a", "b", "c", "d", "e")
			c.Qos(3, true)
			c.Consume(q, "one")
			t.Check("first consumer", c.Fence(q), []string{`deliver one 1 "a"`, `deliver one 2 "b"`, `deliver one 3 "c"`})
			c.Consume(q, "two")
			t.Check("second consumer", c.Fence(q), ByRelease(t,
				On(UpTo("4.2"), []string{}),
				On(Since("4.3"), []string{`deliver two 4 "d"`, `deliver two 5 "e"`})))
		},
	},
	{
		ID:       "basic.qos/per-channel-credit",
		Title:    "under a shared limit a settlement gives credit to whichever consumer is next; other channels are not limited",
		Why:      "The limit belongs to the channel alone.",
		Source:   pagePrefetch,
		Releases: UpTo("4.2"),
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Qos(2, true)
			c.Consume(q, "one")
			c.Consume(q, "two")
			t.Publish("", q, "a", "b", "c", "d")
			t.Check("two in all", c.Fence(q), []string{`deliver one 1 "a"`, `deliver two 2 "b"`})
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("one settled", append(c.limit(2), c.Fence(q)...), []string{`deliver one 3 "c"`})
			other := r.Channel()
			other.Consume(q, "other")
			t.Check("another channel", other.Lines(1), []string{`deliver other 1 "d"`})
		},
	},
	{
		ID:     "basic.qos/per-channel-applies-at-once",
		Title:  "a global limit holds for consumers that exist, from then on, up to 4.0",
		Why:    "Programs change the limit while they run; 4.3 applies it to later consumers only.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "c")
			c.Qos(2, true)
			t.Publish("", q, "a", "b", "c", "d")
			if t.In(Since("4.3")) {
				t.Check("not limited", c.Fence(q), []string{`deliver c 1 "a"`, `deliver c 2 "b"`, `deliver c 3 "c"`, `deliver c 4 "d"`})
				return
			}
			t.Check("limited", c.Fence(q), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			t.Check("raised", append(c.limit(3), c.Fence(q)...), []string{`deliver c 3 "c"`})
			t.Check("lifted", append(c.limit(0), c.Fence(q)...), []string{`deliver c 4 "d"`})
		},
	},
	{
		ID:     "basic.qos/both-limits",
		Title:  "limits per consumer and per channel hold together, up to 4.0; on 4.3 the last one counts",
		Why:    "Both are kept at once, each by its own count.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Qos(2, false)
			c.Qos(3, true)
			c.Consume(q, "one")
			c.Consume(q, "two")
			t.Publish("", q, "a", "b", "c", "d", "e", "f", "g")
			if t.In(Since("4.3")) {
				t.Check("three each", c.Fence(q), []string{`deliver one 1 "a"`, `deliver two 2 "b"`, `deliver one 3 "c"`,
					`deliver two 4 "d"`, `deliver one 5 "e"`, `deliver two 6 "f"`})
				return
			}
			t.Check("three in all", c.Fence(q), []string{`deliver one 1 "a"`, `deliver two 2 "b"`, `deliver one 3 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("two has credit, one has none", append(c.limit(3), c.Fence(q)...), []string{`deliver two 4 "d"`})
		},
	},
	{
		ID:     "basic.qos/zero",
		Title:  "a prefetch count of zero means no limit",
		Why:    "Zero is the way to lift a limit.",
		Source: reference + "basic.qos.prefetch-count",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Qos(1, false)
			c.Qos(0, false)
			c.Publish("", q, "a", "b", "c")
			c.Consume(q, "c")
			t.Check("all delivered", c.Lines(3), []string{`deliver c 1 "a"`, `deliver c 2 "b"`, `deliver c 3 "c"`})
		},
	},
	{
		ID:     "basic.qos/prefetch-size",
		Title:  "a limit in bytes is not implemented, and closes the connection with 540",
		Why:    "It must not be taken and ignored.",
		Source: pageErrata,
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.BasicQos{PrefetchSize: 1}),
				ConnectionError(wire.NotImplemented, "prefetch_size!=0 (1)", wire.IDBasicQos))
		},
	},
	{
		ID:     "basic.qos/no-ack-ignores-limit",
		Title:  "a consumer without acknowledgements is not limited, nor does it use up the channel's limit",
		Why:    "What is never unacknowledged is never counted.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "a", "b", "c")
			c.Qos(1, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoAck: true})
			t.Check("all delivered", c.Fence(q), []string{`deliver c 1 "a"`, `deliver c 2 "b"`, `deliver c 3 "c"`})
		},
	},
	{
		ID:     "basic.qos/get-is-not-counted",
		Title:  "basic.get neither is limited nor uses up a limit",
		Why:    "The limit is the consumers'.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "a", "b", "c", "d")
			c.Qos(1, true)
			t.Check("gets", []string{c.Get(q), c.Get(q)}, []string{`get-ok 1 left 3 "a"`, `get-ok 2 left 2 "b"`})
			c.Consume(q, "c")
			t.Check("consumer", c.Fence(q), []string{`deliver c 3 "c"`})
			t.Check("get beyond the limit", c.Get(q), `get-ok 4 left 0 "d"`)
		},
	},
	{
		ID:     "basic.qos/nack-and-reject-give-credit",
		Title:  "nack and reject give credit back as ack does; a requeued message may come at once again",
		Why:    "A worker that rejects must not starve.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "a", "b", "c")
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("first", c.Fence(q), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicReject{DeliveryTag: 1})
			t.Check("rejected", c.Fence(q), []string{`deliver c 2 "b"`})
			c.Send(&wire.BasicNack{DeliveryTag: 2, Requeue: true})
			t.Check("requeued", c.Fence(q), []string{`deliver c 3 redelivered "b"`})
			c.Send(&wire.BasicNack{DeliveryTag: 3})
			t.Check("nacked", c.Fence(q), []string{`deliver c 4 "c"`})
		},
	},
	{
		ID:     "basic.qos/consumer-full-is-skipped",
		Title:  "a consumer at its limit is passed over, and comes again in its turn",
		Why:    "A slow worker must not hold up the others.",
		Source: pagePrefetch,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			slow, fast := r.Channel(), r.Channel()
			slow.Queue(q)
			slow.Qos(1, false)
			slow.Consume(q, "slow")
			fast.Consume(q, "fast")
			t.Publish("", q, "a", "b", "c", "d")
			t.Check("slow", slow.Fence(q), []string{`deliver slow 1 "a"`})
			t.Check("fast", fast.Fence(q), []string{`deliver fast 1 "b"`, `deliver fast 2 "c"`, `deliver fast 3 "d"`})
			slow.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("credit, and nothing waiting", slow.Fence(q), []string{})
			t.Publish("", q, "e", "f")
			t.Check("next turns, slow", slow.Fence(q), []string{`deliver slow 2 "f"`})
			t.Check("next turns, fast", fast.Fence(q), []string{`deliver fast 4 "e"`})
		},
	},
	{
		ID:       "basic.qos/consumer-limit-ends-channel-limit",
		Title:    "a limit for consumers takes the limit of the channel back",
		Why:      "A client that sets both is limited as it expects only if the channel's comes last.",
		Source:   pagePrefetch,
		Releases: UpTo("4.2"),
		Racy:     "the limiter is a process of its own, which a fence does not wait for",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Qos(1, true)
			c.Consume(q, "c")
			t.Publish("", q, "a", "b", "c")
			t.Check("limit of the channel", c.Fence(q), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicQos{PrefetchCount: 1})
			got := c.until(wire.IDBasicQosOk)
			got = append(got, c.Lines(2-len(got))...)
			t.Check("no limit any more, since the consumer began without one", got, []string{`deliver c 2 "b"`, `deliver c 3 "c"`})
		},
	},
	{
		ID:       "basic.qos/per-channel-over-queues",
		Title:    "a limit of the channel counts the messages of all its queues",
		Why:      "A worker with several queues is limited as a whole.",
		Source:   pagePrefetch,
		Releases: UpTo("4.2"),
		Racy:     "the limiter tells the queues of the new credit in no particular order",
		Run: func(t *T) {
			c, q, p := t.Raw().Channel(), t.QueueName("q"), t.QueueName("p")
			c.Queue(q)
			c.Queue(p)
			c.Qos(2, true)
			c.Consume(q, "q")
			c.Consume(p, "p")
			t.Publish("", q, "a")
			t.Check("first of one", c.Fence(q), []string{`deliver q 1 "a"`})
			t.Publish("", p, "b")
			t.Check("first of the other", c.Fence(p), []string{`deliver p 2 "b"`})
			t.Publish("", q, "c")
			t.Publish("", p, "d")
			t.Check("no more", append(c.Fence(q), c.Fence(p)...), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("one credit", len(slices.Concat(c.limit(2), c.Fence(q), c.Fence(p))), 1)
		},
	},
}
