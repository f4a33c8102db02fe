package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

var quorumCountCases = []Case{
	{
		ID:     "quorum.count/nack",
		Title:  "what a client gives back with basic.nack is counted in x-delivery-count, and on 4.3 in x-acquired-count",
		Why:    "A consumer can tell a poison message by it.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(10)})...)
			c.Consume(q, "c")
			t.Publish("", q, "a")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("second", c.withHeaders(1), ByRelease(t,
				From(Before43, []string{`deliver c 2 redelivered "a" {x-delivery-count=1}`}),
				From(Only43, []string{`deliver c 2 redelivered "a" {x-acquired-count=1}`})))
			c.Send(&wire.BasicNack{DeliveryTag: 2, Requeue: true})
			t.Check("third", c.withHeaders(1), ByRelease(t,
				From(Before43, []string{`deliver c 3 redelivered "a" {x-delivery-count=2}`}),
				From(Only43, []string{`deliver c 3 redelivered "a" {x-acquired-count=2}`})))
		},
	},
	{
		ID:     "quorum.count/reject",
		Title:  "a rejection with requeue counts as a failed delivery",
		Why:    "4.3 tells giving back from failing.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(10)})...)
			c.Consume(q, "c")
			t.Publish("", q, "a")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", c.withHeaders(1), ByRelease(t,
				From(Before43, []string{`deliver c 2 redelivered "a" {x-delivery-count=1}`}),
				From(Only43, []string{`deliver c 2 redelivered "a" {x-acquired-count=1, x-delivery-count=1}`})))
			c.Send(&wire.BasicNack{DeliveryTag: 2, Requeue: true})
			t.Check("third", c.withHeaders(1), ByRelease(t,
				From(Before43, []string{`deliver c 3 redelivered "a" {x-delivery-count=2}`}),
				From(Only43, []string{`deliver c 3 redelivered "a" {x-acquired-count=2, x-delivery-count=1}`})))
			c.Send(&wire.BasicReject{DeliveryTag: 3, Requeue: true})
			t.Check("fourth", c.withHeaders(1), ByRelease(t,
				From(Before43, []string{`deliver c 4 redelivered "a" {x-delivery-count=3}`}),
				From(Only43, []string{`deliver c 4 redelivered "a" {x-acquired-count=3, x-delivery-count=2}`})))
		},
	},
	{
		ID:     "quorum.count/channel-closes",
		Title:  "a consumer that goes away counts as a failed delivery",
		Why:    "A message that crashes its consumers is told by it.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			r.Channel().Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(10)})...)
			t.Publish("", q, "a", "b")
			c := r.Channel()
			c.Consume(q, "c")
			t.Check("first", c.withHeaders(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			c.Close()
			c = r.Channel()
			c.Consume(q, "c")
			t.Check("second", c.withHeaders(2), ByRelease(t,
				From(Before43, []string{`deliver c 1 redelivered "a" {x-delivery-count=1}`, `deliver c 2 redelivered "b" {x-delivery-count=1}`}),
				From(Only43, []string{
					`deliver c 1 redelivered "a" {x-acquired-count=1, x-delivery-count=1}`,
					`deliver c 2 redelivered "b" {x-acquired-count=1, x-delivery-count=1}`,
				})))
		},
	},
	{
		ID:     "quorum.count/recover",
		Title:  "basic.recover gives messages back as a nack does",
		Why:    "The same count has to grow.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(10)})...)
			c.Consume(q, "c")
			t.Publish("", q, "a")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicRecover{Requeue: true})
			t.Check("reply and second", c.withHeaders(2), ByRelease(t,
				From(Before43, []string{"basic.recover-ok{}", `deliver c 2 redelivered "a" {x-delivery-count=1}`}),
				From(Only43, []string{"basic.recover-ok{}", `deliver c 2 redelivered "a" {x-acquired-count=1}`})))
		},
	},
	{
		ID:     "quorum.count/get",
		Title:  "basic.get counts as a delivery, and in 3.10 a message that it gets for the first time carries a count of 0",
		Why:    "The limit holds for it, too.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(10)})...)
			t.Publish("", q, "a")
			t.Check("first", c.getWithHeaders(q), ByRelease(t,
				From(Only310, `get-ok 1 left 0 "a" {x-delivery-count=0}`),
				From(Since40, `get-ok 1 left 0 "a"`)))
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			c.CheckCounts("came back", q, Counts{Ready: 1})
			t.Check("second", c.getWithHeaders(q), ByRelease(t,
				From(Before43, `get-ok 2 left 0 redelivered "a" {x-delivery-count=1}`),
				From(Only43, `get-ok 2 left 0 redelivered "a" {x-acquired-count=1, x-delivery-count=1}`)))
		},
	},
	{
		ID:     "quorum.count/header-of-publisher",
		Title:  "an x-delivery-count that a publisher wrote is overwritten, or delivered until there is one",
		Why:    "Republished messages carry the old header.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(10)})...)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(wire.Field{Key: "a", Value: "1"}, wire.Field{Key: "x-delivery-count", Value: int64(7)}, wire.Field{Key: "z", Value: "2"}), "m")
			c.Consume(q, "c")
			t.Check("first", c.withHeaders(1), []string{`deliver c 1 "m" {a="1", x-delivery-count=7, z="2"}`})
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", c.withHeaders(1), ByRelease(t,
				From(Before43, []string{`deliver c 2 redelivered "m" {a="1", x-delivery-count=1, z="2"}`}),
				From(Only43, []string{`deliver c 2 redelivered "m" {a="1", x-acquired-count=1, x-delivery-count=1, z="2"}`})))
		},
	},
	{
		ID:     "quorum.limit/dead-letter",
		Title:  "a message that fails more often than x-delivery-limit goes to the dead letter exchange",
		Why:    "Poison messages are put aside by themselves.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			d := newDeadLetters(t, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(2)})...)
			t.Publish("", d.q, "a")
			d.c.Consume(d.q, "c")
			for range 3 {
				ok := Expect[*wire.BasicDeliver](d.c)
				d.c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag, Requeue: true})
			}
			t.Check("dead letter", d.box.letters(1), ByRelease(t,
				From(Only310, []string{`a to <dlx> <q>; delivery_limit 1 in <q> from "" [<q>]; first delivery_limit in <q> from ""`}),
				From(Since40, []string{`a to <dlx> <q>; delivery_limit 1 in <q> from "" [<q>]; first delivery_limit in <q> from ""; last delivery_limit in <q> from ""`})))
		},
	},
	{
		ID:     "quorum.limit/dropped",
		Title:  "without a dead letter exchange such a message is dropped",
		Why:    "It is lost with no word to anybody.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(1)})...)
			t.Publish("", q, "a", "b")
			c.Qos(1, false)
			c.Consume(q, "c")
			for tag := range uint64(2) {
				c.Lines(1)
				c.Send(&wire.BasicReject{DeliveryTag: tag + 1, Requeue: true})
			}
			t.Check("the next", c.Lines(1), []string{`deliver c 3 "b"`})
			c.CheckCounts("nothing else", q, Counts{Consumers: 1})
		},
	},
	{
		ID:     "quorum.limit/zero",
		Title:  "with a limit of 0 the first failure is the last",
		Why:    "0 is a limit.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(0)})...)
			t.Publish("", q, "a", "b")
			c.Qos(1, false)
			c.Consume(q, "c")
			c.Lines(1)
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("the next", c.Lines(1), []string{`deliver c 2 "b"`})
		},
	},
	{
		ID:     "quorum.limit/default",
		Title:  "without x-delivery-limit there is none in 3.10, and one of 20 since 4.0",
		Why:    "A consumer that gives messages back for ever loses them since 4.0.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			d := newDeadLetters(t, quorum()...)
			t.Publish("", d.q, "a")
			d.c.Consume(d.q, "c")
			for range 20 {
				d.c.Send(&wire.BasicReject{DeliveryTag: Expect[*wire.BasicDeliver](d.c).DeliveryTag, Requeue: true})
			}
			last := d.c.Next()
			t.Check("the 21st", last.String(), `deliver c 21 redelivered "a"`)
			d.c.Send(&wire.BasicReject{DeliveryTag: 21, Requeue: true})
			if t.In(Only310) {
				t.Check("the 22nd", d.c.Lines(1), []string{`deliver c 22 redelivered "a"`})
				return
			}
			t.CheckLetters("dead letter", d.box, `a to <dlx> <q>; delivery_limit 1 in <q> from "" [<q>]; first delivery_limit in <q> from ""; last delivery_limit in <q> from ""`)
		},
	},
	{
		ID:     "quorum.limit/negative",
		Title:  "a negative limit is none since 4.0, and allows no failure in 3.10",
		Why:    "It switches the default off.",
		Source: pageQuorum + "#poison-message-handling",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum(wire.Field{Key: "x-delivery-limit", Value: int32(-1)})...)
			t.Publish("", q, "a", "b")
			c.Qos(1, false)
			c.Consume(q, "c")
			if t.In(Only310) {
				c.Lines(1)
				c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
				t.Check("the next", c.Lines(1), []string{`deliver c 2 "b"`})
				return
			}
			for range 24 {
				c.Send(&wire.BasicReject{DeliveryTag: Expect[*wire.BasicDeliver](c).DeliveryTag, Requeue: true})
			}
			t.Check("the 25th", c.Lines(1), []string{`deliver c 25 redelivered "a"`})
		},
	},
	{
		ID:     "quorum.blame/rejected",
		Title:  "since 4.0 a message that was rejected in a quorum queue counts as delivered in the next one",
		Why:    "x-delivery-count then starts at 1, and the first delivery says redelivered.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "quorum", "quorum")
			t.Publish("", h.from, "m")
			h.fail(&wire.BasicReject{})
			t.Check("first", h.at.withDelivery(1), ByRelease(t,
				From(Only310, []string{`deliver c 1 "m"`}),
				From(Only40, []string{`deliver c 1 redelivered "m" x-delivery-count 1`}),
				From(Only43, []string{`deliver c 1 redelivered "m" x-acquired-count 1 x-delivery-count 1`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				From(Before43, []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				From(Only43, []string{`deliver c 2 redelivered "m" x-acquired-count 1 x-delivery-count 2`})))
		},
	},
	{
		ID:     "quorum.blame/nacked",
		Title:  "on 4.3 a message that was nacked is not to blame, unlike one that was rejected",
		Why:    "basic.nack gives back, and basic.reject complains.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "quorum", "quorum")
			t.Publish("", h.from, "m")
			h.fail(&wire.BasicNack{})
			t.Check("first", h.at.withDelivery(1), ByRelease(t,
				From(Releases{Release310, Release43}, []string{`deliver c 1 "m"`}),
				From(Only40, []string{`deliver c 1 redelivered "m" x-delivery-count 1`})))
			h.at.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				From(Before43, []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				From(Only43, []string{`deliver c 2 redelivered "m" x-acquired-count 1`})))
		},
	},
	{
		ID:     "quorum.blame/several-failures",
		Title:  "all failures of a message go on with it on 4.3, and the last one in 4.0",
		Why:    "A count in a dead letter queue may start higher than 1.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "quorum", "quorum")
			t.Publish("", h.from, "m")
			h.fail(&wire.BasicReject{Requeue: true})
			h.fail(&wire.BasicNack{Requeue: true})
			h.fail(&wire.BasicReject{})
			t.Check("first", h.at.withDelivery(1), ByRelease(t,
				From(Only310, []string{`deliver c 1 "m"`}),
				From(Only40, []string{`deliver c 1 redelivered "m" x-delivery-count 1`}),
				From(Only43, []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				From(Before43, []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				From(Only43, []string{`deliver c 2 redelivered "m" x-acquired-count 1 x-delivery-count 3`})))
		},
	},
	{
		ID:     "quorum.blame/classic-source",
		Title:  "on 4.3 classic queues remember failures, too, and tell quorum queues of them",
		Why:    "Moving one queue of a chain changes the counts of the next.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "classic", "quorum")
			t.Publish("", h.from, "m")
			h.fail(&wire.BasicReject{Requeue: true})
			h.fail(&wire.BasicReject{})
			t.Check("first", h.at.withDelivery(1), ByRelease(t,
				From(Before43, []string{`deliver c 1 "m"`}),
				From(Only43, []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
		},
	},
	{
		ID:     "quorum.blame/classic-target",
		Title:  "on 4.3 the first delivery of a dead letter that was rejected says redelivered from a classic queue, too, unless a consumer waits",
		Why:    "Programs that treat redelivered messages as suspect see rejected ones so.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "classic", "classic")
			t.Publish("", h.from, "m")
			h.fail(&wire.BasicReject{})
			t.Check("with a consumer", h.at.withDelivery(1), []string{`deliver c 1 "m"`})
			Call[*wire.BasicCancelOk](h.at, &wire.BasicCancel{ConsumerTag: "c"})
			t.Publish("", h.from, "n")
			h.fail(&wire.BasicReject{})
			h.c.CheckCounts("stored", h.to, Counts{Ready: 1})
			t.Check("without", h.c.Get(h.to), ByRelease(t,
				From(Before43, `get-ok 3 left 0 "n"`),
				From(Only43, `get-ok 3 left 0 redelivered "n"`)))
		},
	},
	{
		ID:     "quorum.blame/channel-closed",
		Title:  "a consumer that went away counts as a failure that goes on with the message since 4.0",
		Why:    "The message may have killed it.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "quorum", "quorum")
			t.Publish("", h.from, "m")
			c := h.r.Channel()
			Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: h.from})
			c.Close()
			h.c.CheckCounts("came back", h.from, Counts{Ready: 1})
			h.fail(&wire.BasicReject{})
			t.Check("first", h.at.withDelivery(1), ByRelease(t,
				From(Only310, []string{`deliver c 1 "m"`}),
				From(Only40, []string{`deliver c 1 redelivered "m" x-delivery-count 2`}),
				From(Only43, []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
		},
	},
	{
		ID:     "quorum.blame/delivery-limit",
		Title:  "on 4.3 a message that failed up to its limit takes its count along",
		Why:    "The limit of the next queue may then be reached at once.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "quorum", "quorum", wire.Field{Key: "x-delivery-limit", Value: int32(1)})
			t.Publish("", h.from, "m")
			h.fail(&wire.BasicReject{Requeue: true})
			h.fail(&wire.BasicReject{Requeue: true})
			t.Check("first", h.at.withDelivery(1), ByRelease(t,
				From(Before43, []string{`deliver c 1 "m"`}),
				From(Only43, []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				From(Before43, []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				From(Only43, []string{`deliver c 2 redelivered "m" x-acquired-count 1 x-delivery-count 3`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 2, Requeue: true})
			t.Check("third", h.at.withDelivery(1), ByRelease(t,
				From(Before43, []string{`deliver c 3 redelivered "m" x-delivery-count 2`}),
				From(Only43, []string{`deliver c 3 redelivered "m" x-acquired-count 2 x-delivery-count 4`})))
		},
	},
}

// hops is a queue whose dead letters go to a second one, which is consumed from.
type hops struct {
	t    *T
	r    *Raw
	c    *RawChannel
	from string
	to   string
	at   *RawChannel // the consumer of the second queue
}

// newHops declares queues of those types; the arguments are the first one's.
func newHops(t *T, from, to string, arguments ...wire.Field) *hops {
	t.Helper()
	h := &hops{t: t, r: t.Raw(), from: t.QueueName("from"), to: t.QueueName("to")}
	h.c = h.r.Channel()
	h.c.Queue(h.to, argument("x-queue-type", to)...)
	h.c.Queue(h.from, append(append(argument("x-queue-type", from), deadLetterTo(h.to)...), arguments...)...)
	h.at = h.r.Channel()
	h.at.Consume(h.to, "c")
	return h
}

// fail takes the message from the first queue and gives it back by that method, whose tag it fills in.
func (h *hops) fail(how wire.Method) {
	h.t.Helper()
	h.c.CheckCounts("there", h.from, Counts{Ready: 1})
	ok := Call[*wire.BasicGetOk](h.c, &wire.BasicGet{Queue: h.from})
	switch how := how.(type) {
	case *wire.BasicReject:
		how.DeliveryTag = ok.DeliveryTag
	case *wire.BasicNack:
		how.DeliveryTag = ok.DeliveryTag
	}
	h.c.Send(how)
}

// withDelivery takes n deliveries, each as text and with the headers that count deliveries.
func (c *RawChannel) withDelivery(n int) []string {
	c.raw.t.Helper()
	all := make([]string, n)
	for i := range all {
		command := c.Next()
		all[i] = command.String()
		if command.Header == nil {
			continue
		}
		for _, key := range []string{"x-acquired-count", "x-delivery-count"} {
			if value, ok := command.Header.Properties.Headers.Get(key); ok {
				all[i] += fmt.Sprintf(" %s %v", key, value)
			}
		}
	}
	return all
}
