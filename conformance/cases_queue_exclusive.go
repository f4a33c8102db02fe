package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var queueExclusiveCases = []Case{
	{
		ID:     "queue.exclusive/locked",
		Title:  "every method on another connection's exclusive queue is a 405",
		Why:    "An exclusive queue is its connection's own; the error is the channel's, so the other connection goes on.",
		Source: pageQueues + "#exclusive-queues",
		Run: func(t *T) {
			q := t.QueueName("q")
			owner := t.Raw().Channel()
			Call[*wire.QueueDeclareOk](owner, &wire.QueueDeclare{Queue: q, Exclusive: true})
			owner.Bind(q, "amq.direct", q)
			other := t.Raw()
			for _, m := range []wire.Method{
				&wire.QueueDeclare{Queue: q, Exclusive: true},
				&wire.QueueDeclare{Queue: q, Passive: true},
				&wire.QueueBind{Queue: q, Exchange: "amq.direct", RoutingKey: "k"},
				&wire.QueueUnbind{Queue: q, Exchange: "amq.direct", RoutingKey: q},
				&wire.QueuePurge{Queue: q},
				&wire.QueueDelete{Queue: q},
				&wire.BasicConsume{Queue: q},
				&wire.BasicGet{Queue: q},
			} {
				t.Check(describe(m), other.Channel().Refused(m), ChannelError(wire.ResourceLocked, lockedQueue, m.ID()))
			}
		},
	},
	{
		ID:     "queue.exclusive/publish-from-anywhere",
		Title:  "any connection may publish to an exclusive queue",
		Why:    "Replies are sent to the requester's exclusive queue.",
		Source: pageQueues + "#exclusive-queues",
		Run: func(t *T) {
			q := t.QueueName("q")
			owner, other := t.Raw().Channel(), t.Raw().Channel()
			Call[*wire.QueueDeclareOk](owner, &wire.QueueDeclare{Queue: q, Exclusive: true})
			owner.Consume(q, "c")
			other.Publish("", q, "reply")
			t.Check("delivered", owner.Lines(1), []string{`deliver c 1 "reply"`})
		},
	},
	{
		ID:     "queue.exclusive/shared-by-channels",
		Title:  "all channels of the declaring connection may use an exclusive queue",
		Why:    "Exclusiveness is the connection's, not the channel's.",
		Source: pageQueues + "#exclusive-queues",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			first, second := r.Channel(), r.Channel()
			Call[*wire.QueueDeclareOk](first, &wire.QueueDeclare{Queue: q, Exclusive: true})
			first.Close()
			Call[*wire.QueueDeclareOk](second, &wire.QueueDeclare{Queue: q, Exclusive: true})
			second.Consume(q, "c")
			second.Publish("", q, "m")
			t.Check("delivered", second.Lines(1), []string{`deliver c 1 "m"`})
		},
	},
	{
		ID:     "queue.exclusive/inequivalent",
		Title:  "a redeclaration that differs in exclusive is a 405, from the owner too",
		Why:    "The code is 405 and not 406, which clients tell apart.",
		Source: pageQueues + "#property-equivalence",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			Call[*wire.QueueDeclareOk](r.Channel(), &wire.QueueDeclare{Queue: q, Exclusive: true, AutoDelete: true})
			t.Check("owner, not exclusive", r.Channel().Refused(&wire.QueueDeclare{Queue: q, AutoDelete: true}),
				ChannelError(wire.ResourceLocked, lockedQueue, wire.IDQueueDeclare))
			shared := t.QueueName("shared")
			r.Channel().Queue(shared)
			t.Check("shared, as exclusive", r.Channel().Refused(&wire.QueueDeclare{Queue: shared, Durable: true, Exclusive: true}),
				ChannelError(wire.ResourceLocked, strings.ReplaceAll(lockedQueue, "<q>", "<shared>"), wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.exclusive/goes-with-connection",
		Title:  "an exclusive queue is deleted when its connection closes, durable or not",
		Why:    "Clients count on temporary queues not to outlive them.",
		Source: pageQueues + "#exclusive-queues",
		Run: func(t *T) {
			q, d := t.QueueName("q"), t.QueueName("d")
			owner := t.Raw()
			c := owner.Channel()
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: q, Exclusive: true})
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: d, Exclusive: true, Durable: true})
			owner.Close()
			other := t.Raw()
			t.Check("transient", other.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueueDeclare))
			t.Check("durable", other.Channel().Refused(&wire.QueueDeclare{Queue: d, Passive: true}),
				ChannelError(wire.NotFound, "no queue '<d>' in vhost '/'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.exclusive/goes-with-crash",
		Title:  "an exclusive queue is deleted when its connection is lost",
		Why:    "A client that crashed leaves nothing behind.",
		Source: pageQueues + "#exclusive-queues",
		Run: func(t *T) {
			q := t.QueueName("q")
			owner := t.Raw()
			Call[*wire.QueueDeclareOk](owner.Channel(), &wire.QueueDeclare{Queue: q, Exclusive: true})
			owner.Drop()
			t.awaitMissing(t.Raw(), q)
		},
	},
}
