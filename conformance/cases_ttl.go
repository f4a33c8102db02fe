package conformance

import (
	"strconv"

	"github.com/minirabbit/minirabbit/wire"
)

var ttlCases = []Case{
	{
		ID:     "ttl/lower-wins",
		Title:  "of x-message-ttl and a message's expiration the lower counts",
		Why:    "Queues bound what publishers ask for, and publishers may ask for less.",
		Source: pageTTL,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c := t.Raw().Channel()
				short, long := t.QueueName(kind+"-short"), t.QueueName(kind+"-long")
				c.Queue(short, queueType(kind), messageTTL(100))
				c.Queue(long, queueType(kind), messageTTL(3600_000))
				for _, q := range []string{short, long} {
					c.PublishWith(&wire.BasicPublish{RoutingKey: q}, expiring(map[string]string{short: "3600000", long: "100"}[q]), "expires")
				}
				c.passes("300")
				c.CheckCounts(kind+", the queue's", short, Counts{})
				c.CheckCounts(kind+", the message's", long, Counts{})
				t.Publish("", long, "stays")
				c.CheckCounts(kind+", neither", long, Counts{Ready: 1})
			}
		},
	},
	{
		ID:     "ttl/at-the-head",
		Title:  "a message that is due goes when it is at the head, and is not delivered from there",
		Why:    "Counts include messages that nobody will ever get.",
		Source: pageTTL + "#per-message-ttl-caveats",
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind))
				for i, ms := range []string{"3600000", "100", "3600000"} {
					c.PublishWith(&wire.BasicPublish{RoutingKey: q}, expiring(ms), strconv.Itoa(i))
				}
				c.passes("300")
				c.CheckCounts(kind+" behind the head", q, Counts{Ready: 3})
				t.Check(kind+" delivered", c.Drain(q), []string{"0", "2"})
			}
		},
	},
	{
		ID:     "ttl/zero",
		Title:  "with a time of 0 a message is delivered at once or not at all",
		Why:    "It is what is left of basic.publish's immediate.",
		Source: pageTTL,
		Run: func(t *T) {
			r := t.Raw()
			c, byQueue, byMessage := r.Channel(), t.QueueName("by-queue"), t.QueueName("by-message")
			c.Queue(byQueue, messageTTL(0))
			c.Queue(byMessage)
			publish := func(body string) {
				c.PublishWith(&wire.BasicPublish{RoutingKey: byQueue}, wire.Properties{}, body)
				c.PublishWith(&wire.BasicPublish{RoutingKey: byMessage}, expiring("0"), body)
			}
			publish("nobody waits")
			c.CheckCounts("by queue", byQueue, Counts{})
			c.CheckCounts("by message", byMessage, Counts{})
			for _, q := range []string{byQueue, byMessage} {
				consumer := r.Channel()
				consumer.Consume(q, "c")
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, expiring("0"), "m")
				t.Check("delivered from "+q, consumer.Lines(1), []string{`deliver c 1 "m"`})
				consumer.Send(&wire.BasicAck{DeliveryTag: 1})
				consumer.RoundTrip()
			}
		},
	},
	{
		ID:     "ttl/unacked",
		Title:  "the time runs on while a message is held, and it goes when it comes back",
		Why:    "A retry that comes too late is none.",
		Source: pageTTL,
		Waits:  true,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind), messageTTL(1500))
				t.Publish("", q, "a")
				t.Check(kind+" held", c.Get(q), `get-ok 1 left 0 "a"`)
				c.passes("2000")
				c.Send(&wire.BasicNack{DeliveryTag: 1, Requeue: true})
				c.CheckCounts(kind+" gone", q, Counts{})
				t.Check(kind+" nothing to get", c.Get(q), "get-empty")
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
}
