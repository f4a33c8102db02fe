package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

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

var quorumBlameCases = []Case{
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
				On(UpTo("3.13"), []string{`deliver c 1 "m"`}),
				On(Between("4.0", "4.2"), []string{`deliver c 1 redelivered "m" x-delivery-count 1`}),
				On(Since("4.3"), []string{`deliver c 1 redelivered "m" x-acquired-count 1 x-delivery-count 1`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				On(Since("4.3"), []string{`deliver c 2 redelivered "m" x-acquired-count 1 x-delivery-count 2`})))
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
				On(UpTo("3.13").Or(Since("4.3")), []string{`deliver c 1 "m"`}),
				On(Between("4.0", "4.2"), []string{`deliver c 1 redelivered "m" x-delivery-count 1`})))
			h.at.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				On(Since("4.3"), []string{`deliver c 2 redelivered "m" x-acquired-count 1`})))
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
				On(UpTo("3.13"), []string{`deliver c 1 "m"`}),
				On(Between("4.0", "4.2"), []string{`deliver c 1 redelivered "m" x-delivery-count 1`}),
				On(Since("4.3"), []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				On(Since("4.3"), []string{`deliver c 2 redelivered "m" x-acquired-count 1 x-delivery-count 3`})))
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
				On(UpTo("4.2"), []string{`deliver c 1 "m"`}),
				On(Since("4.3"), []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
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
				On(UpTo("4.2"), `get-ok 3 left 0 "n"`),
				On(Since("4.3"), `get-ok 3 left 0 redelivered "n"`)))
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
				On(UpTo("3.13"), []string{`deliver c 1 "m"`}),
				On(Between("4.0", "4.2"), []string{`deliver c 1 redelivered "m" x-delivery-count 2`}),
				On(Since("4.3"), []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
		},
	},
	{
		ID:     "quorum.blame/delivery-limit",
		Title:  "on 4.3 a message that failed up to its limit takes its count along",
		Why:    "The limit of the next queue may then be reached at once.",
		Source: measured,
		Run: func(t *T) {
			h := newHops(t, "quorum", "quorum", deliveryLimit(1))
			t.Publish("", h.from, "m")
			h.fail(&wire.BasicReject{Requeue: true})
			h.fail(&wire.BasicReject{Requeue: true})
			t.Check("first", h.at.withDelivery(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 1 "m"`}),
				On(Since("4.3"), []string{`deliver c 1 redelivered "m" x-acquired-count 2 x-delivery-count 2`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Check("second", h.at.withDelivery(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 2 redelivered "m" x-delivery-count 1`}),
				On(Since("4.3"), []string{`deliver c 2 redelivered "m" x-acquired-count 1 x-delivery-count 3`})))
			h.at.Send(&wire.BasicReject{DeliveryTag: 2, Requeue: true})
			t.Check("third", h.at.withDelivery(1), ByRelease(t,
				On(UpTo("4.2"), []string{`deliver c 3 redelivered "m" x-delivery-count 2`}),
				On(Since("4.3"), []string{`deliver c 3 redelivered "m" x-acquired-count 2 x-delivery-count 4`})))
		},
	},
}
