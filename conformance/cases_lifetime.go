package conformance

import (
	"strconv"

	"github.com/minirabbit/minirabbit/wire"
)

// expiring are properties with an expiration only.
func expiring(ms string) wire.Properties {
	return wire.Properties{Flags: wire.HasExpiration, Expiration: ms}
}

func messageTTL(ms int32) wire.Field { return wire.Field{Key: "x-message-ttl", Value: ms} }

func expires(ms int32) wire.Field { return wire.Field{Key: "x-expires", Value: ms} }

// gone is the error for a queue that there is no more.
func gone(queue string) Error {
	return ChannelError(wire.NotFound, "no queue '"+queue+"' in vhost '/'", wire.IDQueueDeclare)
}

// passes waits until what was published on the channel before with that expiration is due.
func (c *RawChannel) passes(expiration string) {
	c.raw.t.Helper()
	clock, end := c.raw.t.QueueName("clock"), c.raw.t.QueueName("clock-end")
	c.Queue(end)
	c.Queue(clock, deadLetterTo(end)...)
	c.PublishWith(&wire.BasicPublish{RoutingKey: clock}, wire.Properties{Flags: wire.HasExpiration, Expiration: expiration}, "tick")
	c.raw.letterboxOnceFull(end).Next()
}

var lifetimeCases = []Case{
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
		ID:     "expires/unused",
		Title:  "a queue with x-expires is deleted when it is not used for so long, with its messages, which are not dead-lettered",
		Why:    "Reply queues go this way; what was in them is nobody's.",
		Source: pageTTL + "#queue-ttl",
		Run: func(t *T) {
			r := t.Raw()
			c, q, dlq := r.Channel(), t.QueueName("q"), t.QueueName("dlq") // classic: a quorum queue looks every few seconds only
			c.Queue(dlq)
			c.Queue(q, append(deadLetterTo(dlq), expires(300))...)
			t.Publish("", q, "publishing is no use")
			c.passes("1000")
			t.Check("unused", r.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}), gone(q))
			c.CheckCounts("dead letters", dlq, Counts{})
		},
	},
	{
		ID:     "expires/use",
		Title:  "a consumer, a declaration and basic.get are use of a queue",
		Why:    "A queue must not go from under who uses it.",
		Source: pageTTL + "#queue-ttl",
		Waits:  true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, expires(3000))
			c.Consume(q, "c")
			c.passes("3500")
			t.Check("consumed", c.Counts(q), Counts{Consumers: 1})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.passes("1500")
			t.Check("cancelled a while ago", c.Get(q), "get-empty")
			c.passes("1500")
			t.Check("got a while ago", c.Counts(q), Counts{})
			c.passes("1500")
			t.Check("declared a while ago", c.Get(q), "get-empty")
			c.passes("5000")
			t.Check("unused", r.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}), gone(q))
		},
	},
}
