package conformance

import (
	"github.com/minirabbit/minirabbit/wire"
)

var firehoseCases = []Case{
	{
		ID: "firehose/published", Title: "what is published is copied to amq.rabbitmq.trace under publish.EXCHANGE, and tells of it and of where it went",
		Why: "Operators see who sends what.", Source: pageFirehose, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			f.c.Queue("a")
			f.c.Queue("b")
			f.c.Bind("a", "amq.topic", "k.#")
			f.c.Bind("b", "amq.topic", "k.l")
			publish := func(label, exchange, key string, p wire.Properties) {
				f.c.PublishWith(&wire.BasicPublish{Exchange: exchange, RoutingKey: key}, p, label)
				f.expect(label, 1)
			}
			publish("without properties", "amq.topic", "k.m", wire.Properties{})
			publish("nowhere", "amq.topic", "nowhere", wire.Properties{})
			publish("to a queue", "", "a", persistent())
			publish("to no queue", "", "nowhere", wire.Properties{})
			p := allProperties(t)
			publish("all properties", "amq.topic", "k.m", p)
			publish("CC and BCC", "amq.topic", "x", headers(keys("CC", "k.a"), keys("BCC", "k.b")))
		},
	},
	{
		ID: "firehose/delivered", Title: "what is delivered or got is copied under deliver.QUEUE, and tells whether it came before",
		Why: "Operators see who gets what.", Source: pageFirehose, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			for _, kind := range notStream {
				f.c.Queue(kind, queueType(kind))
				f.c.Publish("", kind, "got")
				f.expect(kind+" published", 1)
				f.c.CheckCounts(kind+" there", kind, Counts{Ready: 1})
				f.c.Get(kind)
				f.expect(kind+" got", 1)
				f.c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
				f.c.RoundTrip()
				consumer := f.channel()
				consumer.Consume(kind, "c")
				consumer.Lines(1)
				f.expect(kind+" delivered again", 1)
				consumer.Send(&wire.BasicAck{DeliveryTag: 1})
				consumer.Close()
				f.c.Close()
				f.c = f.channel()
			}
		},
	},
	{
		ID: "firehose/dead-letter", Title: "what the broker publishes itself, dead letters, is not copied as published; its delivery is",
		Why: "What operators see is what clients do.", Source: measured, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			f.c.Queue("dead")
			f.c.Queue("q", deadLetterTo("dead")...)
			f.c.Publish("", "q", "m")
			f.expect("published", 1)
			f.c.reject("q")
			f.expect("got", 1)
			consumer := f.channel()
			consumer.Consume("dead", "c")
			t.unrecorded(func() {
				consumer.Lines(1)
				Expect[*wire.BasicDeliver](f.traces) // whose headers hold the time of death
			})
			f.c.Publish("", "nowhere", "last")
			f.expect("next", 1)
		},
	},
	{
		ID: "firehose/off", Title: "without tracing nothing is copied; a copy is not copied again; clients may not publish to the exchange",
		Why: "Tracing costs, and must end.", Source: pageFirehose, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			f.c.Queue("q")
			f.c.Publish("", "q", "traced")
			f.expect("on", 1)
			f.trace(false)
			other := f.channel()
			other.Confirm()
			other.Publish("", "q", "not traced")
			other.Lines(1)
			t.Observe("off", f.traces.RoundTrip())
			f.trace(true)
			other = f.channel()
			other.Publish("", "q", "traced again")
			f.expect("on again", 1)
			t.Observe("the exchange", t.answer(f.c, &wire.ExchangeDeclare{Exchange: "amq.rabbitmq.trace", Type: "topic", Durable: true, Internal: true}))
			other.Publish("amq.rabbitmq.trace", "publish.x", "forged")
			t.Observe("published to it", other.Error())
		},
	},
	{
		ID: "firehose/transaction", Title: "what a transaction publishes is copied when it is published, whether it commits or not",
		Why: "A copy does not tell that there was a message.", Source: measured, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			f.c.Queue("q")
			Call[*wire.TxSelectOk](f.c, &wire.TxSelect{})
			f.c.Publish("", "q", "rolled back")
			Call[*wire.TxRollbackOk](f.c, &wire.TxRollback{})
			f.c.Publish("", "q", "committed")
			Call[*wire.TxCommitOk](f.c, &wire.TxCommit{})
			other := f.channel()
			other.Publish("", "q", "last")
			for last := false; !last; {
				command := f.traces.Next()
				last = string(command.Body) == "last"
			}
		},
	},
	{
		ID: "firehose/reply", Title: "a direct reply is copied as published, and on 4.3 as delivered to the requester, too",
		Why: "Operators look for a reply that did not arrive.", Source: pageFirehose, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			requester, server := f.channel(), f.channel()
			requester.ConsumeWith(&wire.BasicConsume{Queue: "amq.rabbitmq.reply-to", ConsumerTag: "r", NoAck: true})
			server.Queue("requests")
			requester.PublishWith(&wire.BasicPublish{RoutingKey: "requests"}, wire.Properties{Flags: wire.HasReplyTo, ReplyTo: "amq.rabbitmq.reply-to"}, "ask")
			f.expect("the request", 1)
			server.Send(&wire.BasicGet{Queue: "requests", NoAck: true})
			got := server.Next()
			f.expect("is got", 1)
			server.Publish("", got.Header.Properties.ReplyTo, "answer")
			Expect[*wire.BasicDeliver](requester)
			f.expect("the reply", ByRelease(t, On(UpTo("4.1"), 1), On(Since("4.2"), 2)))
			server.PublishWith(&wire.BasicPublish{RoutingKey: "z"}, headers(keys("CC", "requests", "a", "z")), "copies")
			f.expect("copies", 1)
		},
	},
}
