package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// inequivalentQueue is a case in which a queue is declared twice, and the second declaration is refused with 406.
func inequivalentQueue(what string, first, second wire.QueueDeclare, explanation string) Case {
	return Case{
		ID:     "queue.declare/inequivalent-" + what,
		Title:  "a redeclaration that differs in " + what + " is a 406",
		Why:    "Two programs that disagree about a queue must hear of it at once; libraries match on the text.",
		Source: pageQueues + "#property-equivalence",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			first, second := first, second // runs may be parallel
			first.Queue, second.Queue = q, q
			Call[*wire.QueueDeclareOk](c, &first)
			t.Check("the same again", Call[*wire.QueueDeclareOk](c, &first), &wire.QueueDeclareOk{Queue: "<q>"})
			t.Check("refusal", c.Refused(&second),
				ChannelError(wire.PreconditionFailed, explanation, wire.IDQueueDeclare))
		},
	}
}

var queueDeclareCases = []Case{
	{
		ID:     "queue.declare/reply",
		Title:  "a new queue is reported with its name, no messages and no consumers",
		Why:    "Clients hand this reply to the user as the queue's state.",
		Source: reference + "queue.declare-ok",
		Run: func(t *T) {
			c := t.Raw().Channel()
			ok := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: t.QueueName("q"), Durable: true})
			t.Check("reply", ok, &wire.QueueDeclareOk{Queue: "<q>"})
		},
	},
	{
		ID:     "queue.declare/counts",
		Title:  "a redeclaration counts the messages that are ready and the consumers, not what is unacknowledged",
		Why:    "Back-pressure and tests read a queue's length from this reply.",
		Source: reference + "queue.declare-ok",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b", "c")
			c.CheckCounts("three published", q, Counts{Ready: 3})
			t.Check("one taken", c.Get(q), `get-ok 1 left 2 "a"`)
			c.CheckCounts("one unacknowledged", q, Counts{Ready: 2})
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("delivered", c.Lines(1), []string{`deliver c 2 "b"`})
			c.CheckCounts("two unacknowledged", q, Counts{Ready: 1, Consumers: 1})
			ok := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: q, Durable: true})
			t.Check("active redeclaration", ok, &wire.QueueDeclareOk{Queue: "<q>", MessageCount: 1, ConsumerCount: 1})
		},
	},
	{
		ID:     "queue.declare/server-named",
		Title:  "an empty name makes the broker choose one that starts with amq.gen-",
		Why:    "Reply queues and temporary subscriptions are declared this way.",
		Source: pageQueues + "#server-named-queues",
		Run: func(t *T) {
			c := t.Raw().Channel()
			first := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			second := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			t.Placeholder("first", first)
			t.Placeholder("second", second)
			t.Check("prefix", first[:min(8, len(first))], "amq.gen-")
			t.Check("length", len(first), len("amq.gen-")+22)
			t.Check("the names differ", first != second, true)
			t.Check("passively by its name", Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: first, Passive: true}),
				&wire.QueueDeclareOk{Queue: "<first>"})
		},
	},
	{
		ID:     "queue.declare/server-named-redeclared",
		Title:  "a server-named queue cannot be declared by its name, though it exists",
		Why:    "Recovery code that redeclares all its queues must leave the name of these empty.",
		Source: pageQueues + "#server-named-queues",
		Run: func(t *T) {
			c := t.Raw().Channel()
			name := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			t.Placeholder("name", name)
			t.Check("refusal", c.Refused(&wire.QueueDeclare{Queue: name, Exclusive: true}),
				ChannelError(wire.AccessRefused, "queue name '<name>' contains reserved prefix 'amq.*'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.declare/passive-empty-name",
		Title:  "a passive declaration with an empty name does not mean the queue declared last",
		Why:    "It is the one method where the empty name stands for nothing.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Queue(t.QueueName("q"))
			t.Check("refusal", c.Refused(&wire.QueueDeclare{Passive: true}),
				ChannelError(wire.NotFound, "no queue '' in vhost '/'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.declare/last-declared",
		Title:  "an empty name stands for the queue declared last on the channel, in every method that names a queue but a passive declaration",
		Why:    "Code that declares a server-named queue may go on without looking at the name.",
		Source: reference + "queue.bind.queue",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "direct")
			c.Queue(t.QueueName("other"))
			c.Queue(q)
			c.Bind("", x, "k")
			c.Bind("", x, "") // with both empty, the key is the queue's name too
			c.Publish(x, "k", "by key")
			c.Publish(x, q, "by name")
			t.Check("get", c.Get(""), `get-ok 1 left 1 "by key"`)
			c.Consume("", "c")
			t.Check("consume", c.Lines(1), []string{`deliver c 2 "by name"`})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Exchange: x, RoutingKey: "k"})
			c.Publish(x, "k", "unroutable")
			t.Check("purge", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{}), &wire.QueuePurgeOk{})
			c.Send(&wire.QueueDelete{})
			t.Check("delete", c.Lines(2), []string{"queue.delete-ok{}", "cancel c nowait"})
			t.Check("deleted", c.Refused(&wire.QueueDeclare{Queue: q, Passive: true}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.declare/no-last-declared",
		Title:  "an empty name is an error where no queue has been declared on the channel",
		Why:    "The memory is the channel's own; a mistake must not reach another channel's queue.",
		Source: reference + "queue.bind.queue",
		Run: func(t *T) {
			r := t.Raw()
			r.Channel().Queue(t.QueueName("q"))
			notFound := func(m wire.Method) {
				t.Check(m.ID().String(), r.Channel().Refused(m),
					ChannelError(wire.NotFound, "no previously declared queue", m.ID()))
			}
			notFound(&wire.QueueBind{Exchange: "amq.direct", RoutingKey: "k"})
			notFound(&wire.QueueUnbind{Exchange: "amq.direct", RoutingKey: "k"})
			notFound(&wire.QueuePurge{})
			notFound(&wire.QueueDelete{})
			notFound(&wire.BasicConsume{})
			notFound(&wire.BasicGet{})
		},
	},
	{
		ID:     "queue.declare/nowait",
		Title:  "with no-wait the queue is declared without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "queue.declare.no-wait",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Send(&wire.QueueDeclare{Queue: q, Durable: true, NoWait: true})
			t.Check("no reply", c.RoundTrip(), []string{})
			e := c.Refused(&wire.QueueDeclare{Queue: q, NoWait: true, Durable: true, AutoDelete: true})
			t.Check("an error is sent all the same", e, ChannelError(wire.PreconditionFailed,
				"inequivalent arg 'auto_delete' for queue '<q>' in vhost '/': received 'true' but current is 'false'",
				wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.declare/passive-missing",
		Title:  "a passive declaration of a queue that does not exist is a 404",
		Why:    "This is how code asks whether a queue exists, and it matches on the code.",
		Source: reference + "queue.declare.passive",
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.QueueDeclare{Queue: t.QueueName("q"), Passive: true}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueueDeclare))
		},
	},
	{
		ID:     "queue.declare/passive-ignores-attributes",
		Title:  "a passive declaration compares nothing but the name",
		Why:    "The specification says so, and code that asks passively does not know the attributes.",
		Source: reference + "queue.declare.passive",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			ok := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{
				Queue: q, Passive: true, AutoDelete: true,
				Arguments: wire.Table{{Key: "x-max-length", Value: int32(1)}},
			})
			t.Check("reply", ok, &wire.QueueDeclareOk{Queue: "<q>"})
			ok = Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: q, Passive: true, Exclusive: true})
			t.Check("exclusive", ok, &wire.QueueDeclareOk{Queue: "<q>"})
		},
	},
	inequivalentQueue("durable", wire.QueueDeclare{Durable: true, AutoDelete: true}, wire.QueueDeclare{AutoDelete: true},
		"inequivalent arg 'durable' for queue '<q>' in vhost '/': received 'false' but current is 'true'"),
	inequivalentQueue("auto-delete", wire.QueueDeclare{Durable: true}, wire.QueueDeclare{Durable: true, AutoDelete: true},
		"inequivalent arg 'auto_delete' for queue '<q>' in vhost '/': received 'true' but current is 'false'"),
	inequivalentQueue("several", wire.QueueDeclare{Durable: true, AutoDelete: true},
		wire.QueueDeclare{Arguments: wire.Table{{Key: "x-max-length", Value: int32(1)}}},
		"inequivalent arg 'durable' for queue '<q>' in vhost '/': received 'false' but current is 'true'"),
	{
		ID:     "queue.declare/reserved-name",
		Title:  "names that start with amq. are refused unless the queue exists",
		Why:    "The prefix is the broker's own.",
		Source: reference + "queue.declare.queue",
		Run: func(t *T) {
			r := t.Raw()
			name := "amq." + t.QueueName("q")
			t.Check("declare", r.Channel().Refused(&wire.QueueDeclare{Queue: name, Durable: true}),
				ChannelError(wire.AccessRefused, "queue name 'amq.<q>' contains reserved prefix 'amq.*'", wire.IDQueueDeclare))
			t.Check("passive", r.Channel().Refused(&wire.QueueDeclare{Queue: name, Passive: true}),
				ChannelError(wire.NotFound, "no queue 'amq.<q>' in vhost '/'", wire.IDQueueDeclare))
			t.Check("capitals are not reserved",
				Call[*wire.QueueDeclareOk](r.Channel(), &wire.QueueDeclare{Queue: "AMQ." + name, Exclusive: true}).Queue,
				"AMQ.amq.<q>")
		},
	},
	{
		ID:     "queue.declare/name-of-any-bytes",
		Title:  "a name may be 255 bytes of UTF-8 with any characters; carriage returns and line feeds are dropped",
		Why:    "Generated names hold what their authors had at hand.",
		Source: reference + "queue.declare.queue",
		Run: func(t *T) {
			c := t.Raw().Channel()
			long := t.QueueName("long")
			long += strings.Repeat("é", (255-len(long))/2)
			t.OwnQueue("padded", long)
			t.Check("long", Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: long, Durable: true}).Queue == long, true)
			odd := t.QueueName("odd") + " #*.\t/?"
			t.OwnQueue("odd characters", odd)
			t.Check("odd", Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: odd, Durable: true}).Queue == odd, true)
			lines := t.QueueName("lines")
			t.Check("line ends", Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: "\r\n" + lines + "\r\n", Durable: true}).Queue,
				"<lines>")
		},
	},
	{
		ID:     "queue.declare/auto-delete",
		Title:  "an auto-delete queue goes when its last consumer goes, and not before it has had one",
		Why:    "Temporary queues are cleaned up this way; too early loses messages, never leaks queues.",
		Source: pageQueues + "#temporary-queues",
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			declare := &wire.QueueDeclare{Queue: q, Durable: true, AutoDelete: true}
			Call[*wire.QueueDeclareOk](c, declare)
			c.Publish("", q, "a")
			c.CheckCounts("never consumed", q, Counts{Ready: 1})
			c.Consume(q, "one")
			t.Check("delivered", c.Lines(1), []string{`deliver one 1 "a"`})
			c.Consume(q, "two")
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "nobody"})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "one"})
			c.CheckCounts("one consumer left", q, Counts{Consumers: 1})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "two"})
			t.Check("none left", c.Refused(&wire.QueueDeclare{Queue: q, Passive: true}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDQueueDeclare))

			c = r.Channel()
			Call[*wire.QueueDeclareOk](c, declare)
			c.Consume(q, "c")
			c.Close()
			t.awaitMissing(r, q)
		},
	},
}
