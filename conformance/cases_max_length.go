package conformance

import (
	"fmt"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// confirms publishes numbered bodies of ten bytes on a channel in confirm mode and gives the confirms.
func (c *RawChannel) confirms(queue string, from, n int) []string {
	c.raw.t.Helper()
	all := []string{}
	for i := range n {
		c.Publish("", queue, fmt.Sprintf("message %02d", from+i))
		all = append(all, c.Lines(1)...)
		c.heard(queue)
	}
	return all
}

// gotConsumers is how many consumers a queue counts for n messages that were got and are not acknowledged: quorum queues
// count each as one.
func gotConsumers(kind string, n uint32) uint32 {
	if kind == "quorum" {
		return n
	}
	return 0
}

func waitingConfirm(how string) string {
	if how == "reject-publish" {
		return "nack 1 multiple"
	}
	return "ack 1"
}

var maxLengthCases = []Case{
	{
		ID:     "max-length/drop-head",
		Title:  "a queue over its length drops what is at its head, and confirms everything",
		Why:    "It is the default, and publishers hear nothing of it.",
		Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c := t.Raw().Channel()
				q := t.limited(c, kind, maxLength(3))
				c.Confirm()
				t.Check(kind+" confirms", c.confirms(q, 0, 5), []string{"ack 1", "ack 2", "ack 3", "ack 4", "ack 5"})
				c.CheckCounts(kind, q, Counts{Ready: 3})
				t.Check(kind+" left", c.Drain(q), []string{"message 02", "message 03", "message 04"})
			}
		},
	},
	{
		ID:     "max-length/bytes",
		Title:  "x-max-length-bytes counts bodies; in 4.3 a quorum queue counts properties, too",
		Why:    "A limit of bytes bounds memory.",
		Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c := t.Raw().Channel()
				q := t.limited(c, kind, wire.Field{Key: "x-max-length-bytes", Value: int32(30)})
				c.Confirm()
				t.Check(kind+" confirms", c.confirms(q, 0, 5), []string{"ack 1", "ack 2", "ack 3", "ack 4", "ack 5"})
				left := []string{"message 02", "message 03", "message 04"}
				if kind == "quorum" && t.In(Since("4.3")) {
					left = left[1:]
				}
				c.CheckCounts(kind, q, Counts{Ready: uint32(len(left))})
				t.Check(kind+" left", c.Drain(q), left)
			}
		},
	},
	{
		ID:     "max-length/larger-than-all",
		Title:  "a message larger than x-max-length-bytes empties the queue, itself included",
		Why:    "One large message costs all others.",
		Source: measured,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c := t.Raw().Channel()
				q := t.limited(c, kind, wire.Field{Key: "x-max-length-bytes", Value: int32(12)})
				c.Confirm()
				t.Check(kind+" confirms", c.confirms(q, 0, 1), []string{"ack 1"})
				c.Publish("", q, "more than twelve bytes")
				t.Check(kind+" large", c.Lines(1), []string{"ack 2"})
				c.CheckCounts(kind, q, Counts{})
			}
		},
	},
	{
		ID:     "max-length/unacked",
		Title:  "only ready messages count against the limits; what comes back over them is dropped from the head",
		Why:    "Slow consumers do not shrink a queue, until they fail.",
		Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				r := t.Raw()
				c, holder := r.Channel(), r.Channel()
				q := t.limited(c, kind, maxLength(2))
				t.Publish("", q, "a", "b")
				t.Check(kind+" held", []string{holder.Get(q), holder.Get(q)}, []string{`get-ok 1 left 1 "a"`, `get-ok 2 left 0 "b"`})
				t.Publish("", q, "c", "d", "e")
				c.CheckCounts(kind+" ready", q, Counts{Ready: 2, Consumers: gotConsumers(kind, 2)})
				holder.Send(&wire.BasicNack{DeliveryTag: 2, Multiple: true, Requeue: true})
				c.CheckCounts(kind+" all back", q, Counts{Ready: 2})
				want := []string{"d", "e"}
				if kind == "quorum" && t.In(UpTo("3.13")) {
					want = []string{"a", "b"} // they go to the back
				}
				t.Check(kind+" left", c.Drain(q), want)
			}
		},
	},
	{
		ID:     "max-length/reject-publish",
		Title:  "with reject-publish a full queue refuses what is published; a quorum queue takes one more than its limit",
		Why:    "Publishers with confirms learn that they are too fast.",
		Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c := t.Raw().Channel()
				q := t.limited(c, kind, maxLength(2), overflow("reject-publish"))
				c.Confirm()
				if kind == "classic" {
					t.Check(kind, c.confirms(q, 0, 4), []string{"ack 1", "ack 2", "nack 3 multiple", "nack 4 multiple"})
				} else {
					t.Check(kind, c.confirms(q, 0, 4), []string{"ack 1", "ack 2", "ack 3", "nack 4 multiple"})
				}
				c.Drain(q)
				t.Check(kind+" once it is empty", c.confirms(q, 4, 1), []string{"ack 5"})
			}
		},
	},
	{
		ID:     "max-length/reject-publish-bytes",
		Title:  "reject-publish heeds x-max-length-bytes as well",
		Why:    "Either limit may be the one that is reached.",
		Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c := t.Raw().Channel()
				q := t.limited(c, kind, wire.Field{Key: "x-max-length-bytes", Value: int32(30)}, overflow("reject-publish"))
				c.Confirm()
				want := []string{"ack 1", "ack 2", "ack 3", "nack 4 multiple", "nack 5 multiple"}
				if kind == "quorum" && t.In(UpTo("4.2")) {
					want[3] = "ack 4"
				}
				t.Check(kind, c.confirms(q, 0, 5), want)
			}
		},
	},
	{
		ID:     "max-length/reject-publish-unacked",
		Title:  "what comes back to a queue with reject-publish stays, over the limit",
		Why:    "Nothing that was taken is lost.",
		Source: measured,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				r := t.Raw()
				c, holder := r.Channel(), r.Channel()
				q := t.limited(c, kind, maxLength(1), overflow("reject-publish"))
				t.Publish("", q, "a")
				t.Check(kind+" held", holder.Get(q), `get-ok 1 left 0 "a"`)
				t.Publish("", q, "b")
				holder.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
				c.CheckCounts(kind+" over the limit", q, Counts{Ready: 2})
				c.Confirm()
				t.Check(kind+" full", c.confirms(q, 0, 1), []string{"nack 1 multiple"})
			}
		},
	},
	{
		ID:     "max-length/refused-by-one-of-several",
		Title:  "a message that one of its queues refuses is confirmed negatively, and is in the others",
		Why:    "Whoever resends it must expect duplicates.",
		Source: pageMaxLength,
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			full, roomy := t.limited(c, "classic", maxLength(0), overflow("reject-publish")), t.QueueName("roomy")
			c.Queue(roomy)
			c.Exchange(x, "fanout")
			c.Bind(full, x, "")
			c.Bind(roomy, x, "")
			c.Confirm()
			c.Publish(x, "", "a")
			t.Check("confirm", c.Lines(1), []string{"nack 1 multiple"})
			c.CheckCounts("refused", full, Counts{})
			c.CheckCounts("taken", roomy, Counts{Ready: 1})
		},
	},
	{
		ID:     "max-length/mandatory",
		Title:  "a mandatory message that its queue refuses is not returned: it was routed",
		Why:    "Return and negative confirm mean different things.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := t.limited(c, "classic", maxLength(0), overflow("reject-publish"))
			c.Confirm()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, "a")
			t.Check("confirm", c.Lines(1), []string{"nack 1 multiple"})
		},
	},
	{
		ID:     "max-length/waiting-consumer",
		Title:  "a consumer that waits gets what a queue of length 0 would drop or refuse",
		Why:    "Such a queue passes on to those who are there.",
		Source: measured,
		Run: func(t *T) {
			for _, how := range []string{"drop-head", "reject-publish"} {
				r := t.Raw()
				c, q := r.Channel(), t.QueueName(how)
				c.Queue(q, maxLength(0), overflow(how))
				c.Consume(q, "c")
				publisher := r.Channel()
				publisher.Confirm()
				publisher.Publish("", q, "a")
				t.Check(how, publisher.Lines(1), []string{ByRelease(t, On(AllReleases, waitingConfirm(how)))})
				if how == "drop-head" {
					t.Check(how+" delivery", c.Lines(1), []string{`deliver c 1 "a"`})
				}
				t.Check(how+" nothing more", c.Fence(q), []string{})
			}
		},
	},
	{
		ID:     "max-length/quorum-reject-publish-dlx",
		Title:  "a quorum queue takes reject-publish-dlx and drops its head",
		Why:    "RabbitMQ has it for classic queues only, and does not say so.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c, dlq := r.Channel(), t.QueueName("dlq")
			c.Queue(dlq)
			q := t.limited(c, "quorum", append(deadLetterTo(dlq), maxLength(1), overflow("reject-publish-dlx"))...)
			c.Confirm()
			t.Check("confirms", c.confirms(q, 0, 2), []string{"ack 1", "ack 2"})
			c.CheckCounts("queue", q, Counts{Ready: 1})
			t.Check("letter", r.letterboxOnceFull(dlq).Lines(1)[0][:8], "deliver ")
		},
	},
	{
		ID:     "max-length/quorum-each-publisher",
		Title:  "a quorum queue that refuses does so to publishers that it knows; one that comes when it is not over its limit is heard",
		Why:    "It tells publishers when it goes over its limit, and when it is down to four fifths of it.",
		Source: pageMaxLength,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := t.limited(c, "quorum", maxLength(3), overflow("reject-publish"))
			publish := func(label string, p *RawChannel, want ...string) {
				t.Helper()
				got := []string{}
				for range want {
					p.Publish("", q, "m")
					got = append(got, strings.Fields(p.Lines(1)[0])[0])
					p.heard(q)
				}
				t.Check(label, got, want)
			}
			confirming := func() *RawChannel {
				p := r.Channel()
				Call[*wire.ConfirmSelectOk](p, &wire.ConfirmSelect{})
				return p
			}
			known, over := confirming(), confirming()
			publish("to the limit and one more", known, "ack", "ack", "ack", "ack", "nack")
			publish("new, over the limit", over, "nack")
			get := func() { Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: q}) }
			get()
			publish("at the limit", known, "nack")
			publish("known, at the limit", over, "nack")
			publish("new, at the limit", confirming(), "ack", "nack")
			get()
			get()
			publish("below", known, "ack", "ack")
			publish("over again", over, "nack")
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
}
