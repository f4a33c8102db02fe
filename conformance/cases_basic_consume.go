package conformance

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

var basicConsumeCases = []Case{
	{
		ID:     "basic.consume/server-named",
		Title:  "an empty tag makes the broker choose one that starts with amq.ctag-",
		Why:    "Most clients let the broker choose.",
		Source: reference + "basic.consume.consumer-tag",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			first := c.ConsumeWith(&wire.BasicConsume{Queue: q})
			second := c.ConsumeWith(&wire.BasicConsume{Queue: q})
			t.Placeholder("first", first)
			t.Placeholder("second", second)
			t.Check("prefix", first[:min(9, len(first))], "amq.ctag-")
			t.Check("length", len(first), len("amq.ctag-")+22)
			t.Check("the tags differ", first != second, true)
			c.Publish("", q, "a")
			t.Check("delivered", c.Lines(1), []string{`deliver <first> 1 "a"`})
		},
	},
	{
		ID:     "basic.consume/duplicate-tag",
		Title:  "a tag in use on the channel closes the connection with 530; on another channel it is free",
		Why:    "Tags belong to the channel, and two consumers of one tag could not be told apart.",
		Source: reference + "basic.consume.consumer-tag",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, other := r.Channel(), r.Channel()
			c.Queue(q)
			c.Consume(q, "c")
			other.Consume(q, "c")
			t.Check("refusal", c.Refused(&wire.BasicConsume{Queue: q, ConsumerTag: "c"}),
				ConnectionError(wire.NotAllowed, "attempt to reuse consumer tag 'c'", wire.IDBasicConsume))
		},
	},
	{
		ID:     "basic.consume/tag-free-after-cancel",
		Title:  "a tag is free again once its consumer was cancelled",
		Why:    "Libraries with fixed tags stop and start consumers.",
		Source: reference + "basic.cancel",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "c")
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.Consume(q, "c")
			c.Publish("", q, "a")
			t.Check("delivered", c.Lines(1), []string{`deliver c 1 "a"`})
		},
	},
	{
		ID:     "basic.consume/missing-queue",
		Title:  "consuming from a queue that does not exist is a 404",
		Why:    "Workers that start before the queue exists must hear of it.",
		Source: reference + "basic.consume.queue",
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.BasicConsume{Queue: t.QueueName("q")}),
				ChannelError(wire.NotFound, "no queue '<q>' in vhost '/'", wire.IDBasicConsume))
		},
	},
	{
		ID:     "basic.consume/nowait",
		Title:  "with no-wait the consumer starts without a reply",
		Why:    "A reply that nobody waits for would be taken for the next method's.",
		Source: reference + "basic.consume.no-wait",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Send(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoWait: true})
			c.Publish("", q, "a")
			t.Check("only the delivery", c.Lines(1), []string{`deliver c 1 "a"`})
		},
	},
	{
		ID:     "basic.consume/ok-first",
		Title:  "consume-ok comes before the first delivery, and waiting messages are delivered in order",
		Why:    "A client learns its tag from the reply and could not place an earlier delivery.",
		Source: reference + "basic.consume-ok",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, "a", "b", "c")
			c.Send(&wire.BasicConsume{Queue: q, ConsumerTag: "c"})
			t.Check("order", c.Lines(4), []string{`basic.consume-ok{ConsumerTag: "c"}`, `deliver c 1 "a"`, `deliver c 2 "b"`, `deliver c 3 "c"`})
		},
	},
	{
		ID:     "basic.consume/round-robin",
		Title:  "messages go to a queue's consumers in turn, over channels and connections",
		Why:    "Work is spread evenly by this alone.",
		Source: pageConcepts,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			first, second, third := r.Channel(), r.Channel(), t.Raw().Channel()
			first.Queue(q)
			first.Consume(q, "1")
			second.Consume(q, "2")
			third.Consume(q, "3")
			third.Confirm()
			publisher := t.Raw().Channel()
			publisher.Publish("", q, "a", "b", "c", "d", "e", "f", "g")
			t.Check("first", first.Lines(3), []string{`deliver 1 1 "a"`, `deliver 1 2 "d"`, `deliver 1 3 "g"`})
			t.Check("second", second.Lines(2), []string{`deliver 2 1 "b"`, `deliver 2 2 "e"`})
			t.Check("third", third.Lines(2), []string{`deliver 3 1 "c"`, `deliver 3 2 "f"`})
		},
	},
	{
		ID:     "basic.consume/round-robin-joins-last",
		Title:  "a consumer that joins comes last in turn, and one that leaves is left out",
		Why:    "Tests that expect a certain worker depend on it.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "1")
			c.Consume(q, "2")
			t.Publish("", q, "a")
			t.Check("first", c.Lines(1), []string{`deliver 1 1 "a"`})
			c.Consume(q, "3")
			t.Publish("", q, "b", "c", "d")
			t.Check("joined", c.Lines(3), []string{`deliver 2 2 "b"`, `deliver 1 3 "c"`, `deliver 3 4 "d"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "2"})
			t.Publish("", q, "e", "f")
			t.Check("left", c.Lines(2), []string{`deliver 1 5 "e"`, `deliver 3 6 "f"`})
		},
	},
	{
		ID:     "basic.consume/exclusive-freed",
		Title:  "an exclusive consumer's queue is free again when its channel closes",
		Why:    "The next leader must be able to take over.",
		Source: pageConsumers + "#exclusivity",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, next := r.Channel(), r.Channel()
			c.Queue(q)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Exclusive: true})
			c.Close()
			next.CheckCounts("gone", q, Counts{})
			next.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "next", Exclusive: true})
			t.Publish("", q, "a")
			t.Check("delivered", next.Lines(1), []string{`deliver next 1 "a"`})
		},
	},
	{
		ID:     "basic.consume/round-robin-two-on-a-channel",
		Title:  "two consumers of one channel take turns and share the channel's delivery tags",
		Why:    "Delivery tags count per channel, not per consumer.",
		Source: reference + "basic.deliver.delivery-tag",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "1")
			c.Consume(q, "2")
			c.Publish("", q, "a", "b", "c")
			t.Check("deliveries", c.Lines(3), []string{`deliver 1 1 "a"`, `deliver 2 2 "b"`, `deliver 1 3 "c"`})
		},
	},
	{
		ID:     "basic.consume/no-ack",
		Title:  "with no-ack a delivery is settled as it is sent, and its tag cannot be acknowledged",
		Why:    "Such a consumer trades safety for speed, and its messages never come back.",
		Source: reference + "basic.consume.no-ack",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoAck: true})
			c.Publish("", q, "a", "b")
			t.Check("deliveries", c.Lines(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			t.Check("ack", c.Refused(&wire.BasicAck{DeliveryTag: 1}),
				ChannelError(wire.PreconditionFailed, "unknown delivery tag 1", wire.IDBasicAck))
			t.Check("nothing came back", r.Channel().Drain(q), []string{})
		},
	},
	{
		ID:     "basic.consume/exclusive",
		Title:  "an exclusive consumer keeps others out, and is kept out by others: 403",
		Why:    "Programs use it to elect a leader.",
		Source: pageConsumers + "#exclusivity",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			refused := ChannelError(wire.AccessRefused, "queue '<q>' in vhost '/' in exclusive use", wire.IDBasicConsume)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Exclusive: true})
			t.Check("another", r.Channel().Refused(&wire.BasicConsume{Queue: q}), refused)
			t.Check("another exclusive", t.Raw().Channel().Refused(&wire.BasicConsume{Queue: q, Exclusive: true}), refused)
			t.Check("the queue has one consumer", c.Counts(q), Counts{Consumers: 1})
			t.Check("get is allowed", r.Channel().Get(q), "get-empty")
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.Consume(q, "shared")
			t.Check("exclusive where there is one", r.Channel().Refused(&wire.BasicConsume{Queue: q, Exclusive: true}), refused)
		},
	},
	{
		ID:     "basic.consume/no-local",
		Title:  "no-local is taken and has no effect",
		Why:    "RabbitMQ never implemented it, and a connection sees its own messages.",
		Source: pageErrata,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoLocal: true})
			c.Publish("", q, "own")
			t.Check("delivered", c.Lines(1), []string{`deliver c 1 "own"`})
		},
	},
	{
		ID:     "basic.consume/order",
		Title:  "a consumer gets a thousand messages in the order in which they were published",
		Why:    "Order within a queue is a promise.",
		Source: specification + "4.7 Content Ordering Guarantees",
		Run: func(t *T) {
			c, publisher, q := t.Raw().Channel(), t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "c")
			bodies := numbered("", 1000)
			publisher.Publish("", q, bodies...)
			got := make([]string, len(bodies))
			for i := range got {
				got[i] = string(c.Next().Body)
			}
			t.Check("in order", slices.Equal(got, bodies), true)
		},
	},
	{
		ID:     "basic.consume/self-unbounded",
		Title:  "without a prefetch limit everything is delivered at once",
		Why:    "This is the default, and it lets one worker take all.",
		Source: pagePrefetch,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Publish("", q, numbered("", 300)...)
			c.Consume(q, "c")
			var last Command
			for range 300 {
				last = c.Next()
			}
			t.Check("the last", last.String(), `deliver c 300 "299"`)
			c.CheckCounts("nothing is ready", q, Counts{Consumers: 1})
		},
	},
}
